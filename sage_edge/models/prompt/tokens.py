"""A prompt as tokens: markup is markup only where the template wrote it.

The prompt is cut at the special tokens of its markup, and at nothing else; what lies between, markup and words
together, is tokenised as plain text, as the model's own tokeniser does. Text in a message that reads like a special
token stays text. A vocabulary may hold tokens that it finds in plain text too ("user defined"): where the template uses
such a one as markup, its text in a message is cut in two, so that it is never that token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sage_edge.models.prompt.prompt_text import PromptText

TokenisePlain = Callable[[str], Sequence[int]]
"""Returns the tokens of plain text: no special token, whatever it reads like."""


@dataclass(frozen=True)
class MarkerToken:
    """A special token. in_plain: it is found in plain text as well. before, after: it swallows white space there."""

    token: int
    in_plain: bool = False
    before: bool = False
    after: bool = False


def is_marker(text: str, template: str, *, in_plain: bool) -> bool:
    """Whether a special token may be markup. in_plain: it is found in plain text as well.

    Such a one is a piece of a word like any other, unless the template names it.
    """
    return bool(text) and not (in_plain and (len(text.strip()) < 2 or text not in template))


class PromptTokens:
    """Turns prompts into tokens. markers: text → token, for each that may be markup."""

    def __init__(self, markers: Mapping[str, MarkerToken], tokenise: TokenisePlain) -> None:
        self._markers, self._tokenise = dict(markers), tokenise
        self._marker = _any_of(self._markers)
        self._in_plain = _any_of([text for text, marker in self._markers.items() if marker.in_plain])
        self._kept: dict[str, tuple[int, ...]] = {}

    def ids(self, prompt: PromptText) -> list[int]:
        """Return the token ids of a prompt."""
        ids: list[int] = []
        at, text = 0, prompt.text
        for begin, end, marker in self._found(prompt):
            ids += self._plain(text[at:begin].rstrip() if marker.before else text[at:begin])
            ids.append(marker.token)
            at = end + (len(text[end:]) - len(text[end:].lstrip()) if marker.after else 0)
        return [*ids, *self._plain(text[at:])]

    def sign_in(self, text: str) -> str | None:
        """Return the first text of a special token that stands in a text, or None."""
        mark = self._marker.search(text) if self._marker is not None else None
        return mark[0] if mark is not None else None

    def _found(self, prompt: PromptText) -> Iterator[tuple[int, int, MarkerToken]]:
        """Yield where a special token of the markup begins and ends."""
        if self._marker is None:
            return
        begin = 0
        for words_begin, words_end in (*prompt.words, (len(prompt.text), 0)):
            for mark in self._marker.finditer(prompt.text, begin, words_begin):
                yield *mark.span(), self._markers[mark[0]]
            begin = words_end

    def _plain(self, text: str) -> Sequence[int]:
        if not text:
            return ()
        if text not in self._kept:
            self._kept[text] = tuple(token for piece in self._pieces(text) for token in self._tokenise(piece))
        return self._kept[text]

    def _pieces(self, text: str) -> Iterator[str]:
        """Yield a text cut behind the first sign of whatever would become a special token in it."""
        at = 0
        while self._in_plain is not None and (mark := self._in_plain.search(text, at)) is not None:
            yield text[at : mark.start() + 1]
            at = mark.start() + 1
        yield text[at:]


def _any_of(texts: Sequence[str] | Mapping[str, MarkerToken]) -> re.Pattern[str] | None:
    longest_first = sorted(texts, key=lambda text: (-len(text), text))
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
