"""Which of many phrases a text contains, in one pass over its words instead of one search for each phrase.

A phrase without white space that stands in a text stands inside one of its words, and words come again and again: which
phrases a word can hold is remembered from text to text. A longer phrase is looked for only where a word was met that
can be its longest part. What is remembered never changes a result, only its cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

REMEMBERED = 50_000
"""Words that are remembered before all are forgotten."""

LONGEST = 40
"""Characters of a word that is worth remembering; longer ones are searched afresh each time."""


def listed(phrases: str) -> tuple[str, ...]:
    """Return the phrases of a text that separates them by ` | `, in order."""
    return tuple(phrases.split(" | "))


class Lexicon:
    """A set of phrases, each lower-case and with something in it beside white space."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._parts: dict[str, list[str]] = {}
        for phrase in sorted(set(phrases)):
            self._parts.setdefault(max(phrase.split(), key=len), []).append(phrase)
        self._whole = frozenset(part for part, phrases in self._parts.items() if part in phrases)
        self._barren: set[str] = set()
        self._fertile: dict[str, tuple[str, ...]] = {}

    def found(self, lower: str, words: Set[str]) -> frozenset[str]:
        """Return the phrases that are substrings of a lower-case text, whose distinct words are given."""
        possible: set[str] = set()
        unknown: list[str] = []
        for word in words - self._barren:
            held = self._fertile.get(word)
            if held is None:
                unknown.append(word)
            else:
                possible.update(held)
        if unknown:
            self._learn(unknown, possible)
        return frozenset([phrase for phrase in possible if phrase in self._whole or phrase in lower])

    def _learn(self, words: list[str], possible: set[str]) -> None:
        """Add the phrases that these words may hold, and remember which word holds which."""
        if len(self._barren) + len(self._fertile) > REMEMBERED:
            self._barren.clear()
            self._fertile.clear()
        together = " ".join(words)
        parts = [part for part in self._parts if part in together]
        for word in words:
            held = tuple(
                [phrase for part in parts if part in word for phrase in self._parts[part] if _fits(phrase, part, word)]
            )
            possible.update(held)
            if len(word) > LONGEST:
                continue
            if held:
                self._fertile[word] = held
            else:
                self._barren.add(word)


def _fits(phrase: str, part: str, word: str) -> bool:
    """True if the word, which contains this part of a phrase, begins or ends with it where white space stands there."""
    before, _, after = phrase.partition(part)
    return (not before[-1:].isspace() or word.startswith(part)) and (not after[:1].isspace() or word.endswith(part))
