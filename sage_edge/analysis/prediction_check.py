"""What became of a prediction: the first sessions under the intervention, next to the newest ones without it.

Everything is computed from transcripts and findings; nobody judges. As many sessions decide as the prediction said
before them; a control is shown beside them, and whatever else differs between the two is said. Where the window has
passed and fewer sessions ran under the intervention, nobody can tell.

A prediction counts only if it came before the session: the transcript names its digest, or it began after it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sage_edge.analysis.findings import Examined
from sage_edge.analysis.pooled_measures import pooled
from sage_edge.names import HostName
from sage_edge.records.study import Check, Decision, Measure, Prediction, Recommendation

Verdict = str


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
    trials = sorted((one for one in examined if ran_under(recommendation, one)), key=_number)
    if len(trials) < prediction.sessions and not (trials and _is_over(recommendation, examined)):
        return None
    trial = _side(prediction, trials[: prediction.sessions])
    if trial is None:
        return None
    control = _side(prediction, _controls(trials[0], examined, prediction.before))
    verdict, why = _verdict(prediction, trial, control)
    return Check.model_validate(
        {
            "author": author,
            "recommendation": recommendation.fingerprint(),
            "prediction": prediction,
            "session": trial.last.session,
            "transcript": trial.last.finding.transcript,
            "transcripts": tuple(one.finding.transcript for one in trial.sessions),
            "measure": trial.measure,
            "control": control.measure if control else None,
            "controls": tuple(one.finding.transcript for one in control.sessions) if control else (),
            "verdict": verdict,
            "reason": _reason(recommendation, why, trial, control),
            "created": now,
        }
    )


def ran_under(recommendation: Recommendation, one: Examined) -> bool:
    """Return whether a session of the window ran under the intervention, and after it was recommended."""
    wanted = recommendation
    if (one.finding.subject, one.session.letter) != (wanted.to, wanted.first.letter):
        return False
    if one.ran_under != (wanted.intervention, wanted.intervention_version):
        return False
    if not wanted.first.number <= one.session.number <= wanted.last.number:
        return False
    head = one.transcript.head
    named = head.intervention.recommendation
    if named is None:  # nobody names the recommendation, so only the time tells that it came before
        return head.started >= wanted.created
    return named == wanted.fingerprint()


def _number(one: Examined) -> int:
    return one.session.number


def _is_over(recommendation: Recommendation, examined: Sequence[Examined]) -> bool:
    """True if the last session of the window has been, so that no other trial can come."""
    lane = (recommendation.to, recommendation.first.letter)
    return any(_lane(one) == lane and _number(one) >= recommendation.last.number for one in examined)


def _lane(one: Examined) -> tuple[str, str]:
    return one.finding.subject, one.session.letter


def _controls(trial: Examined, examined: Sequence[Examined], count: int) -> list[Examined]:
    """The newest earlier sessions of the same host and track under another intervention, oldest first."""
    earlier = (one for one in examined if _lane(one) == _lane(trial) and _number(one) < _number(trial))
    without = (one for one in earlier if one.finding.intervention != trial.finding.intervention)
    return sorted(without, key=_number)[-count:]


def _side(prediction: Prediction, sessions: Sequence[Examined]) -> _Side | None:
    wanted = (prediction.scorer, prediction.version, prediction.quantity)
    measured = [(one, measure) for one in sessions if (measure := one.measure(*wanted))]
    together = pooled([measure for _, measure in measured])
    return _Side(tuple(one for one, _ in measured), together) if together else None


def _verdict(prediction: Prediction, trial: _Side, control: _Side | None) -> tuple[Verdict, str]:
    """The verdict, and why it cannot be told if it cannot."""
    if len(trial.sessions) < prediction.sessions:
        count = f"{len(trial.sessions)} of {prediction.sessions} sessions"
        return "cannot-tell", f", and only {count} of the window ran under the intervention"
    value, needed = trial.measure.value, prediction.minimum_n
    if value is None or trial.measure.n < needed:
        return "cannot-tell", f" from {needed} answers or more, which is not enough to tell"
    if prediction.of == "change":
        before = control.measure if control else None
        if before is None or before.value is None or before.n < needed:
            return "cannot-tell", f", and there are not {needed} answers before to compare with"
        value -= before.value
    reached = value >= prediction.value if prediction.comparison == "at-least" else value <= prediction.value
    return "confirmed" if reached else "refuted", ""


def _reason(recommendation: Recommendation, why: str, trial: _Side, control: _Side | None) -> str:
    prediction = recommendation.prediction
    said = f"{_shown(trial)}; predicted {prediction.told}{why}"
    if prediction.of == "change" and control and trial.measure.value is not None and control.measure.value is not None:
        said += f", and it changed by {trial.measure.value - control.measure.value:+.2f}"
    if control is None:
        notes = ["There is no earlier session without the intervention to compare with"]
    else:
        notes = [f"Control {_shown(control)}", *_differences(trial, control)]
    if any(one.transcript.head.started < recommendation.created for one in trial.sessions):
        notes.append("the two hosts' clocks differ, but the transcript names the digest of this recommendation")
    return f"{said}. {'; '.join(notes)}."


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
    ours, others = ({one.conditions for one in side.sessions} for side in (trial, control))
    if {weights for weights, _ in ours} != {weights for weights, _ in others}:
        notes.append("the control ran with other weights")
    units, other_units = (sorted({unit for _, unit in side}) for side in (ours, others))
    if units != other_units:
        notes.append(f"the control was {', '.join(other_units)}, not {', '.join(units)}")
    return [*notes, *dict.fromkeys(caveat for one in trial.sessions for caveat in one.finding.caveats)]


def _overlap(one: Measure, other: Measure) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low <= other.high and other.low <= one.high
