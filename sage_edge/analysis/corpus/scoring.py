"""Files → scores: each file is read, checked and measured once, and its words are dropped.

A job holds every file that its sessions look back at, too; so jobs do not depend on each other, and a second process
may do every other one.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import NamedTuple

from sage_edge import scorers as declared
from sage_edge.analysis.corpus import headers, packing
from sage_edge.analysis.corpus.sources import Entry, Refused, Source, refused
from sage_edge.analysis.corpus.transcript_reader import read
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Scorer

PER_JOB = 200
"""Files that are measured in one go: what is lost at most when we are killed."""

MANY = 3
"""Jobs for each process, below which starting it costs more than it saves."""

_JOBS_WAITING = 4


@dataclass(frozen=True)
class Job:
    """A run of files in the order of their sessions.

    wanted: those to be measured, and by which scorers (places in the list that goes with the job). remembered: those
    that the sessions after them may look back at.
    """

    run: tuple[Entry, ...]
    wanted: Mapping[Entry, tuple[int, ...]]
    remembered: frozenset[Entry]


class Score(NamedTuple):
    """Packed marks by one scorer, and the context that they were made in."""

    scorer: int
    context: bytes
    marks: bytes


class Scored(NamedTuple):
    """What is kept of one file. row: headers.to_row. answers: headers.to_bytes."""

    entry: Entry
    row: headers.Row
    answers: bytes
    scores: tuple[Score, ...]


Outcome = Scored | tuple[Entry, Refused]


def jobs(
    ordered: Sequence[Entry], wanted: Mapping[Entry, tuple[int, ...]], remembered: Set[Entry], span: int
) -> Iterator[Job]:
    """Cut ordered files into jobs: what is wanted, and before each the last `span` files that are remembered."""
    run: list[int] = []
    chosen: dict[Entry, tuple[int, ...]] = {}
    before: deque[int] = deque(maxlen=span)
    for place, entry in enumerate(ordered):
        if entry in wanted:
            if len(chosen) == PER_JOB:
                yield _job([ordered[one] for one in run], chosen, remembered)
                run, chosen = [], {}
            run += [one for one in before if not run or one > run[-1]]
            run.append(place)
            chosen[entry] = wanted[entry]
        if entry in remembered:
            before.append(place)
    if chosen:
        yield _job([ordered[one] for one in run], chosen, remembered)


def _job(run: Sequence[Entry], wanted: Mapping[Entry, tuple[int, ...]], remembered: Set[Entry]) -> Job:
    return Job(tuple(run), wanted, frozenset(entry for entry in run if entry in remembered))


def context_of(seals: Iterable[str]) -> bytes:
    """Return the name of a context: the seals of the sessions in it, oldest first. No session, no name."""
    joined = "".join(seals)
    return hashlib.blake2b(joined.encode(), digest_size=8).digest() if joined else b""


def name_of(scorer: Scorer) -> str:
    """Return what tells a scorer from every other, and from itself before its rules were changed."""
    return f"{scorer.id}/{scorer.version} {scorer.definition} {' '.join(scorer.quantities)}"


def perform(source: Source, scorers: Sequence[Scorer], job: Job) -> list[Outcome]:
    """Do a job."""
    with _no_pauses():
        return list(_performed(source, scorers, job))


def _performed(source: Source, scorers: Sequence[Scorer], job: Job) -> Iterator[Outcome]:
    memory = _Memory(max((one.context for one in scorers), default=0))
    names = [name_of(one).encode() for one in scorers]
    for entry, found in source.read(job.run):
        told = found if isinstance(found, Refused) else _believed(source, entry, found)
        wanted = job.wanted.get(entry)
        if isinstance(told, Refused):
            if wanted is not None:
                yield entry, told
            continue
        if wanted is not None:
            before = memory.before(told)
            applying = [number for number in wanted if scorers[number].applies(told)]
            scores = tuple(_score(number, names[number], scorers[number], told, before) for number in applying)
            yield Scored(entry, headers.to_row(told), headers.to_bytes(told), scores)
        if entry in job.remembered:
            memory.keep(told)


@contextlib.contextmanager
def _no_pauses() -> Iterator[None]:
    """Keep the collector of circles away: a job makes many small things and no circle, and it would cost a tenth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def perform_all(
    source: Source, scorers: Sequence[Scorer], todo: Sequence[Job], workers: int
) -> Iterator[list[Outcome]]:
    """Yield what each job comes to, in order. workers: processes at most; more than one only for declared scorers."""
    left = deque(todo)
    count = min(workers, len(left) // MANY)
    if count > 1 and all(declared.find(one.id, one.version) == one for one in scorers):
        try:
            for outcomes in _spread(source, scorers, todo, count):
                left.popleft()
                yield outcomes
        except (BrokenProcessPool, _Changed):  # a helper was killed, for its memory perhaps: the rest is done here
            pass
    for job in left:
        yield perform(source, scorers, job)


class _Changed(Exception):
    """A helper process does not have the same scorers: the program was changed while it ran."""


def _spread(source: Source, scorers: Sequence[Scorer], todo: Sequence[Job], count: int) -> Iterator[list[Outcome]]:
    wanted = [(str(one.id), one.version, name_of(one)) for one in scorers]
    ahead = count + _JOBS_WAITING
    # spawn: a forked child would inherit the database, its lock and whatever threads there are
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            waiting = deque(pool.submit(_elsewhere, source, wanted, job) for job in todo[:ahead])
            for job in [*todo[ahead:], *[None] * len(waiting)]:
                yield waiting.popleft().result()
                if job is not None:
                    waiting.append(pool.submit(_elsewhere, source, wanted, job))
        finally:
            pool.shutdown(cancel_futures=True)


def _elsewhere(source: Source, wanted: Sequence[tuple[str, int, str]], job: Job) -> list[Outcome]:
    found = [one for scorer, version, _ in wanted if (one := declared.find(scorer, version))]
    if [name_of(one) for one in found] != [name for _, _, name in wanted]:
        raise _Changed
    return perform(source, found, job)


def _believed(source: Source, entry: Entry, data: bytes) -> Dialogue | Refused:
    told = read(entry.place, data)
    if isinstance(told, Refused):
        return told
    objection = source.objection(entry, told)
    return refused(entry.place, objection) if objection else told


def _score(number: int, name: bytes, scorer: Scorer, told: Dialogue, before: Sequence[Dialogue]) -> Score:
    earlier = before[-scorer.context :] if scorer.context else ()
    context = context_of(one.seal for one in earlier) if earlier else b""
    try:
        payload = packing.packed(scorer.score(told, earlier), scorer.quantities)
    except ValueError as wrong:
        raise ValueError(f"{scorer.id}/{scorer.version} of {told.label}: {wrong}") from wrong
    return Score(number, context, packing.sealed(payload, name, told.seal.encode(), context))


class _Memory:
    """The last sessions of each host and track, as many as any scorer looks back at."""

    def __init__(self, span: int) -> None:
        self._span = span
        self._kept: dict[tuple[str | None, str | None], deque[Dialogue]] = {}

    def keep(self, told: Dialogue) -> None:
        if self._span and told.standing == "session" and told.number is not None:
            self._kept.setdefault((told.host, told.track), deque(maxlen=self._span)).append(told)

    def before(self, told: Dialogue) -> list[Dialogue]:
        number = told.number
        if number is None:
            return []
        kept = self._kept.get((told.host, told.track), ())
        return [one for one in kept if one.number is not None and one.number < number]
