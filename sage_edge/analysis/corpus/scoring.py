"""Papers → marks: each paper is read, validated and measured once in each context; its words are dropped."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence, Set
from operator import itemgetter
from typing import NamedTuple

import pydantic_core
from pydantic import TypeAdapter

from sage_edge.analysis.corpus import headers
from sage_edge.analysis.corpus.file_index import FileIndex, PaperFile, of_content
from sage_edge.analysis.corpus.score_cache import CachedRow, Damaged, ScoreCache
from sage_edge.analysis.corpus.sources import Entry, PaperSource, Refused, refused
from sage_edge.analysis.corpus.transcript_reader import read
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, QuantityKind, Scorer

PER_BATCH = 200
"""Files that are measured in one go: what is lost at most when we are killed."""

_MARKS = TypeAdapter(dict[str, list[tuple[int, float]]])
_BITS = frozenset((0, 1))
_VALUE = itemgetter(1)


def context_name(seals: Iterable[str]) -> str:
    """Return the name of a context: the sessions in it, oldest first. No session, no name."""
    joined = "".join(seals)
    return hashlib.blake2b(joined.encode(), digest_size=8).hexdigest() if joined else ""


def content_of(source: PaperSource, entry: Entry, data: bytes | Refused, *, chained: bool = True) -> Dialogue | Refused:
    """Return the session that a file holds, or why it is refused: for what it says, or where it lies.

    chained: as `read` has it.
    """
    if isinstance(data, Refused):
        return data
    content = read(entry.place, data, chained=chained)
    if isinstance(content, Refused):
        return content
    objection = source.objection(entry, content)
    return refused(entry.place, objection) if objection else content


def marks_json(scorer: Scorer, dialogue: Dialogue, earlier: Sequence[Dialogue]) -> str:
    """Return the marks of a session as JSON, with every quantity of the scorer.

    Raises ValueError, which names the quantity, for a number that is not in [0, 1] or a rate that is neither 0 nor 1.
    """
    given = scorer.score(dialogue, earlier)
    for quantity, kind in scorer.quantities.items():
        if wrong := _objection(kind, given.get(quantity, ())):
            raise ValueError(f"{scorer.id}/{scorer.version} of {dialogue.label}: {quantity} {wrong}")
    return _MARKS.dump_json({name: list(given.get(name, ())) for name in scorer.quantities}).decode("ascii")


def _objection(kind: QuantityKind, marks: Sequence[Mark]) -> str:
    values = list(map(_VALUE, marks))
    if kind == "rate" and _BITS.issuperset(values):
        return ""
    if [value for value in values if not 0 <= value <= 1]:  # finds a NaN, too
        return "is not between 0 and 1"
    return "is neither 0 nor 1" if kind == "rate" else ""


def marks_from(kept: str) -> Marks:
    """Return the marks that `marks_json` made."""
    return {quantity: tuple(map(Mark._make, marks)) for quantity, marks in json.loads(kept).items()}


def flat_marks_from(kept: Iterable[bytes]) -> list[dict[str, list[float]]]:
    """Return what `marks_json` made, several times, as quantity → turn, value, turn, value, …

    A corpus has hundreds of marks a session, and a list for each of them would cost more than all else.
    """
    flat = b",".join(kept).replace(b"],[", b",").replace(b"[[", b"[").replace(b"]]", b"]")
    marks: list[dict[str, list[float]]] = pydantic_core.from_json(b"[%b]" % flat)
    return marks


class Task(NamedTuple):
    """A paper to be measured. before: the sessions that scorers may look back at, oldest first.

    scorers: those that have not measured it in this context, each with its definition and the context's name.
    """

    seal: str
    before: tuple[str, ...]
    scorers: list[tuple[Scorer, str, str]]


class Scoring:
    """The scorers of a corpus at work: what they have not measured yet is measured and kept."""

    def __init__(self, source: PaperSource, cache: ScoreCache, scorers: Sequence[Scorer]) -> None:
        self.source, self.cache, self.scorers = source, cache, scorers
        self._span = max((scorer.context for scorer in scorers), default=0)
        self._recent: dict[str, Dialogue] = {}

    def key(self, scorer: Scorer, before: Sequence[str]) -> tuple[str, str]:
        """Return what a scorer's marks are kept by: its definition, and the context's name."""
        return scorer.definition, context_name(_last(before, scorer.context))

    def read(self, entries: Sequence[Entry]) -> Iterator[PaperFile]:
        """Yield what some files hold; their words are remembered until they are measured, and for one batch more."""
        for entry, data in self.source.read(entries):
            content = content_of(self.source, entry, data)
            if isinstance(content, Dialogue):
                self._recent[content.seal] = content
            yield of_content(entry, content)

    def measure(self, papers: Iterable[PaperFile], index: FileIndex) -> None:
        """Measure papers by every scorer that has not measured them where they stand now. Within a batch.

        Raises Damaged where a file does not hold any more what the index says.
        """
        tasks = [task for paper in papers if paper.seal and (task := self._task(paper, paper.seal, index))]
        self._read_again({seal for task in tasks for seal in (task.seal, *task.before)}, index)
        self.cache.put(row for task in tasks for row in self._rows(task))
        self._recent = dict(list(self._recent.items())[-PER_BATCH:])

    def _task(self, paper: PaperFile, seal: str, index: FileIndex) -> Task | None:
        before, kept = index.before(paper, self._span), self.cache.keys(seal)
        applying = (scorer for scorer in self.scorers if paper.track in scorer.tracks)
        missing = [(scorer, *key) for scorer in applying if (key := self.key(scorer, before)) not in kept]
        is_whole = not missing and {("header", ""), ("answers", "")} <= kept
        return None if is_whole else Task(seal, before, missing)

    def _read_again(self, seals: Set[str], index: FileIndex) -> None:
        papers = [paper for seal in seals - self._recent.keys() if (paper := index.of(seal))]
        deque(self.read([paper.entry for paper in papers]), maxlen=0)
        if lost := seals - self._recent.keys():
            raise Damaged(*lost)

    def _rows(self, task: Task) -> Iterator[CachedRow]:
        dialogue = self._recent[task.seal]
        yield CachedRow(task.seal, "header", "", headers.header_json(dialogue))
        yield CachedRow(task.seal, "answers", "", headers.answers_json(dialogue))
        for scorer, definition, context in task.scorers:
            earlier = [self._recent[seal] for seal in _last(task.before, scorer.context)]
            yield CachedRow(task.seal, definition, context, marks_json(scorer, dialogue, earlier))


def _last(before: Sequence[str], span: int) -> Sequence[str]:
    return before[-span:] if span else ()
