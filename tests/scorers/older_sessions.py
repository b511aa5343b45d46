"""The older system's own sessions, imported: what it computed on them is computed again, to the last digit."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from sage_edge.legacy import import_folder
from sage_edge.names import Track
from sage_edge.records import legacy
from sage_edge.records.dialogue import Dialogue, Exchange
from sage_edge.scorers import Scorer
from tests.legacy import papers


@functools.lru_cache(maxsize=2)
def sessions(track: Track) -> Mapping[int, Dialogue]:
    """Return the sessions of a track by their number, or skip where the older system's files are not here."""
    read = map(legacy.dialogue, import_folder.plan(papers.real("sage/raising")).papers.values())
    return {one.number: one for one in read if one.track == track and one.standing == "session" and one.number}


def answers(first: int, last: int) -> list[tuple[int, Exchange]]:
    """Return the answers of the primary sessions from one number to another, each with its session's number."""
    return [(number, one) for number in range(first, last + 1) for one in sessions("primary")[number].answers]


def exercises(first: int, last: int) -> list[tuple[int, Exchange]]:
    """Return the exercises of the training sessions from one number to another, with their numbers."""
    held = sessions("training")
    return [
        (number, one) for number in range(first, last + 1) for one in held[number].answers if one.kind == "exercise"
    ]


def mean(scorer: Scorer, number: int, quantity: str) -> float:
    """Return the plain mean of a quantity over one session of the scorer's track."""
    marks = scorer.score(sessions(scorer.tracks[0])[number], ())[quantity]
    return sum(mark.value for mark in marks) / len(marks)


def means(scorer: Scorer, number: int, *quantities: str) -> list[float]:
    """Return the means of several quantities over one session."""
    return [mean(scorer, number, quantity) for quantity in quantities]


def rows(table: str) -> list[list[str]]:
    """Return a printed table as words, line by line."""
    return [line.split() for line in table.strip().splitlines()]


def numbers(words: Sequence[str]) -> list[float]:
    """Return printed numbers."""
    return [float(word) for word in words]
