"""Sentences from word lists: the composition primitives of the seedling's language.

A sentence is plain text with slots. `{noun}` draws from the word list of that name, `{w:noun}` also keeps the draw as
`w`, and a slot that names something kept is filled with it. Word lists may hold slots themselves. Nothing here knows
what is being said.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping

SLOT = re.compile(r"\{(?:(\w+):)?(\w+)\}")
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_SENTENCE_START = re.compile(r"(^|[.!?] )([a-z])")

WordLists = Mapping[str, tuple[str, ...]]


def expand(text: str, kept: MutableMapping[str, str], lists: WordLists, rng: random.Random) -> str:
    """Return `text` with every slot filled; draws named in it are added to `kept`.

    Within one call no list gives the same word twice while it has others. Raises KeyError for a slot that is neither
    kept nor a word list.
    """
    used: set[str] = set()

    def fill(match: re.Match[str]) -> str:
        name, slot = match.groups()
        if name is None and slot in kept:
            return kept[slot]
        options = [word for word in lists[slot] if word not in used] or list(lists[slot])
        drawn = rng.choice(options)
        used.add(drawn)
        value = SLOT.sub(fill, drawn)
        if name is not None:
            kept[name] = value
        return value

    return SLOT.sub(fill, text)


def sentence(text: str) -> str:
    """Return `text` with a capital at the start of every sentence."""
    return _SENTENCE_START.sub(lambda found: found.group(1) + found.group(2).upper(), text)


def slots(text: str) -> Iterator[str]:
    """Yield the word lists or kept names that `text` asks for."""
    for _, slot in SLOT.findall(text):
        yield slot


def words(texts: Iterable[str]) -> frozenset[str]:
    """Return every word of `texts`, in lower case and without the slots; digits and signs are no words."""
    return frozenset(
        word for text in texts for word in WORD.findall(SLOT.sub(" ", text).lower().replace("\u2019", "'"))
    )
