"""Which kind of session a paper is: by its id, its shape, its folder and its name; never by its number alone.

    T024, L018, C004, X002, R14B_010          the letter says it; R14B and its like are experiments on a larger model
    exercises, {probe, response}              the shape of what is asked
    latent_exploration/, conversations/       the nearest folder that says a kind
    autonomous_s018, exploration_e02          the nearest word before the number that says one

A primary session is what none of these contradicts: a plain number, `session_021`, `S021` or `P021`, among sessions.
The kinds and their letters are those of fleet/curriculum/kinds.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from sage_edge.names import Track

LETTERS: Mapping[str, Track] = {"T": "training", "L": "probe", "C": "conversation", "X": "experiment"}
"""Letter of an id → kind; S and P are of the primary series, or of a conversation about it."""

WORDS: Mapping[str, Track] = {
    **dict.fromkeys(("latent", "probe", "probes"), "probe"),
    **dict.fromkeys(
        ("autonomous", "conversation", "conversations", "dialogue", "dialogues", "chat", "chats"),
        "conversation",
    ),
    "training": "training",
    **dict.fromkeys(
        ("experiment", "experiments", "experimental", "exploration", "explorations", "replication", "replications"),
        "experiment",
    ),
}
"""Word of a folder, or before a number → kind. The first of them counts: `latent_exploration` holds probes."""

_PRIMARY = frozenset({"", "SESSION", "PRIMARY", "S", "P"})
_LARGER = re.compile(r"R\d+B")
_BETWEEN = re.compile(r"[^A-Za-z0-9]+")
_OF_INSTANCE = "instances"


def letter(track: Track | None) -> str:
    """Return the letter of a kind; S, as the older system wrote it, for the primary one and for no kind."""
    return next((letter for letter, kind in LETTERS.items() if kind == track), "S")


def of_prefix(prefix: str) -> Track | None:
    """Return the kind that stands before the number of an id, in capitals; None for a primary or an unknown one."""
    return "experiment" if _LARGER.fullmatch(prefix) else LETTERS.get(prefix) or WORDS.get(prefix.lower())


def is_plain(prefix: str) -> bool:
    """Whether nothing stands before the number that another kind than the primary one has."""
    return prefix in _PRIMARY


def of_words(words: Iterable[str]) -> Track | None:
    """Return the kind of the first word that says one."""
    return next((WORDS[word] for word in map(str.lower, words) if word in WORDS), None)


def of_name(before: str) -> Track | None:
    """Return the kind that what stands before the number in a file's name says; the nearest word counts.

    before: all of the name, where it has no number.
    """
    return of_words(reversed(_BETWEEN.split(before)))


def of_folders(folders: Sequence[str]) -> Track | None:
    """Return the kind that the nearest folder says. An instance's own folder says a machine and a model, no kind."""
    kinds = (
        _of_folder(folder, folders[:place])
        for place, folder in reversed(list(enumerate(folders)))
        if place == 0 or folders[place - 1].lower() != _OF_INSTANCE
    )
    return next(filter(None, kinds), None)


def _of_folder(folder: str, around: Sequence[str]) -> Track | None:
    """`training` holds training sessions below `tracks` or `instances`; elsewhere weights may be trained there."""
    kind = of_words(_BETWEEN.split(folder))
    is_known = kind != "training" or not {"tracks", _OF_INSTANCE}.isdisjoint(map(str.lower, around))
    return kind if is_known else None
