"""What a model thinks before it answers, told apart from the answer: `<think>…</think>` and its like.

One rule for what a model says now and for what was stored of one. A block begins where an answer, or a line of it,
begins: in the middle of a line its mark is a word like others, as in a sentence about marks, and so is the end that
belongs to it. The first block may lack its end, where a limit came first; a later one without an end is no block,
because that would take the rest of an answer for thought. A block may be opened by the prompt itself: an end that
nothing opened closes what stands before it, as the makers' templates take it, unless it is quoted in backticks. What is
left behind the thoughts may stand in a frame of its own, which is no word of the answer either.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable
from typing import NamedTuple

from sage_edge.records import channels

MARKS = {
    **{
        f"<{word}>": f"</{word}>" for word in ("think", "thinking", "thought", "reasoning", *("seed:think", "mm:think"))
    },
    "[THINK]": "[/THINK]",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|start_thinking|>": "<|end_thinking|>",
    "<|channel>thought": "<channel|>",
    "\u25c1think\u25b7": "\u25c1/think\u25b7",
}
"""What opens a block → what closes it. Those that begin with `<` are known in capitals as well.

Source: the chat templates of Qwen3, DeepSeek-R1, EXAONE Deep, Seed-OSS, MiniMax, Magistral, Sky-T1, Command A
Reasoning, Gemma 4 and Kimi-VL-Thinking.
"""

_FRAMES = {
    "<|start_response|>": "<|end_response|>",
    "<|start_text|>": "<|end_text|>",
    "<|begin_of_solution|>": "<|end_of_solution|>",
    "<answer>": "</answer>",
}
"""What stands around an answer behind thoughts. Source: Command A Reasoning, Sky-T1, and what R1 was trained with."""


def _lower(mark: str) -> str:
    return mark.lower() if mark.startswith("<") else mark


def _spelt(mark: str) -> str:
    return f"(?i:{re.escape(mark)})" if mark.startswith("<") else re.escape(mark)


_MARK = re.compile(
    rf"(?P<indent>^[^\S\n]*)?(?P<sign>{'|'.join(_spelt(mark) for pair in MARKS.items() for mark in pair)})",
    re.MULTILINE,
)
_ENDS = {mark: re.compile(_spelt(end)) for mark, end in MARKS.items()}
_BLANK = re.compile(r"\s*")
_FRAMED = [
    re.compile(rf"{_spelt(opens)}((?:(?!{_spelt(closes)}).)*)(?:{_spelt(closes)})?", re.DOTALL)
    for opens, closes in _FRAMES.items()
]


class PartedReply(NamedTuple):
    """A reply in its two parts. thinking: None where nothing was thought."""

    answer: str
    thinking: str | None


def is_mark(text: str) -> bool:
    """Whether a text opens or closes a block."""
    return _lower(text) in MARKS or _lower(text) in MARKS.values()


def open_at_the_end(markup: str) -> str | None:
    """Return what closes the block that a prompt leaves open for the reply, or None."""
    end = markup.rstrip()
    return next((close for mark, close in MARKS.items() if _lower(end[-len(mark) :]) == mark), None)


def parted(text: str, closes: str | None = None) -> PartedReply:
    """Return answer and thoughts of a whole reply. closes: what closes a block that was open before the reply began."""
    if (in_channels := channels.parted(text)) is not None:
        return PartedReply(in_channels[0], _joined(in_channels[1]))
    parting = _Parting(text)
    if closes is not None:
        parting.begin_within(closes)
    while (mark := _MARK.search(text, parting.sought)) is not None:
        parting.take(mark)
    answer = "".join((*parting.answer, text[parting.at :])).strip()
    return PartedReply(_unframed(answer) if parting.thinking else answer, _joined(parting.thinking))


def _joined(blocks: Iterable[str]) -> str | None:
    return "\n\n".join(stripped for block in blocks if (stripped := block.strip())) or None


def _unframed(answer: str) -> str:
    """Return an answer without the frame in which all of it stands."""
    framed = next((whole for frame in _FRAMED if (whole := frame.fullmatch(answer))), None)
    return answer if framed is None else framed[1].strip()


class _Parting:
    """A reply that is being read, in time that grows with its length whatever it holds.

    at: where the piece of the answer begins that is being read; word: the first in it that is no blank. sought: up to
    where marks were looked for. open_words: ends that belong to marks which are words. endless: marks that no end
    follows any more.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.answer, self.thinking = list[str](), deque[str]()
        self._is_said, self._open_words, self._endless = False, Counter[str](), set[str]()
        self._go_on(0)

    def _go_on(self, place: int) -> None:
        self.at = self.sought = place
        blank = _BLANK.match(self._text, place)
        self._word = blank.end() if blank else place

    def begin_within(self, closes: str) -> None:
        """Take what stands before an end for thought, all of it where that is missing."""
        end = re.search(_spelt(closes), self._text)
        self.thinking.append(self._text[: end.start() if end else None])
        self._go_on(end.end() if end else len(self._text))

    def take(self, mark: re.Match[str]) -> None:
        """Take the next mark for what it is."""
        sign, self.sought = mark["sign"], mark.end()
        sign = _lower(sign)
        if sign in MARKS:
            self._open(sign, mark)
        elif self._open_words[sign]:
            self._open_words[sign] -= 1
        elif not self._is_quoted(mark):
            self._close_all(mark)

    def _open(self, sign: str, mark: re.Match[str]) -> None:
        is_next = mark.start("sign") == self._word
        end = self._end(sign) if is_next or mark["indent"] is not None else None
        if end is None and (self._is_said or not is_next):
            self._open_words[MARKS[sign]] += 1
            return
        self.answer.append(self._text[self.at : mark.start()])
        self._is_said = self._is_said or not is_next
        self.thinking.append(self._text[self.sought : end.start() if end else None])
        self._go_on(end.end() if end else len(self._text))

    def _end(self, sign: str) -> re.Match[str] | None:
        end = None if sign in self._endless else _ENDS[sign].search(self._text, self.sought)
        if end is None:
            self._endless.add(sign)
        return end

    def _close_all(self, mark: re.Match[str]) -> None:
        """Take all that was said so far for thought: nothing opened this end."""
        self.thinking.extendleft(reversed(self.answer))
        self.thinking.append(self._text[self.at : mark.start("sign")])
        self.answer, self._is_said, self._open_words = [], False, Counter()
        self._go_on(mark.end())

    def _is_quoted(self, mark: re.Match[str]) -> bool:
        start, end = mark.span("sign")
        return self._text[max(start - 1, 0) : start] == self._text[end : end + 1] == "`"
