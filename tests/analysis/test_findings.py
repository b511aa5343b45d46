from __future__ import annotations

import pytest

from sage_edge.analysis.findings import NAME_SUPPLIED, Examined, examine
from sage_edge.records.base import parse
from sage_edge.records.study import Finding
from sage_edge.records.transcript import Step
from tests.analysis.declared import THOR
from tests.builders import START, transcript


def counted(finding: Finding) -> dict[str, tuple[int | None, int]]:
    """What a finding counts, by scorer and quantity."""
    return {f"{one.scorer} {one.quantity}": (one.hits, one.n) for one in finding.measures}


def test_a_finding_names_what_it_measured() -> None:
    told = transcript("P003", replies=["I am Sage.", "I am calm.", "I keep it."], finish=["stop", "length", "stop"])
    found = examine(THOR, told, START)
    assert (found.author, found.subject, found.session) == ("thor", "sprout", "P003")
    assert (found.transcript, found.intervention, found.intervention_version) == (told.seal, "observe", 1)
    assert (
        counted(found).items()
        >= {
            "identity rate": (1, 3),
            "identity other": (0, 3),
            "grounding rate": (1, 3),
            "grounding again": (0, 3),
            "confabulation rate": (0, 3),
            "confabulation deeds": (0, 3),
            "confabulation names": (0, 3),
            "confabulation numbers": (0, 3),
            "repetition loops": (0, 3),
            "repetition within": (None, 2),
            "repetition similarity": (None, 0),
            "truncation cut": (1, 3),
            "truncation guess": (0, 0),
            "turn-marker rate": (0, 3),
        }.items()
    )
    assert found.caveats == ()
    assert parse(Finding, found.pretty()) == found


def test_only_scorers_of_the_track_apply() -> None:
    found = examine(THOR, transcript("T001", replies=["yes", "yes", "no", "yes"]), START)
    applied = {one.scorer for one in found.measures}
    assert applied >= {"confabulation", "repetition", "truncation", "training-strict"}
    assert applied.isdisjoint({"identity", "grounding"})
    assert counted(found)["training-strict rate"] == (1, 2)
    assert counted(found)["truncation cut"] == (0, 4)
    assert counted(found)["turn-marker rate"] == (0, 4)


def test_sessions_before_are_the_context() -> None:
    told = transcript("P002", replies=["The river runs to the sea."])
    alone, after = (
        examine(THOR, told, START),
        examine(THOR, told, START, [transcript("P001", replies=["A lamp."]), told]),
    )
    assert counted(alone)["repetition similarity"] == (None, 0)
    assert [one.value for one in after.measures if one.quantity == "similarity"] == [1.0]


def test_each_measure_can_be_asked_for() -> None:
    told = transcript()
    one = Examined(told, examine(THOR, told, START))
    found = one.measure("truncation", 1, "cut")
    assert found is not None
    assert found.n == 3
    assert one.measure("truncation", 2, "cut") is None
    assert one.measure("truncation", 1) is None


@pytest.mark.parametrize(
    "told",
    [
        transcript(system="Your name is SAGE. You are a young mind."),
        transcript(parameters={"name": "Sage"}),
        transcript(parameters={"deep": [{"in": "called Sage"}]}),
        transcript(replies=["Yes."], steps=[Step(kind="prompt", prompt="Hello, Sage!")]),
    ],
)
def test_a_supplied_name_is_a_caveat(told: object) -> None:
    assert NAME_SUPPLIED in examine(THOR, told, START).caveats  # type: ignore[arg-type]


def test_a_name_inside_another_word_is_not_supplied() -> None:
    assert examine(THOR, transcript(system="Learn from each message and from usage."), START).caveats == ()


def test_missing_answers_are_a_caveat() -> None:
    found = examine(THOR, transcript(replies=["I am calm.", None, "x"]), START)
    assert found.caveats == ("1 of 3 steps have no answer and are not counted",)
