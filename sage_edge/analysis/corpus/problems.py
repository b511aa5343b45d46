"""Problems of a corpus: doubled papers, contested numbers, times that contradict each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sage_edge.analysis.corpus.file_index import PaperFile
from sage_edge.analysis.corpus.transcript_reader import BACKWARDS
from sage_edge.records.dialogue import UNKNOWN_MIND, Dialogue
from sage_edge.sanitize import one_line


@dataclass(frozen=True)
class Problem:
    """place: a file, or a session. what: one printable sentence."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def of_doubled(pairs: Iterable[tuple[PaperFile, PaperFile]]) -> Iterator[Problem]:
    """Yield the files that hold what another one holds. pairs: such a file, and the first one with the same paper."""
    for file, first in pairs:
        yield Problem(file.entry.place, f"it is the same paper as {first.entry.place}, and counts once")


def of_sessions(sessions: Sequence[Dialogue]) -> Iterator[Problem]:
    """Yield what sessions say that cannot be. sessions: in order of number within host, mind, track."""
    claims: defaultdict[tuple[object, ...], list[Dialogue]] = defaultdict(list)
    chains: defaultdict[tuple[object, ...], list[Dialogue]] = defaultdict(list)
    for session in sessions:
        if BACKWARDS in session.remarks:
            yield Problem(name(session), "its times run backwards")
        if session.standing == "session" and session.number is None:
            yield Problem(name(session), "it has no number, so it has no place among the sessions")
        elif session.standing == "session":
            series = session.host, session.individual, session.track
            claims[(series, session.number)].append(session)
            chains[series].append(session)
    for claimants in claims.values():
        if len(claimants) > 1:
            seals = " and ".join(claimant.seal.short for claimant in claimants)
            yield Problem(
                name(claimants[0]), f"{len(claimants)} papers claim this number ({seals}); none of them counts"
            )
    for chain in chains.values():
        for earlier, later in pairwise(chain):
            if earlier.started and later.started and later.started < earlier.started:
                yield Problem(name(later), f"it began before {one_line(earlier.label)}, which has the lower number")


def name(session: Dialogue) -> str:
    """Return what a session is called: its label, its host, and which mind, where an older paper says it."""
    is_told = session.provenance == "legacy" and session.individual != UNKNOWN_MIND
    return one_line(f"{session.label} of {session.host}{f' ({session.individual})' if is_told else ''}")
