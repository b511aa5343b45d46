"""One prompt as text, and where in it the words of each message stand.

The template is rendered twice: with a placeholder for each content, which shows what is markup, and with the contents
themselves. Each content must stand there once, whole, in order; white space around it may go, as many templates trim.

    placeholders   <turn>user ①<end><turn>model ②<end> …      →  markup: what lies between
    real           <turn>user Hello<end><turn>model Hi<end> …    must be the markup with the contents in it

The two may differ in one way only: text inside a content that looks like markup, as `</think>`, and makes the template
do something. Then its words are put where the placeholder stood, for they are words and no markup. Whether nothing else
is at work shows the same conversation without such text. Anything else is TemplateUnfaithful: no prompt at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from sage_edge.models.errors import TemplateUnfaithful
from sage_edge.models.prompt.template import ChatTemplate, Conversation

Render = Callable[[Conversation], str]

_PLACE = re.compile("\ue000(\\d+)\ue001")
_MARKUP = re.compile(r"<[^\s<>]{1,80}>|\[/?[A-Z][A-Z_]{1,40}\]|<<\S{1,40}>>")
"""What looks like markup: signs in angle brackets without a space, capitals in square ones."""


@dataclass(frozen=True)
class PromptText:
    """A prompt. words: for each message the begin and the end of its words in `text`; all else is markup."""

    text: str
    words: tuple[tuple[int, int], ...]

    @property
    def markup(self) -> tuple[str, ...]:
        """What stands before, between and after the words: one piece more than there are messages."""
        ends = [0, *(place for span in self.words for place in span), len(self.text)]
        return tuple(self.text[begin:end] for begin, end in zip(ends[::2], ends[1::2], strict=True))


def rendered(template: ChatTemplate, talk: Conversation, *, for_answer: bool = True) -> PromptText:
    """Return the prompt for a conversation; not for_answer: what was said alone, as a model is trained on it.

    Raises TemplateUnfaithful with the reason.
    """
    render = partial(template.render, for_answer=for_answer)
    markup = _markup(render, talk)
    shown = _shown(render(talk), markup, [text for _, text in talk])
    if shown is None:
        shown = _shown_as_words(render, talk, markup)
    return _joined(markup, shown)


def looks_like_markup(text: str) -> bool:
    """Whether any part of a text looks like markup, so that a template may well look for it."""
    return _MARKUP.search(text) is not None


def _markup(render: Render, talk: Conversation) -> list[str]:
    """Return what the template puts before, between and after the contents."""
    text = render([(role, f"\ue000{number}\ue001") for number, (role, _) in enumerate(talk)])
    places = list(_PLACE.finditer(text))
    order = [int(place[1]) for place in places]
    for number, (role, _) in enumerate(talk):
        if order.count(number) != 1:
            how = "left out" if number not in order else "told more than once"
            raise TemplateUnfaithful(f"message {number + 1} of {len(talk)}, the {role}'s, is {how}")
    if order != sorted(order):
        raise TemplateUnfaithful("what was said comes in another order")
    ends = [0, *(end for place in places for end in place.span()), len(text)]
    return [text[begin:end] for begin, end in zip(ends[::2], ends[1::2], strict=True)]


def _shown(real: str, markup: Sequence[str], texts: Sequence[str]) -> list[str] | None:
    """Return each text as it stands in the real rendering, trimmed perhaps; None if it is not the markup with them."""
    if not real.startswith(markup[0]):
        return None
    at, shown = len(markup[0]), list[str]()
    for text, after in zip(texts, markup[1:], strict=True):
        for trimmed in _trimmed(text):
            if real.startswith(trimmed, at) and real.startswith(after, at + len(trimmed)):
                shown.append(trimmed)
                at += len(trimmed) + len(after)
                break
        else:
            return None
    return shown if at == len(real) else None


def _trimmed(text: str) -> list[str]:
    """Return a text as templates may trim it, the longest first."""
    ways = {strip(text, sign) for strip in (str.strip, str.lstrip, str.rstrip) for sign in (None, "\n")}
    return sorted({text, *ways}, key=len, reverse=True)


def _shown_as_words(render: Render, talk: Conversation, markup: Sequence[str]) -> list[str]:
    """Return the texts as they stand once what looks like markup in them is no reason for anything."""
    plain = [(role, _plain(text)) for role, text in talk]
    texts = [text for _, text in plain]
    shown = None if texts == [text for _, text in talk] else _shown(render(plain), markup, texts)
    if shown is None:
        raise TemplateUnfaithful("it changes what was said, or does something else because of it")
    return [
        text[(cut := plain_text.find(kept)) : cut + len(kept)]
        for (_, text), plain_text, kept in zip(talk, texts, shown, strict=True)
    ]


def _plain(text: str) -> str:
    """Return a text of the same length without what looks like markup."""
    while looks_like_markup(text):
        text = _MARKUP.sub(lambda mark: "x" * len(mark[0]), text)
    return text


def _joined(markup: Sequence[str], shown: Sequence[str]) -> PromptText:
    pieces = [markup[0]]
    for text, after in zip(shown, markup[1:], strict=True):
        pieces += [text, after]
    ends = [0]
    for piece in pieces:
        ends.append(ends[-1] + len(piece))
    return PromptText("".join(pieces), tuple(pairwise(ends))[1::2])
