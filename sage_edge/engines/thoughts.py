"""What a model thinks before it answers, told apart from the answer: `<think>…</think>` and its like.

A block may be opened by the prompt itself, stand anywhere in the reply, and lack its end where a limit came first; an
end that nothing opened closes what stands before it, as the makers' templates take it.
"""

from __future__ import annotations

from typing import NamedTuple

MARKS = {"<think>": "</think>", "<thinking>": "</thinking>", "[THINK]": "[/THINK]"}
"""What opens a block → what closes it."""


class PartedReply(NamedTuple):
    """A reply in its two parts. thinking: None where nothing was thought."""

    answer: str
    thinking: str | None


def is_mark(text: str) -> bool:
    """Whether a text opens or closes a block."""
    return text in MARKS or text in MARKS.values()


def open_at_the_end(markup: str) -> str | None:
    """Return what closes the block that a prompt leaves open for the reply, or None."""
    return next((close for mark, close in MARKS.items() if markup.rstrip().endswith(mark)), None)


def parted(text: str, closes: str | None = None) -> PartedReply:
    """Return answer and thoughts of a whole reply. closes: what closes a block that was open before the reply began."""
    answer, thinking = list[str](), list[str]()
    while text:
        if closes is not None:
            thought, _, text = text.partition(closes)
            thinking.append(thought)
            closes = None
        elif (first := _first_mark(text)) is None:
            answer.append(text)
            break
        else:
            before, _, text = text.partition(first)
            closes = MARKS.get(first)
            (thinking if closes is None else answer).append(before)
            if closes is None:  # nothing opened it: all that was said so far was thought
                thinking[:0], answer = answer, []
    blocks = [stripped for block in thinking if (stripped := block.strip())]
    return PartedReply("".join(answer).strip(), "\n\n".join(blocks) or None)


def _first_mark(text: str) -> str | None:
    """Return the mark that comes first, the longest of those at one place."""
    places = [(text.find(mark), -len(mark), mark) for pair in MARKS.items() for mark in pair if mark in text]
    return min(places)[2] if places else None
