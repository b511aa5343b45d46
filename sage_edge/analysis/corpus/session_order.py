"""The order of sessions: which of them count, and which ones each of them follows.

Sessions of a host and a track are ordered by their number. A number that two papers claim counts for neither of them,
until one is taken away. Dry runs and experiments follow sessions, but no session follows them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sage_edge.analysis.corpus.cache import Cache
from sage_edge.analysis.corpus.scoring import context_of

Chain = tuple[str, str]
"""Host and track."""


@dataclass(frozen=True)
class Placed:
    """One paper in its chain: whether it counts, and the seals of the last sessions before it, oldest first."""

    no: int
    counts: bool
    before: tuple[str, ...]

    def context(self, span: int) -> bytes:
        """The name of the context in which a scorer that looks back at `span` sessions measures it."""
        return context_of(self.before[-span:])


@dataclass(frozen=True)
class Settled:
    """A chain in order from a number on. lead: the last papers before that number which count, oldest first."""

    chain: Chain
    first: int
    lead: tuple[int, ...]
    placed: tuple[Placed, ...]


def touched(cache: Cache) -> Mapping[Chain, int]:
    """Return the lowest number of each chain from which on the order is not settled."""
    found = cache.rows("SELECT host, track, min(number) FROM touched GROUP BY host, track")
    return {(host, track): number for host, track, number in found}


def chains(cache: Cache) -> Mapping[Chain, int]:
    """Return the lowest number of every chain."""
    found = cache.rows(
        "SELECT host, track, min(number) FROM papers WHERE track IS NOT NULL AND number IS NOT NULL"
        " GROUP BY host, track"
    )
    return {(host, track): number for host, track, number in found}


def settle(cache: Cache, chain: Chain, first: int, span: int) -> Settled:
    """Put a chain in order from a number on, and write down which papers count. Within a batch."""
    before = cache.rows(
        "SELECT no, seal FROM papers WHERE host = ? AND track = ? AND number < ? AND counts = 1"
        " ORDER BY number DESC LIMIT ?",
        *chain, first, span,
    )[::-1]  # fmt: skip
    listed = cache.rows(
        "SELECT no, seal, number, standing, counts FROM papers WHERE host = ? AND track = ? AND number >= ?"
        " ORDER BY number, started, seal",
        *chain, first,
    )  # fmt: skip
    placed = tuple(_placed(listed, deque((seal for _, seal in before), maxlen=span)))
    held = {no: bool(counts) for no, _, _, _, counts in listed}
    cache.all("UPDATE papers SET counts = ? WHERE no = ?", ((p.counts, p.no) for p in placed if held[p.no] != p.counts))
    return Settled(chain, first, tuple(no for no, _ in before), placed)


def _placed(listed: Iterable[Sequence[Any]], last: deque[str]) -> Iterator[Placed]:
    for _, group in groupby(listed, key=lambda row: row[2]):
        claimants = list(group)
        sessions = [row for row in claimants if row[3] == "session"]
        before = tuple(last)
        for row in claimants:
            yield Placed(row[0], len(sessions) == 1 and row is sessions[0], before)
        if len(sessions) == 1:
            last.append(sessions[0][1])
