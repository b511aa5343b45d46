"""What one must know before believing a corpus: everything that was refused, contradicts itself or is odd."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sage_edge.analysis.corpus.cache import Cache
from sage_edge.analysis.corpus.sources import Refused, one_line
from sage_edge.analysis.corpus.transcript_reader import BACKWARDS
from sage_edge.records.dialogue import Dialogue


@dataclass(frozen=True)
class Problem:
    """place: a file, or a session. what: one printable sentence."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def refused(cache: Cache) -> Iterator[Refused]:
    """Yield the files that were refused."""
    for place in cache.places("paper IS NULL"):
        yield Refused(place.entry.place, one_line(place.reason or ""))


def doubled(cache: Cache) -> Iterator[Problem]:
    """Yield the files that hold what another one holds."""
    first: dict[int, str] = {}
    for place in cache.places("paper IS NOT NULL"):
        name, paper = place.entry.place, place.paper or 0
        if paper in first:
            yield Problem(name, f"it is the same paper as {first[paper]}, and counts once")
        first.setdefault(paper, name)


def of_sessions(sessions: Sequence[Dialogue]) -> Iterator[Problem]:
    """Yield what sessions say that cannot be. sessions: in order of number within host and track."""
    claims: defaultdict[tuple[object, ...], list[Dialogue]] = defaultdict(list)
    chains: defaultdict[tuple[object, ...], list[Dialogue]] = defaultdict(list)
    for one in sessions:
        if BACKWARDS in one.remarks:
            yield Problem(name(one), "its times run backwards")
        if one.standing == "session" and one.number is None:
            yield Problem(name(one), "it has no number, so it has no place among the sessions")
        elif one.standing == "session":
            claims[one.host, one.track, one.number].append(one)
            chains[one.host, one.track].append(one)
    for claimants in claims.values():
        if len(claimants) > 1:
            seals = " and ".join(one.seal.short for one in claimants)
            yield Problem(
                name(claimants[0]), f"{len(claimants)} papers claim this number ({seals}); none of them counts"
            )
    for chain in chains.values():
        for one, other in pairwise(chain):
            if one.started and other.started and other.started < one.started:
                yield Problem(name(other), f"it began before {one_line(one.label)}, which has the lower number")


def name(one: Dialogue) -> str:
    """Return what a session is called: its label and its host."""
    return one_line(f"{one.label} of {one.host}")
