"""A cache is brought up to date with its source: what is new is read, what is gone is forgotten, the rest stays.

    1. groups whose stamp differs are listed; entries whose stamp differs are new, entries no longer there are forgotten
    2. new files are read in the order of their names and measured on the guess that this is the order of sessions
    3. where a session came or went the order is settled, and a session that does not follow those that were guessed is
       measured again
    4. only then the groups' new stamps are kept

Each step is kept as it is done, so a run that was cut off is continued by the next one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sage_edge.analysis.corpus import session_order
from sage_edge.analysis.corpus.cache import Cache, Place, raw, text
from sage_edge.analysis.corpus.registry import Registry
from sage_edge.analysis.corpus.scoring import Job, Outcome, Scored, jobs, perform_all
from sage_edge.analysis.corpus.session_order import Settled
from sage_edge.analysis.corpus.sources import Entry, Group, Source, in_order

Progress = Callable[[int, int], None]
"""Hears how many files are done, and of how many."""

Redo = Mapping[int, tuple[int, ...]]
"""Paper → the scorers (places in the registry) that must measure it again."""


@dataclass
class Refresh:
    """One bringing up to date, by whoever holds the right to write. workers: processes at most."""

    source: Source
    cache: Cache
    registry: Registry
    workers: int = 1
    progress: Progress | None = None

    def run(self) -> None:
        """Do it. Raises sqlite3.Error, SageError."""
        fresh = self.registry.enrol(self.cache)
        known = {group.key: group for group in self._known()}
        now = {group.key: group for group in self.source.groups(known, self.cache.turn())}
        changed = [group for key, group in now.items() if key not in known or known[key].stamp != group.stamp]
        gone = [key for key in known if key not in now]
        if changed or gone:
            self._take(changed, gone)
        if changed or gone or fresh or self.cache.rows("SELECT 1 FROM touched LIMIT 1"):
            self._settle(fresh)
        differing = [group for key, group in now.items() if known.get(key) != group]
        if changed or gone or fresh or differing:
            with self.cache.batch():
                self.cache.all("DELETE FROM touched", [()])
                self.cache.all("DELETE FROM groups WHERE key = ?", ((raw(key),) for key in gone))
                rows = ((raw(group.key), group.stamp, group.hint) for group in differing)
                self.cache.all("INSERT OR REPLACE INTO groups VALUES (?, ?, ?)", rows)
                self.registry.note_complete(self.cache)

    def _known(self) -> Iterator[Group]:
        for key, stamp, hint in self.cache.rows("SELECT key, stamp, hint FROM groups"):
            yield Group(text(key), stamp, hint)

    def _take(self, changed: Sequence[Group], gone: Iterable[str]) -> None:
        listed = in_order(self.source.entries(changed))
        kept = [
            place
            for key in (*gone, *(group.key for group in changed))
            for place in self.cache.places("grp = ?", raw(key))
        ]
        still = set(listed)
        with self.cache.batch():
            self.cache.forget(place for place in kept if place.entry not in still)
            self.registry.note_incomplete_for_others(self.cache)
        everything = tuple(range(len(self.registry.scorers)))
        new = dict.fromkeys(still.difference(place.entry for place in kept), everything)
        self._measure(list(jobs(listed, new, still, self.registry.span)), len(new), again=False)

    def _settle(self, fresh: Collection[int]) -> None:
        open_chains = dict(session_order.touched(self.cache))
        if any(self.registry.scorers[place].context for place in fresh):
            open_chains = dict(session_order.chains(self.cache))
        with self.cache.batch():
            stretches = [
                session_order.settle(self.cache, chain, first, self.registry.span)
                for chain, first in open_chains.items()
            ]
        redo: defaultdict[int, set[int]] = defaultdict(set)
        for place in fresh:
            for no in self.registry.unmeasured(self.cache, place):
                redo[no].add(place)
        for stretch in stretches:
            for place, no in self.registry.out_of_context(self.cache, stretch):
                redo[no].add(place)
        if redo:
            self._redo({no: tuple(sorted(places)) for no, places in redo.items()}, stretches)

    def _redo(self, redo: Redo, stretches: Sequence[Settled]) -> None:
        todo: list[Job] = []
        left = dict(redo)
        for stretch in stretches:
            order = {no: self._entry(no) for no in (*stretch.lead, *(one.no for one in stretch.placed))}
            remembered = {order[no] for no in stretch.lead} | {order[one.no] for one in stretch.placed if one.counts}
            wanted = {entry: left.pop(no) for no, entry in order.items() if no in left}
            todo += jobs(list(order.values()), wanted, remembered, self.registry.span)
        others = {self._entry(no): places for no, places in left.items()}
        todo += jobs(list(others), others, set(), 0)
        self._measure(todo, len(redo), again=True)

    def _entry(self, paper: int) -> Entry:
        return self.cache.places("paper = ?", paper)[0].entry

    def _measure(self, todo: Sequence[Job], files: int, *, again: bool) -> None:
        done = 0
        for outcomes in perform_all(self.source, self.registry.scorers, todo, self.workers):
            with self.cache.batch():
                self._keep(outcomes, again=again)
            done += len(outcomes)
            if self.progress is not None:
                self.progress(done, files)

    def _keep(self, outcomes: Sequence[Outcome], *, again: bool) -> None:
        scored = [one for one in outcomes if isinstance(one, Scored)]
        papers = self.cache.numbers(one.row[0] for one in scored)
        new = {one.row[0]: (one.row, one.answers) for one in scored if one.row[0] not in papers}
        papers |= self.cache.add(list(new.values()))
        numbers = self.registry.numbers
        # a known paper that lies at one more place was measured on a guess now, and is settled already
        measured = scored if again else [one for one in scored if one.row[0] in new]
        self.cache.keep_scores(
            (numbers[mark.scorer], papers[one.row[0]], mark.context, mark.marks)
            for one in measured
            for mark in one.scores
        )
        self.cache.keep_places(Place(one.entry, papers[one.row[0]], None) for one in scored)
        refusals = (one for one in outcomes if not isinstance(one, Scored))
        self.cache.keep_places(Place(entry, None, refusal.reason) for entry, refusal in refusals)
