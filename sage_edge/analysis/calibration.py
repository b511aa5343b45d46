"""Calibration of each researcher: every prediction, whether it was made in time, and whether it came true.

confirmed, refuted, cannot tell   what the check measured says so, by the rule of today
declined                          the addressee did not want it, so no session will ever decide
late                              it was written after the session that decided it had begun: no prediction at all
void                              the check is about another prediction than the recommendation holds
open                              no session has decided yet

A prediction came before a session if the transcript names the digest of its recommendation, which nobody can know
before it is written; or else if it was made before the session began, by the two hosts' clocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from sage_edge.analysis.prediction_ruling import verdict_today
from sage_edge.records.dialogue import Dialogue
from sage_edge.records.study import Check, Decision, Recommendation
from sage_edge.scorers.interval import wilson

PredictionOutcome = Literal["confirmed", "refuted", "cannot tell", "declined", "late", "void", "open"]


@dataclass(frozen=True)
class AnsweredPrediction:
    """A recommendation with its prediction, the addressee's answer, what became of it.

    sessions: those that decided, as far as they are known here.
    """

    recommendation: Recommendation
    decision: Decision | None = None
    check: Check | None = None
    sessions: tuple[Dialogue, ...] = ()


@dataclass(frozen=True)
class Calibration:
    """How one researcher's predictions came out.

    predictions: how many there are. rate: confirmed among those decided, with Wilson's 95 % interval; None of none.
    """

    author: str
    predictions: int
    outcomes: Counter[PredictionOutcome]

    @property
    def decided(self) -> int:
        """How many were confirmed or refuted."""
        return self.outcomes["confirmed"] + self.outcomes["refuted"]

    @property
    def rate(self) -> tuple[float, float, float] | None:
        """Share confirmed, and the ends of its interval."""
        if not self.decided:
            return None
        return (self.outcomes["confirmed"] / self.decided, *wilson(self.outcomes["confirmed"], self.decided))


def outcome(forecast: AnsweredPrediction) -> PredictionOutcome:
    """Return what became of a prediction."""
    if forecast.check is None:
        return "declined" if forecast.decision is not None and forecast.decision.verdict == "declined" else "open"
    if forecast.check.prediction != forecast.recommendation.prediction or forecast.check.recommendation != _digest(
        forecast
    ):
        return "void"
    if not all(came_before(forecast.recommendation, session) for session in forecast.sessions):
        return "late"
    today = verdict_today(forecast.check)
    return "cannot tell" if today == "cannot-tell" else today


def came_before(recommendation: Recommendation, session: Dialogue) -> bool:
    """Return whether a recommendation was written before a session; true where the session does not say when it was."""
    if session.recommendation == recommendation.fingerprint() or session.started is None:
        return True
    return recommendation.created <= session.started


def calibrations(forecasts: Iterable[AnsweredPrediction]) -> Iterator[Calibration]:
    """Yield the calibration of each researcher, by name."""
    known = [(str(forecast.recommendation.author), outcome(forecast)) for forecast in forecasts]
    for author in sorted({author for author, _ in known}):
        outcomes = Counter(became for whose, became in known if whose == author)
        yield Calibration(author, sum(outcomes.values()), outcomes)


def _digest(forecast: AnsweredPrediction) -> str:
    return forecast.recommendation.fingerprint()
