"""A corpus: the sessions of a folder or of an exchange, every number of theirs, and what is wrong with them.

    with Corpus.open(Folder.at(path), cache_file, log=log) as corpus:
        for host in corpus.hosts:
            series = corpus.of(host).series("identity", 1, "rate", "primary")

Words are read once and dropped: what stays in memory is a header of each session, and only once it is asked for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from typing_extensions import Self

from sage_edge import scorers as declared
from sage_edge.analysis.corpus import problems
from sage_edge.analysis.corpus.headers import MeasuredAnswer
from sage_edge.analysis.corpus.measured_papers import MeasuredPapers
from sage_edge.analysis.corpus.problems import Problem
from sage_edge.analysis.corpus.refresh import Progress
from sage_edge.analysis.corpus.score_cache import CacheLog
from sage_edge.analysis.corpus.scoring import content_of
from sage_edge.analysis.corpus.shelf import Shelf, ShelvedSession
from sage_edge.analysis.corpus.sources import Entry, PaperSource, Refused
from sage_edge.analysis.errors import SessionChanged
from sage_edge.analysis.series import Point, Series
from sage_edge.errors import UsageError
from sage_edge.hints import sage
from sage_edge.names import TRACKS, Slug, Track
from sage_edge.records.dialogue import Dialogue, Standing
from sage_edge.scorers.base import Mark, Scorer


def _silent(line: str) -> None:
    """Tell nobody."""


_NOTHING = "no session at all is here: name another folder or exchange"


@dataclass(frozen=True)
class Corpus:
    """Sessions and their numbers. host, mind: only theirs, None for everybody's."""

    shelf: Shelf
    host: str | None = None
    mind: str | None = None

    @classmethod
    @contextlib.contextmanager
    def open(
        cls,
        source: PaperSource,
        cache: Path | None = None,
        *,
        scorers: Sequence[Scorer] = declared.ALL,
        log: CacheLog = _silent,
        progress: Progress | None = None,
    ) -> Iterator[Self]:
        """Bring the cache up to date with the source, and hold both for the body.

        cache: a file that is made when it is not there; None keeps nothing. log: hears what becomes of the cache.
        progress: hears how many files are measured. Raises Locked, UsageError.
        """
        shelf = Shelf(source, scorers, cache, log, progress)
        shelf.open()
        try:
            yield cls(shelf)
        finally:
            shelf.close()

    def of(self, host: str, mind: str | None = None) -> Corpus:
        """Return the sessions of one host alone, and of one of its minds where it is named."""
        return Corpus(self.shelf, host, mind)

    @property
    def minds(self) -> tuple[tuple[str, str], ...]:
        """Every mind that has a session here: its host, and which one of its host's minds it is (`Dialogue`).

        One with dry runs and experiments alone is named only where nobody has anything else.
        """
        headers = [session.header for session in self.papers()]
        sessions = [header for header in headers if header.standing == "session"]
        return tuple(sorted({(str(header.host), header.individual) for header in sessions or headers}))

    def owners(self, host: str | None = None, mind: str | None = None) -> tuple[tuple[str, str], ...]:
        """Return the minds of a host that have a session here, or the one that is named; all of them without a name.

        Raises UsageError for a host or a mind that has none.
        """
        if host is not None and host not in self.hosts:
            known = ", ".join(self.hosts)
            raise UsageError(f"{host} has no session here", hint=f"--host names one of: {known}" if known else _NOTHING)
        of_host = [owner for owner in self.minds if host in (None, owner[0])]
        chosen = tuple(owner for owner in of_host if mind in (None, owner[1]))
        if mind is not None and not chosen:
            known = ", ".join(map(repr, sorted({name for _, name in of_host})))
            hint = f"--mind names one of: {known}" if known else _NOTHING
            raise UsageError(f"no session here is of the mind {mind!r}", hint=hint)
        return chosen

    def owner_name(self, host: str, mind: str) -> str:
        """Return how an owner of sessions is named to people: the host, and the mind where the host has several."""
        return host if len(self.of(host).minds) < 2 else f"{host} ({mind})"

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host that conducted a session here, `unknown` for papers that do not say who did."""
        return tuple(sorted({str(session.header.host) for session in self.papers()}))

    @property
    def scorers(self) -> tuple[Scorer, ...]:
        """What the sessions are measured by."""
        return tuple(self.shelf.scorers)

    @property
    def dialogues(self) -> tuple[Dialogue, ...]:
        """Every session without its words, by host, mind, track and number; dry runs and contested numbers as well."""
        return tuple(session.header for session in self.papers())

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The kinds of sessions: the first two, and whatever other kinds are here."""
        here = {session.track for session in self.dialogues if session.track is not None}
        return (*TRACKS, *sorted(here - set(TRACKS)))

    def sessions(self, track: Track) -> tuple[Dialogue, ...]:
        """Return the sessions of a track that count, by number: no dry run, no experiment, no contested number."""
        return self._chosen(track, "session")

    def series(
        self, scorer: str, version: int, quantity: str, track: Track, *, standing: Standing = "session"
    ) -> Series:
        """Return a quantity of every session of one mind on a track that has an answer to be measured, by number.

        Raises UsageError for a scorer, quantity or track that is not measured, and where several hosts, or several
        minds of one host, have sessions on this track.
        """
        measured_by = self._scorer(scorer, version, quantity, track)
        headers = self._chosen(track, standing)
        marks = self.shelf.ask(lambda papers: papers.marks(measured_by, [header.seal for header in headers]))
        points = (_point(header, by_quantity[quantity]) for header, by_quantity in zip(headers, marks, strict=True))
        return Series(
            scorer=measured_by.id,
            version=measured_by.version,
            quantity=Slug(quantity),
            kind=measured_by.quantities[quantity],
            definition=measured_by.definition,
            track=track,
            points=tuple(point for point in points if point.marks),
        )

    def answers(self) -> Iterator[tuple[Dialogue, tuple[MeasuredAnswer, ...]]]:
        """Yield every session, as `dialogues` does, with its answers: how long, how they ended, to what exercise."""
        for header in self.dialogues:
            yield header, self.shelf.ask(partial(MeasuredPapers.answers, seal=header.seal))

    def marks_texts(self, seals: Sequence[str]) -> list[tuple[str, Scorer, bytes]]:
        """Return every scorer's marks of some sessions, as `MeasuredPapers.marks_texts` does."""
        return self.shelf.ask(lambda papers: papers.marks_texts(seals))

    def read(self, seal: str) -> Dialogue:
        """Return a session with its words, read again and checked again. Raises UsageError, SessionChanged."""
        (session,) = self.read_all([seal])
        return session

    def read_all(self, seals: Sequence[str]) -> list[Dialogue]:
        """Return sessions with their words, in the order of their seals. Raises as `read` does.

        The links of a paper were looked at when it was measured; they are again where it may have changed since.
        """
        entries: dict[str, Entry] = {}
        papers = self.shelf.ask(lambda papers: [papers.index.of(seal) for seal in seals])
        for seal, paper in zip(seals, papers, strict=True):
            if paper is None:
                seals_of = ("the seal of a paper: ", sage("session verify", "FILE"))
                raise UsageError(f"no session here has the seal {seal}", hint=seals_of)
            entries[seal] = paper.entry
        source, sessions = self.shelf.source, dict[str, Dialogue]()
        for entry, data in source.read(list(entries.values())):
            content = content_of(source, entry, data, chained=not source.is_as_it_was(entry))
            if not isinstance(content, Refused):
                sessions[content.seal] = content
        if missing := [entry for seal, entry in entries.items() if seal not in sessions]:
            raise SessionChanged(str(missing[0].place))
        return [sessions[seal] for seal in seals]

    @property
    def refused(self) -> tuple[Refused, ...]:
        """The files that were not believed, each with its reason; they are in no number."""
        return self.shelf.ask(lambda papers: tuple(papers.index.refused()))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What contradicts itself or is odd among what was believed."""
        doubled = self.shelf.ask(lambda papers: tuple(papers.index.doubled()))
        return (*problems.of_doubled(doubled), *problems.of_sessions(self.dialogues))

    def papers(self) -> tuple[ShelvedSession, ...]:
        """Return every session as `dialogues` does, each with whether it counts."""
        sessions = self.shelf.sessions()
        if self.host is not None:
            sessions = tuple(session for session in sessions if session.header.host == self.host)
        if self.mind is not None:
            sessions = tuple(session for session in sessions if session.header.individual == self.mind)
        return sessions

    def _chosen(self, track: Track, standing: Standing) -> tuple[Dialogue, ...]:
        chosen = tuple(
            session.header
            for session in self.papers()
            if session.header.track == track
            and session.header.number is not None
            and (session.counts if standing == "session" else session.header.standing == standing)
        )
        hosts = sorted({str(header.host) for header in chosen})
        if len(hosts) > 1:
            raise UsageError(
                f"{len(hosts)} hosts have {track} sessions here ({', '.join(hosts)}), and one series speaks of one",
                hint=f"name the host: --host {hosts[0]}",
            )
        minds = sorted({header.individual for header in chosen})
        if len(minds) > 1:
            raise UsageError(
                f"{len(minds)} minds of {hosts[0]} have {track} sessions ({', '.join(minds)}); a series is of one",
                hint=f"name the mind: --mind {minds[0]}",
            )
        return chosen

    def _scorer(self, scorer: str, version: int, quantity: str, track: Track) -> Scorer:
        names = {f"{known.id}/{known.version}": known for known in self.scorers}
        known = names.get(f"{scorer}/{version}")
        if known is None:
            raise UsageError(f"there is no scorer {scorer}/{version}", hint=f"there are {', '.join(names)}")
        if quantity not in known.quantities:
            raise UsageError(
                f"{scorer}/{version} has no quantity {quantity}", hint=f"it has {', '.join(known.quantities)}"
            )
        if track not in known.tracks:
            raise UsageError(
                f"{scorer}/{version} does not measure {track} sessions", hint=f"it measures {known.tracks[0]}"
            )
        return known


def _point(header: Dialogue, marks: Sequence[Mark]) -> Point:
    if header.number is None:
        raise ValueError(f"{header.label} has no number")
    return Point(
        number=header.number,
        label=header.label,
        seal=header.seal,
        started=header.started,
        unit=header.unit,
        intervention=header.intervention,
        marks=tuple(marks),
        remarks=header.remarks,
    )
