"""When a researcher recommends: a declared threshold is crossed, a declared intervention is the answer.

Such advice is exploratory: no chance decides who gets it, so what follows it proves little. A rule looks at the newest
examined session of its track. It stays silent while that session already ran under the intervention, while an earlier
recommendation of it is open, where it was recommended on the same evidence before, and as its record demands
(`advice_record`). Where several rules would speak, the one with the best record does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from pydantic import JsonValue

from sage_edge import scorers
from sage_edge.analysis import advice_record
from sage_edge.analysis.findings import Examined
from sage_edge.curriculum import Curriculum, InterventionCard, check_parameters
from sage_edge.errors import SageError
from sage_edge.names import FIRST_LETTERS, Digest, HostName, SessionId, Track
from sage_edge.records.study import Check, Decision, Measure, Prediction, Recommendation


class Remedy(Protocol):
    """What a rule recommends: for how many sessions, and how long the offer stands."""

    @property
    def intervention(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def parameters(self) -> Mapping[str, JsonValue]: ...
    @property
    def sessions(self) -> int: ...
    @property
    def valid_for(self) -> timedelta: ...


class Expected(Protocol):
    """What a rule predicts of the first sessions under its intervention, of the rule's own quantity."""

    @property
    def of(self) -> Literal["level", "change"]: ...
    @property
    def sessions(self) -> int: ...
    @property
    def before(self) -> int: ...
    @property
    def comparison(self) -> Literal["at-least", "at-most"]: ...
    @property
    def value(self) -> float: ...
    @property
    def minimum_n(self) -> int: ...


