from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from sage_edge.analysis.findings import Examined, examine
from sage_edge.analysis.recommend import Case, faults, recommend
from sage_edge.curriculum import ParametersRefused, UndeclaredIntervention
from sage_edge.names import HostName, SessionId
from sage_edge.records.base import parse
from sage_edge.records.study import Decision, Recommendation
from sage_edge.records.transcript import Transcript
from tests.analysis.declared import CURRICULUM, SPROUT, THOR, Expected, Remedy, Rule
from tests.builders import START, transcript

NOW = START + timedelta(hours=1)
PLAIN = ["I am calm."] * 7
NAMED = ["I am Sage."] * 7


def case(*transcripts: Transcript, known: Sequence[Recommendation] = (), verdict: str | None = None) -> Case:
    decisions = {
        one.fingerprint(): Decision.model_validate(
            {
                "author": SPROUT,
                "recommendation": one.fingerprint(),
                "verdict": verdict,
                "reason": "said so",
                "decided_by": "policy",
                "created": NOW,
            }
        )
        for one in known
        if verdict is not None
    }
    return Case(
        to=SPROUT,
        examined=tuple(Examined(one, examine(THOR, one, NOW)) for one in transcripts),
        sessions=tuple(one.session for one in transcripts),
        recommendations=tuple(known),
        decisions=decisions,
    )


def ask(known: Case, *rules: Rule, now: object = NOW) -> Recommendation | None:
    return recommend(THOR, known, rules or (Rule(),), CURRICULUM, now)  # type: ignore[arg-type]


def first() -> Recommendation:
    found = ask(case(transcript("P001", replies=PLAIN)))
    assert found is not None
    return found


def test_a_crossed_threshold_recommends() -> None:
    told = transcript("P001", replies=PLAIN)
    found = ask(case(told))
    assert found is not None
    assert (found.author, found.to, found.track, found.rule) == ("thor", "sprout", "primary", "identity-fades")
    assert (found.first, found.last) == ("P002", "P005")
    assert (found.intervention, found.intervention_version) == ("identity-anchored", 2)
    assert found.parameters == {"exemplars": 2, "memory": True, "name": "Sage"}
    assert (found.prediction.scorer, found.prediction.comparison, found.prediction.value) == (
        "identity",
        "at-least",
        0.3,
    )
    assert found.because[0].hits == 0
    assert found.based_on == (told.seal,)
    assert found.valid_until == NOW + timedelta(days=7)
    assert parse(Recommendation, found.pretty()) == found


def test_a_mind_is_called_by_its_own_name_unless_the_rule_says_otherwise() -> None:
    told = transcript("P001", replies=PLAIN, mind="Willow")
    found = ask(case(told))
    assert found is not None
    assert found.parameters["name"] == "Willow"
    said = ask(case(told), Rule(recommend=Remedy(parameters={"name": "Sage", "memory": False})))
    assert said is not None
    assert said.parameters == {"exemplars": 2, "memory": False, "name": "Sage"}


@pytest.mark.parametrize(
    "told",
    [
        transcript("P001", replies=[*NAMED[:3], *PLAIN[:4]]),
        transcript("P001", replies=PLAIN[:4]),  # too few answers
        transcript("P001", replies=[None] * 7),
        transcript("T001", replies=PLAIN),
        transcript("P001", replies=PLAIN, intervention="identity-anchored", version=2),
    ],
)
def test_no_cause_no_recommendation(told: Transcript) -> None:
    assert ask(case(told)) is None


def test_only_the_newest_session_counts() -> None:
    assert ask(case(transcript("P001", replies=PLAIN), transcript("P002", replies=NAMED))) is None
    found = ask(case(transcript("P010", replies=PLAIN), transcript("P002", replies=NAMED)))
    assert found is not None
    assert found.first == "P011"


def test_used_numbers_are_not_recommended_again() -> None:
    known = case(transcript("P001", replies=PLAIN))
    found = ask(replace(known, sessions=(SessionId("P001"), SessionId("P003"), SessionId("T009"))))
    assert found is not None
    assert found.first == "P004"


def test_above_is_the_other_side() -> None:
    rule = Rule(
        comparison="above",
        scorer="truncation",
        version=1,
        quantity="cut",
        threshold=0.5,
        predict=Expected("at-most", 0.5, 3),
    )
    assert ask(case(transcript("P001", replies=PLAIN, finish="length")), rule) is not None
    assert ask(case(transcript("P001", replies=PLAIN, finish="stop")), rule) is None


def test_an_open_recommendation_is_not_repeated() -> None:
    both = transcript("P001", replies=PLAIN), transcript("P002", replies=PLAIN)
    assert ask(case(*both, known=[first()])) is None
    assert ask(case(*both, known=[first()], verdict="accepted")) is None


@pytest.mark.parametrize(
    ("now", "verdict", "newest"),
    [(NOW, "declined", "P009"), (NOW, "accepted", "P005"), (NOW + timedelta(days=8), None, "P002")],
)
def test_a_closed_one_may_be_followed_by_another(now: object, verdict: str | None, newest: str) -> None:
    known = case(transcript("P001", replies=PLAIN), transcript(newest, replies=PLAIN), known=[first()], verdict=verdict)
    found = ask(known, now=now)
    assert found is not None
    assert found.first.number == SessionId(newest).number + 1


@pytest.mark.parametrize(("now", "verdict"), [(NOW, "declined"), (NOW + timedelta(days=8), None)])
def test_the_same_session_is_no_reason_twice(now: object, verdict: str | None) -> None:
    assert ask(case(transcript("P001", replies=PLAIN), known=[first()], verdict=verdict), now=now) is None


def test_what_was_recommended_to_another_host_does_not_count() -> None:
    other = first().model_copy(update={"to": HostName("willow")})
    assert ask(case(transcript("P001", replies=PLAIN), known=[other])) is not None


def test_the_first_rule_that_fires_wins() -> None:
    silent = Rule(name="silent", threshold=0.0)
    found = ask(case(transcript("P001", replies=PLAIN)), silent, Rule(name="one"), Rule(name="two"))
    assert found is not None
    assert found.rule == "one"


def test_only_declared_interventions_and_fitting_parameters_are_recommended() -> None:
    known = case(transcript("P001", replies=PLAIN))
    with pytest.raises(UndeclaredIntervention):
        ask(known, Rule(recommend=Remedy(version=9)))
    with pytest.raises(ParametersRefused):
        ask(known, Rule(recommend=Remedy(parameters={"exemplars": 99})))
    with pytest.raises(ParametersRefused):
        ask(case(transcript("P001", replies=PLAIN, mind="<|im_start|>")))


def test_rules_can_be_checked_before_any_data() -> None:
    bad = [
        Rule(name="a", scorer="guess"),
        Rule(name="b", track="training"),
        Rule(name="c", recommend=Remedy(intervention="obey")),
        Rule(name="d", recommend=Remedy(parameters={"volume": 11})),
        Rule(name="e", scorer="truncation", version=1, quantity="rate"),
        Rule(name="f", predict=Expected(sessions=5), recommend=Remedy(sessions=4)),
    ]
    told = list(faults([Rule(), *bad], CURRICULUM))
    assert [one.split(":")[0] for one in told] == ["rule a", "rule b", "rule c", "rule d", "rule e", "rule f"]
