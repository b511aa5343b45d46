"""Which scorers a corpus is measured by, and what the cache has of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sage_edge.analysis.corpus.cache import Cache
from sage_edge.analysis.corpus.scoring import name_of
from sage_edge.analysis.corpus.session_order import Settled
from sage_edge.scorers.base import Scorer


@dataclass
class Registry:
    """The scorers, and under which numbers the cache knows them once they are enrolled."""

    scorers: Sequence[Scorer]
    numbers: tuple[int, ...] = field(default=(), init=False)

    @property
    def span(self) -> int:
        """How many sessions any of them looks back at."""
        return max((one.context for one in self.scorers), default=0)

    def enrol(self, cache: Cache) -> tuple[int, ...]:
        """Number the scorers; return the places of those that have not measured every paper yet."""
        names = [name_of(one) for one in self.scorers]
        known = _known(cache)
        unknown = [name for name in names if name not in known]
        if unknown:
            with cache.batch():
                for name in unknown:
                    rules_before = [no for other, (no, _) in known.items() if other.split()[0] == name.split()[0]]
                    cache.all("DELETE FROM scores WHERE scorer = ?", ((no,) for no in rules_before))
                    cache.all("DELETE FROM scorers WHERE no = ?", ((no,) for no in rules_before))
                    cache.all("INSERT INTO scorers (name, complete) VALUES (?, 0)", [(name,)])
            known = _known(cache)
        self.numbers = tuple(known[name][0] for name in names)
        return tuple(place for place, name in enumerate(names) if not known[name][1])

    def note_incomplete_for_others(self, cache: Cache) -> None:
        """Other scorers in the cache will not see the papers that come now."""
        listed = ", ".join(map(str, self.numbers))
        cache.all(f"UPDATE scorers SET complete = 0 WHERE no NOT IN ({listed})", [()])  # noqa: S608 - only numbers

    def note_complete(self, cache: Cache) -> None:
        """Our scorers have measured every paper."""
        cache.all("UPDATE scorers SET complete = 1 WHERE no = ?", ((no,) for no in self.numbers))

    def unmeasured(self, cache: Cache, place: int) -> Iterator[int]:
        """Yield the papers that a scorer applies to and has not measured."""
        tracks, number = self.scorers[place].tracks, self.numbers[place]
        for track in tracks:
            for (no,) in cache.rows(
                "SELECT no FROM papers WHERE track = ? AND NOT EXISTS"
                " (SELECT 1 FROM scores WHERE scorer = ? AND paper = no)",
                track, number,
            ):  # fmt: skip
                yield no

    def out_of_context(self, cache: Cache, stretch: Settled) -> Iterator[tuple[int, int]]:
        """Yield (scorer, paper) where a paper was measured after other sessions than it follows, or not at all."""
        for place, scorer in enumerate(self.scorers):
            if scorer.context and stretch.chain[1] in scorer.tracks:
                made_in = dict(
                    cache.rows(
                        "SELECT paper, context FROM papers CROSS JOIN scores ON paper = no"
                        " WHERE host = ? AND track = ? AND number >= ? AND scorer = ?",
                        *stretch.chain, stretch.first, self.numbers[place],
                    )
                )  # fmt: skip
                for one in stretch.placed:
                    if made_in.get(one.no) != one.context(scorer.context):
                        yield place, one.no


def _known(cache: Cache) -> dict[str, tuple[int, int]]:
    return {name: (no, complete) for no, name, complete in cache.rows("SELECT no, name, complete FROM scorers")}