class Threshold(Protocol):
    """One declared threshold. `below` and `above` are strict; the value is compared, not the ends of its interval."""

    @property
    def name(self) -> str: ...
    @property
    def track(self) -> Track: ...
    @property
    def scorer(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def quantity(self) -> str: ...
    @property
    def comparison(self) -> Literal["below", "above"]: ...
    @property
    def threshold(self) -> float: ...
    @property
    def minimum_n(self) -> int: ...
    @property
    def recommend(self) -> Remedy: ...
    @property
    def predict(self) -> Expected: ...
    @property
    def trial(self) -> str | None: ...


@dataclass(frozen=True)
class Case:
    """What is known of one host: its examined sessions, every session seen, and what was recommended before.

    checks: recommendation → what became of it. letters: the declared kinds of sessions and their letters.
    """

    to: HostName
    examined: tuple[Examined, ...]
    sessions: tuple[SessionId, ...]
    recommendations: tuple[Recommendation, ...]
    decisions: Mapping[Digest, Decision]
    checks: Mapping[Digest, Check] = field(default_factory=dict)
    letters: Mapping[Track, str] = field(default_factory=lambda: FIRST_LETTERS)

    def newest(self, track: Track) -> Examined | None:
        """Return the examined session with the highest number of a track, or None."""
        of_track = [paper for paper in self.examined if paper.session.letter == self.letters[track]]
        return max(of_track, key=lambda paper: paper.session.number, default=None)

    def last_number(self, track: Track) -> int:
        """Return the highest session number used on a track, examined or not; 0 if there is none."""
        return max((session.number for session in self.sessions if session.letter == self.letters[track]), default=0)


def faults(rules: Iterable[Threshold], curriculum: Curriculum) -> Iterator[str]:
    """Yield what is wrong with declared rules: unknown scorers, undeclared interventions, unfit parameters."""
    for rule in rules:
        scorer = scorers.find(rule.scorer, rule.version)
        if scorer is None:
            yield f"rule {rule.name}: no scorer {rule.scorer} v{rule.version}"
        elif rule.track not in scorer.tracks:
            yield f"rule {rule.name}: {rule.scorer} does not apply to the {rule.track} track"
        elif rule.quantity not in scorer.quantities:
            yield f"rule {rule.name}: {rule.scorer} v{rule.version} has no quantity {rule.quantity}"
        if rule.predict.sessions > rule.recommend.sessions:
            asked, given = rule.predict.sessions, rule.recommend.sessions
            yield f"rule {rule.name}: the prediction needs {asked} sessions, the recommendation is for {given}"
        try:
            card = curriculum.intervention(rule.recommend.intervention, rule.recommend.version)
            check_parameters(card, rule.recommend.parameters)
        except SageError as refused:
            yield f"rule {rule.name}: {refused.message}"


def recommend(
    author: HostName, case: Case, rules: Sequence[Threshold], curriculum: Curriculum, now: datetime
) -> Recommendation | None:
    """Return the recommendation of the first rule that has one, the best record first, or None.

    Raises UndeclaredIntervention or ParametersRefused if a rule asks for what the curriculum does not declare.
    """
    for rule in sorted(rules, key=lambda rule: -advice_record.standing(case, rule.name)):
        newest = case.newest(rule.track)
        measured = newest.measure(rule.scorer, rule.version, rule.quantity) if newest else None
        if newest and measured and _crossed(rule, measured) and not _settled(rule, newest, case, now):
            return _write(author, case, rule, newest, measured, curriculum, now)
    return None


def _crossed(rule: Threshold, measured: Measure) -> bool:
    if measured.value is None or measured.n < rule.minimum_n:
        return False
    return measured.value < rule.threshold if rule.comparison == "below" else measured.value > rule.threshold


def _settled(rule: Threshold, newest: Examined, case: Case, now: datetime) -> bool:
    """True if the intervention is in force, on offer, or was recommended on this very session before."""
    if newest.ran_under == (rule.recommend.intervention, rule.recommend.version):
        return True
    if advice_record.rests(case, rule.name, rule.track, now):
        return True
    return any(
        _is_open(recommendation, case, now) or newest.finding.transcript in recommendation.based_on
        for recommendation in case.recommendations
        if recommendation.to == case.to
        and recommendation.track == rule.track
        and recommendation.intervention == rule.recommend.intervention
    )


def _is_open(recommendation: Recommendation, case: Case, now: datetime) -> bool:
    decision = case.decisions.get(recommendation.fingerprint())
    declined = decision is not None and decision.verdict == "declined"
    over = case.last_number(recommendation.track) >= recommendation.last.number
    return not declined and not over and now <= recommendation.valid_until


def _write(
    author: HostName,
    case: Case,
    rule: Threshold,
    newest: Examined,
    measured: Measure,
    curriculum: Curriculum,
    now: datetime,
) -> Recommendation:
    wanted, predicted = rule.recommend, rule.predict
    card = curriculum.intervention(wanted.intervention, wanted.version)
    given = {**_own_name(card, newest.transcript.head.mind), **wanted.parameters}
    first = case.last_number(rule.track) + 1
    return Recommendation.model_validate(
        {
            "author": author,
            "to": case.to,
            "track": rule.track,
            "first": SessionId.of(case.letters[rule.track], first),
            "last": SessionId.of(case.letters[rule.track], first + wanted.sessions - 1),
            "intervention": card.name,
            "intervention_version": card.version,
            "parameters": check_parameters(card, given),
            "prediction": Prediction.model_validate(
                {
                    "scorer": rule.scorer,
                    "version": rule.version,
                    "quantity": rule.quantity,
                    "of": predicted.of,
                    "comparison": predicted.comparison,
                    "value": predicted.value,
                    "sessions": predicted.sessions,
                    "before": predicted.before,
                    "minimum_n": predicted.minimum_n,
                }
            ),
            "rule": rule.name,
            "because": (measured,),
            "based_on": (newest.finding.transcript,),
            "created": now,
            "valid_until": now + wanted.valid_for,
        }
    )


def _own_name(card: InterventionCard, mind: str) -> dict[str, JsonValue]:
    """A mind is called by its own name, unless the rule says otherwise."""
    parameter = card.parameters.get("name")
    return {"name": mind} if parameter is not None and parameter.kind == "name" else {}
