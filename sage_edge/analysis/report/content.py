"""Everything that a report is made from, as plain values; `collect` reads them from a corpus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sage_edge.analysis.calibration import AnsweredPrediction
from sage_edge.analysis.corpus import MeasuredAnswer, Problem, Refused
from sage_edge.analysis.outlooks import ScoredOutlook
from sage_edge.analysis.series import Series
from sage_edge.names import Digest, Track
from sage_edge.records.claim import ClaimFinding
from sage_edge.records.dialogue import Dialogue
from sage_edge.records.theory import Theory
from sage_edge.trials import TrialPapers

if TYPE_CHECKING:  # its module opens engines, and a report needs none
    from sage_edge.analysis.narrative import Narrative

SEED = 20_261_120
"""Where chance is used, it starts here; so the same corpus makes the same report."""


@dataclass(frozen=True)
class Session:
    """One paper of the corpus without its words: what its head says, and the measures of its answers.

    counts: whether it counts as a session: no dry run, no experiment, and nobody else claims its number. noted: turn →
    whether an older system let the answer pass.
    """

    header: Dialogue
    answers: tuple[MeasuredAnswer, ...]
    counts: bool = True
    noted: Mapping[int, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class MindQuote:
    """What the mind answered to one question, whole. turn: from 1."""

    turn: int
    question: str
    answer: str


@dataclass(frozen=True)
class ReportContent:
    """What a report is about.

    source: where the papers lie, for people. host, mind: whose sessions these are; mind is None where the host has one.
    others: further minds with sessions there. elsewhere: what was claimed about other papers, and is not tested here.
    sessions: all its papers, whether they count or not. series: every quantity of every scorer that looks at one of the
    tracks, in the order of `scorers.ALL`. newest: the newest session that counts; quotes: some of its answers.
    theories: the versions of each, the oldest first.
    """

    source: str
    host: str = "unknown"
    mind: str | None = None
    others: tuple[str, ...] = ()
    sessions: tuple[Session, ...] = ()
    series: tuple[Series, ...] = ()
    claims: tuple[ClaimFinding, ...] = ()
    elsewhere: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    problems: tuple[Problem, ...] = ()
    forecasts: tuple[AnsweredPrediction, ...] = ()
    narrative: Narrative | None = None
    trials: TrialPapers = field(default_factory=TrialPapers)
    outlooks: tuple[ScoredOutlook, ...] = ()
    theories: tuple[tuple[Theory, ...], ...] = ()
    newest: Dialogue | None = None
    quotes: tuple[MindQuote, ...] = ()

    def find(self, scorer: str, quantity: str, track: Track = "primary") -> Series | None:
        """Return the series of a quantity, by the newest version of its scorer that measured something, or None."""
        wanted = (scorer, quantity, track)
        versions = [series for series in self.series if (series.scorer, series.quantity, series.track) == wanted]
        return max(versions, key=lambda series: (bool(series.points), series.version), default=None)

    def on(self, track: Track) -> Iterator[Session]:
        """Yield the papers of a track that count as sessions."""
        return (session for session in self.sessions if session.counts and session.header.track == track)

    def by_seal(self) -> dict[Digest, Session]:
        """Return the papers by their seals."""
        return {session.header.seal: session for session in self.sessions}


def of_track(series: Sequence[Series], track: Track) -> tuple[Series, ...]:
    """Return the series of one track."""
    return tuple(line for line in series if line.track == track)
