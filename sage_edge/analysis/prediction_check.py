"""What became of a prediction: the first sessions under the intervention, next to the newest ones without it.

Everything is computed from transcripts and findings, and judged by the rule of `prediction_ruling`. As many sessions
decide as the prediction said before them; a control is shown beside them, and whatever else differs between the two is
said. Where the window has passed and fewer sessions ran under the intervention, nobody can tell.

A prediction counts only if it came before the session: the transcript names its digest, or it began after it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sage_edge.analysis.findings import Examined
from sage_edge.analysis.pooled_measures import pooled
from sage_edge.analysis.prediction_ruling import PredictionRuling, rule
from sage_edge.names import HostName
from sage_edge.records.study import Check, Decision, Measure, Prediction, Recommendation


@dataclass(frozen=True)
class _Side:
    """Some sessions, in order, and their measure together."""

    sessions: tuple[Examined, ...]
    measure: Measure

    @property
    def last(self) -> Examined:
        return self.sessions[-1]


def check(
    author: HostName,
    recommendation: Recommendation,
    decision: Decision | None,
    examined: Sequence[Examined],
    now: datetime,
) -> Check | None:
    """Return the check of a recommendation, or None while no session can decide it (declined: never).

    examined: sessions of the addressee, in any order.
    """
    if decision is not None and decision.verdict == "declined":
        return None
    prediction = recommendation.prediction
    trials = sorted((paper for paper in examined if ran_under(recommendation, paper)), key=_number)
    if len(trials) < prediction.sessions and not (trials and _is_over(recommendation, examined)):
        return None
    trial = _side(prediction, trials[: prediction.sessions])
    if trial is None:
        return None
    control = _side(prediction, _controls(trials[0], examined, prediction.before))
    ruling = _verdict(prediction, trial, control)
    return Check.model_validate(
        {
            "author": author,
            "recommendation": recommendation.fingerprint(),
            "prediction": prediction,
            "session": trial.last.session,
            "transcript": trial.last.finding.transcript,
            "transcripts": tuple(session.finding.transcript for session in trial.sessions),
            "measure": trial.measure,
            "control": control.measure if control else None,
            "controls": tuple(session.finding.transcript for session in control.sessions) if control else (),
            "verdict": ruling.verdict,
            "rule": "interval",
            "reason": _reason(recommendation, ruling.why, trial, control),
            "created": now,
        }
    )


def ran_under(recommendation: Recommendation, session: Examined) -> bool:
    """Return whether a session of the window ran under the intervention, and after it was recommended."""
    wanted = recommendation
    if (session.finding.subject, session.session.letter) != (wanted.to, wanted.first.letter):
        return False
    if session.ran_under != (wanted.intervention, wanted.intervention_version):
        return False
    if not wanted.first.number <= session.session.number <= wanted.last.number:
        return False
    head = session.transcript.head
    named = head.intervention.recommendation
    if named is None:  # nobody names the recommendation, so only the time tells that it came before
        return head.started >= wanted.created
    return named == wanted.fingerprint()


def _number(session: Examined) -> int:
    return session.session.number


def _is_over(recommendation: Recommendation, examined: Sequence[Examined]) -> bool:
    """True if the last session of the window has been, so that no other trial can come."""
    lane = (recommendation.to, recommendation.first.letter)
    return any(_lane(session) == lane and _number(session) >= recommendation.last.number for session in examined)


def _lane(session: Examined) -> tuple[str, str]:
    return session.finding.subject, session.session.letter


def _controls(trial: Examined, examined: Sequence[Examined], count: int) -> list[Examined]:
    """The newest earlier sessions of the same host and track under another intervention, oldest first."""
    earlier = (session for session in examined if _lane(session) == _lane(trial) and _number(session) < _number(trial))
    without = (session for session in earlier if session.finding.intervention != trial.finding.intervention)
    return sorted(without, key=_number)[-count:]


def _side(prediction: Prediction, sessions: Sequence[Examined]) -> _Side | None:
    wanted = (prediction.scorer, prediction.version, prediction.quantity)
    measured = [(session, measure) for session in sessions if (measure := session.measure(*wanted))]
    together = pooled([measure for _, measure in measured])
    return _Side(tuple(session for session, _ in measured), together) if together else None


def _verdict(prediction: Prediction, trial: _Side, control: _Side | None) -> PredictionRuling:
    """The verdict, and why."""
    if len(trial.sessions) < prediction.sessions:
        count = f"{len(trial.sessions)} of {prediction.sessions} sessions"
        return PredictionRuling("cannot-tell", f", and only {count} of the window ran under the intervention")
    return rule(prediction, trial.measure, control.measure if control else None)


def _reason(recommendation: Recommendation, why: str, trial: _Side, control: _Side | None) -> str:
    prediction = recommendation.prediction
    reason = f"{_shown(trial)}; predicted {prediction.told}{why}"
    if control is None:
        notes = ["There is no earlier session without the intervention to compare with"]
    else:
        notes = [f"Control {_shown(control)}", *_differences(trial, control)]
    if any(session.transcript.head.started < recommendation.created for session in trial.sessions):
        notes.append("the two hosts' clocks differ, but the transcript names the digest of this recommendation")
    return f"{reason}. {'; '.join(notes)}."


def _shown(side: _Side) -> str:
    name, version = side.last.ran_under
    span = str(side.last.session)
    if len(side.sessions) > 1:
        span = f"{side.sessions[0].session}-{span} ({len(side.sessions)} sessions)"
    return f"{span} under {name} v{version}: {_told(side.measure)}"


def _told(measured: Measure) -> str:
    name = f"{measured.scorer} v{measured.version}" + f" {measured.quantity}" * (measured.quantity != "rate")
    if measured.hits is None:
        number = f"mean of {measured.n}" if measured.value is None else f"mean of {measured.n} = {measured.value:.2f}"
    else:
        rate = "no rate" if measured.value is None else f"{measured.value:.2f}"
        number = f"{measured.hits}/{measured.n} = {rate}"
    if measured.low is None or measured.high is None:
        return f"{name} {number}"
    return f"{name} {number} (95 % interval {measured.low:.2f} to {measured.high:.2f})"


def _differences(trial: _Side, control: _Side) -> list[str]:
    """What a careful reader holds against the comparison."""
    notes = []
    if _overlap(trial.measure, control.measure):
        notes.append("the intervals overlap")
    ours, others = ({session.conditions for session in side.sessions} for side in (trial, control))
    if {weights for weights, _ in ours} != {weights for weights, _ in others}:
        notes.append("the control ran with other weights")
    units, other_units = (sorted({unit for _, unit in side}) for side in (ours, others))
    if units != other_units:
        notes.append(f"the control was {', '.join(other_units)}, not {', '.join(units)}")
    return [*notes, *dict.fromkeys(caveat for session in trial.sessions for caveat in session.finding.caveats)]


def _overlap(measure: Measure, other: Measure) -> bool:
    if measure.low is None or measure.high is None or other.low is None or other.high is None:
        return False
    return measure.low <= other.high and other.low <= measure.high
