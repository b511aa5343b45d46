"""A text as words, and as runs of words: what it is compared by.

A word is a run of word characters of plain text, with single apostrophes inside it: `don't`, `42`, `straße`.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable

from sage_edge.scorers.text import normalize

WORD = r"\w+(?:'\w+)*"

SHINGLE = 4
"""Words in a run, as `runs` cuts them. Source: A. Broder, On the resemblance and containment of documents (1997)."""

RULES = {"word": WORD, "shingle": SHINGLE, "plain": normalize.RULES}

Run = tuple[str, ...]

_KEPT = {**{sign: sign.lower() for sign in map(chr, range(128)) if sign.isalnum()}, "'": "'", "`": "'"}
_SEPARATED = bytes(ord(_KEPT.get(chr(code), " ")) for code in range(128)) + b" " * 128
_COMMON = (("’", "'"), ("‘", "'"), *((sign, " ") for sign in "“”–—…•"))
_WORD = re.compile(WORD)


@functools.lru_cache(maxsize=normalize.REMEMBERED)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, in order."""
    folded = text if text.isascii() else _ascii(text)
    if not folded.isascii():
        return tuple(_WORD.findall(normalize.plain(text)))
    separated = folded.encode().translate(_SEPARATED).decode()
    if "'" in separated and _has_loose_apostrophe(separated):
        return tuple(_WORD.findall(separated))
    return tuple(separated.split())


def _has_loose_apostrophe(text: str) -> bool:
    """True if an apostrophe does not stand between two characters of a word."""
    pieces = text.split("'")
    return any(
        not left or not right or left[-1] == " " or right[0] == " " for left, right in itertools.pairwise(pieces)
    )


def _ascii(text: str) -> str:
    """The same words in ASCII, where only common signs stand in the way."""
    for written, compared in _COMMON:
        if written in text:
            text = text.replace(written, compared)
    return text


@functools.lru_cache(maxsize=normalize.REMEMBERED)
def vocabulary(text: str) -> frozenset[str]:
    """Return the different words of a text."""
    return frozenset(words(text))


@functools.lru_cache(maxsize=normalize.REMEMBERED)
def pieces(text: str) -> frozenset[str]:
    """Return the words of a text and their parts at apostrophes: all that a pattern bounded by words can find in it."""
    whole = vocabulary(text)
    return whole.union(*[word.split("'") for word in whole if "'" in word])


@functools.lru_cache(maxsize=normalize.REMEMBERED)
def shingles(text: str) -> frozenset[int]:
    """Return the different runs of SHINGLE words of a text, each as its hash, which says nothing outside this process.

    A shorter text is one run; one without words is none.
    """
    return frozenset(map(hash, runs(text)))


def runs(text: str) -> Iterable[Run]:
    """Return the runs of SHINGLE words of a text, in order."""
    all_words = words(text)
    if len(all_words) <= SHINGLE:
        return [all_words] if all_words else []
    return zip(all_words[:-3], all_words[1:-2], all_words[2:-1], all_words[3:], strict=True)
