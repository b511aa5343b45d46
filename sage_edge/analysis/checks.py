"""What became of a prediction: the first session under the intervention, next to the newest one without it.

Everything is computed from transcripts and findings; nobody judges. One session decides, as the prediction said
before it; a matched control is shown beside it, and whatever else differs between the two is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sage_edge.analysis.findings import Examined
from sage_edge.names import HostName
from sage_edge.records.study import Check, Decision, Measure, Prediction, Recommendation

Verdict = str
_WORDS = {"at-least": "at least", "at-most": "at most"}


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
    trial = _trial(recommendation, examined)
    measured = trial.measure(prediction.scorer, prediction.version, prediction.quantity) if trial else None
    if trial is None or measured is None:
        return None
    control = _control(trial, examined)
    before = control.measure(prediction.scorer, prediction.version, prediction.quantity) if control else None
    verdict = _verdict(prediction, measured)
    return Check.model_validate(
        {
            "author": author,
            "recommendation": recommendation.fingerprint(),
            "prediction": prediction,
            "session": trial.transcript.session,
            "transcript": trial.transcript.seal,
            "measure": measured,
            "control": before,
            "verdict": verdict,
            "reason": _reason(prediction, verdict, (trial, measured), (control, before)),
            "created": now,
        }
    )


def _trial(recommendation: Recommendation, examined: Sequence[Examined]) -> Examined | None:
    """The first session of the window that ran under the recommended intervention."""
    trials = [one for one in examined if _ran_under(recommendation, one)]
    return min(trials, key=lambda one: one.transcript.session.number, default=None)


def _ran_under(recommendation: Recommendation, one: Examined) -> bool:
    head = one.transcript.head
    ran, wanted = head.intervention, recommendation
    if (head.host, head.session.track) != (wanted.to, wanted.track):
        return False
    if (ran.name, ran.version) != (wanted.intervention, wanted.intervention_version):
        return False
    if not wanted.first.number <= head.session.number <= wanted.last.number:
        return False
    if ran.recommendation is None:  # nobody names the recommendation, so only the time tells that it came before
        return head.started >= wanted.created
    return ran.recommendation == wanted.fingerprint()


def _control(trial: Examined, examined: Sequence[Examined]) -> Examined | None:
    """The newest earlier session of the same host and track under another intervention."""
    head = trial.transcript.head
    earlier = [
        one
        for one in examined
        if one.transcript.head.host == head.host
        and one.transcript.track == head.session.track
        and one.transcript.session.number < head.session.number
        and one.transcript.head.intervention.name != head.intervention.name
    ]
    return max(earlier, key=lambda one: one.transcript.session.number, default=None)


def _verdict(prediction: Prediction, measured: Measure) -> Verdict:
    if measured.value is None or measured.n < prediction.minimum_n:
        return "cannot-tell"
    reached = measured.value >= prediction.value
    if prediction.comparison == "at-most":
        reached = measured.value <= prediction.value
    return "confirmed" if reached else "refuted"


Side = tuple[Examined, Measure]


def _reason(
    prediction: Prediction, verdict: Verdict, trial: Side, control: tuple[Examined | None, Measure | None]
) -> str:
    said = f"{_shown(*trial)}; predicted {_WORDS[prediction.comparison]} {prediction.value:.2f}"
    if verdict == "cannot-tell":
        said += f" from {prediction.minimum_n} answers or more, which is not enough to tell"
    other, before = control
    if other is None or before is None:
        return f"{said}. There is no earlier session without the intervention to compare with."
    notes = [f"Control {_shown(other, before)}", *_differences(trial, (other, before))]
    return f"{said}. {'; '.join(notes)}."


def _shown(one: Examined, measured: Measure) -> str:
    ran = one.transcript.head.intervention
    return f"{one.transcript.session} under {ran.name} v{ran.version}: {_told(measured)}"


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


def _differences(trial: Side, control: Side) -> list[str]:
    """What a careful reader holds against the comparison."""
    (one, measured), (other, before) = trial, control
    notes = []
    if _overlap(measured, before):
        notes.append("the intervals overlap")
    if one.conditions[0] != other.conditions[0]:
        notes.append("the control ran with other weights")
    if one.conditions[1] != other.conditions[1]:
        notes.append(f"the control was {other.conditions[1]}, not {one.conditions[1]}")
    return [*notes, *one.finding.caveats]


def _overlap(one: Measure, other: Measure) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low <= other.high and other.low <= one.high
