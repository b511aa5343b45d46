"""A corpus: the sessions of a folder or of an exchange, every number of theirs, and what is wrong with them.

    with Corpus.open(Folder.at(path), cache_file, tell=tell) as corpus:
        for host in corpus.hosts:
            series = corpus.of(host).series("identity", 1, "rate", "primary")

Words are read once and dropped: what stays in memory is a header of each session, and only once it is asked for.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import Self

from sage_edge import scorers as declared
from sage_edge.analysis.corpus import headers, packing, problems
from sage_edge.analysis.corpus.cache import Cache, Tell
from sage_edge.analysis.corpus.cache_refresh import Progress
from sage_edge.analysis.corpus.headers import Answer
from sage_edge.analysis.corpus.packing import Damaged
from sage_edge.analysis.corpus.problems import Problem
from sage_edge.analysis.corpus.registry import Registry
from sage_edge.analysis.corpus.scoring import name_of
from sage_edge.analysis.corpus.shelf import Held, Shelf
from sage_edge.analysis.corpus.sources import Refused, Source
from sage_edge.analysis.corpus.transcript_reader import read
from sage_edge.analysis.series import Point, Series
from sage_edge.errors import SessionError, UsageError
from sage_edge.names import Slug, Track
from sage_edge.records.dialogue import Dialogue, Standing
from sage_edge.scorers.base import Scorer


def _silent(line: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Corpus:
    """Sessions and their numbers. `host`: only its sessions, None for everybody's."""

    shelf: Shelf
    host: str | None = None

    @classmethod
    @contextlib.contextmanager
    def open(
        cls,
        source: Source,
        cache: Path | None = None,
        *,
        scorers: Sequence[Scorer] = declared.ALL,
        tell: Tell = _silent,
        workers: int = 1,
        progress: Progress | None = None,
    ) -> Iterator[Self]:
        """Bring the cache up to date with the source, and hold both for the body.

        cache: a file that is made when it is not there; None keeps nothing. tell: hears what becomes of the cache.
        workers: processes at most. progress: hears how many files are measured. Raises Locked, UsageError.
        """
        shelf = Shelf(source, Registry(scorers), cache, tell, workers, progress)
        shelf.open()
        try:
            yield cls(shelf)
        finally:
            shelf.close()

    def of(self, host: str) -> Corpus:
        """Return the sessions of one host alone."""
        return Corpus(self.shelf, host)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host that conducted a session here, `unknown` for papers that do not say who did."""
        return tuple(sorted({str(one.header.host) for one in self._held()}))

    @property
    def scorers(self) -> tuple[Scorer, ...]:
        """What the sessions are measured by."""
        return tuple(self.shelf.registry.scorers)

    @property
    def dialogues(self) -> tuple[Dialogue, ...]:
        """Every session without its words, by host, track and number; dry runs and contested numbers as well."""
        return tuple(one.header for one in self._held())

    def sessions(self, track: Track) -> tuple[Dialogue, ...]:
        """Return the sessions of a track that count, by number: no dry run, no experiment, no contested number."""
        return tuple(one.header for one in self._chosen(track, "session"))

    def series(
        self, scorer: str, version: int, quantity: str, track: Track, *, standing: Standing = "session"
    ) -> Series:
        """Return a quantity of every session of one host on a track that has an answer to be measured, by number.

        Raises UsageError for a scorer, quantity or track that is not measured, and where several hosts have sessions
        on this track.
        """
        place, found = self._scorer(scorer, version, quantity, track)
        points = self.shelf.ask(
            lambda cache: tuple(self._points(cache, place, quantity, self._chosen(track, standing)))
        )
        return Series(
            scorer=found.id, version=found.version, quantity=Slug(quantity), kind=found.quantities[quantity],
            definition=found.definition, track=track, points=points,
        )  # fmt: skip

    def answers(self) -> Iterator[tuple[Dialogue, tuple[Answer, ...]]]:
        """Yield every session, as `dialogues` does, with its answers: how long, how they ended, to what exercise."""
        for one in self._held():
            yield one.header, self.shelf.ask(functools.partial(_answers, one.header.seal))

    def read(self, seal: str) -> Dialogue:
        """Return a session with its words, read again and checked again. Raises UsageError, SessionError."""
        found = self.shelf.ask(lambda cache: cache.places("paper = (SELECT no FROM papers WHERE seal = ?)", seal))
        if not found:
            raise UsageError(f"no session here has the seal {seal}", hint="sage-edge analyse --json")
        entry = found[0].entry
        ((_, data),) = self.shelf.source.read([entry])
        told = data if isinstance(data, Refused) else read(entry.place, data)
        if isinstance(told, Refused) or told.seal != seal:
            raise SessionError(
                f"{entry.place} was changed since it was measured", hint="do it again: it will be measured anew"
            )
        return told

    @property
    def refused(self) -> tuple[Refused, ...]:
        """The files that were not believed, each with its reason; they are in no number."""
        return self.shelf.ask(lambda cache: tuple(problems.refused(cache)))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What contradicts itself or is odd among what was believed."""
        return (*self.shelf.ask(lambda cache: tuple(problems.doubled(cache))), *problems.of_sessions(self.dialogues))

    def _held(self) -> tuple[Held, ...]:
        held = self.shelf.held()
        return held if self.host is None else tuple(one for one in held if one.header.host == self.host)

    def _chosen(self, track: Track, standing: Standing) -> tuple[Held, ...]:
        chosen = tuple(
            one
            for one in self._held()
            if one.header.track == track
            and one.header.number is not None
            and (one.counts if standing == "session" else one.header.standing == standing)
        )
        hosts = sorted({str(one.header.host) for one in chosen})
        if len(hosts) > 1:
            raise UsageError(
                f"{len(hosts)} hosts have {track} sessions here ({', '.join(hosts)}), and one series speaks of one",
                hint=f"name the host: --host {hosts[0]}",
            )
        return chosen

    def _scorer(self, scorer: str, version: int, quantity: str, track: Track) -> tuple[int, Scorer]:
        for place, one in enumerate(self.scorers):
            if (one.id, one.version) == (scorer, version):
                if quantity not in one.quantities:
                    known = ", ".join(one.quantities)
                    raise UsageError(f"{scorer}/{version} has no quantity {quantity}", hint=f"it has {known}")
                if track not in one.tracks:
                    raise UsageError(
                        f"{scorer}/{version} does not measure {track} sessions", hint=f"it measures {one.tracks[0]}"
                    )
                return place, one
        names = ", ".join(f"{one.id}/{one.version}" for one in self.scorers)
        raise UsageError(f"there is no scorer {scorer}/{version}", hint=f"there are {names}")

    def _points(self, cache: Cache, place: int, quantity: str, chosen: Sequence[Held]) -> Iterator[Point]:
        scorer, number = self.scorers[place], self.shelf.registry.numbers[place]
        column, name = tuple(scorer.quantities).index(quantity), name_of(scorer).encode()
        found = cache.rows("SELECT seal, context, marks FROM scores JOIN papers ON no = paper WHERE scorer = ?", number)
        kept = {seal: (context, marks) for seal, context, marks in found}
        for header in (one.header for one in chosen):
            if header.seal not in kept or header.number is None:
                raise Damaged(name, header.seal)
            context, sealed = kept[header.seal]
            marks = packing.unpacked(
                packing.opened(sealed, name, header.seal.encode(), context), column, len(scorer.quantities)
            )
            if marks:
                yield Point(header.number, header.label, header.seal, header.started, header.unit, header.intervention,
                            marks, header.remarks)  # fmt: skip


def _answers(seal: str, cache: Cache) -> tuple[Answer, ...]:
    found = cache.rows("SELECT answers FROM papers WHERE seal = ?", seal)
    if not found:
        raise Damaged(seal)
    return tuple(headers.from_bytes(found[0][0], seal))
