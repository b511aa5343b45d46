"""What is wrong with a declared trial: every fault by its key, and none in one that is good."""

from __future__ import annotations

from typing import Any

import pytest

from sage_edge.analysis.trials import checks
from sage_edge.trials import load
from tests.analysis.declared import CURRICULUM
from tests.fakes import FLEET
from tests.trials import made

KINDS = ("primary", "training")
SHIPPED = load(FLEET)
ARMS: list[dict[str, Any]] = made.CARD["arms"]
OUTCOME: dict[str, Any] = made.CARD["outcome"]
MEMORY = {"name": "remembering", "intervention": "identity-anchored", "version": 2}


def of(**changed: Any) -> dict[str, str]:
    return dict(checks.faults(made.card(**changed), CURRICULUM, KINDS))


def test_a_good_one_has_none() -> None:
    assert of() == {}


@pytest.mark.parametrize(
    ("changed", "key", "says"),
    [
        ({"track": "probe"}, "track", "no kind of session named 'probe'"),
        ({"outcome": {**OUTCOME, "scorer": "mood"}}, "outcome.scorer", "no scorer mood/2"),
        ({"outcome": {**OUTCOME, "version": 9}}, "outcome.scorer", "no scorer identity/9"),
        ({"outcome": {**OUTCOME, "quantity": "joy"}}, "outcome.quantity", "no quantity 'joy', only rate, other"),
        ({"track": "training"}, "outcome.scorer", "does not apply to training sessions"),
        ({"harm": {**OUTCOME, "scorer": "mood"}}, "harm.scorer", "no scorer mood/2"),
        ({"decoupled": {**OUTCOME, "scorer": "mood"}}, "decoupled.scorer", "no scorer mood/2"),
        ({"decoupled": None}, "decoupled", "is missing: an arm inserts what the outcome counts"),
        ({"decoupled": OUTCOME}, "decoupled.scorer", "identity counts words that an arm inserts"),
        ({"arms": [ARMS[0], {**ARMS[1], "version": 7}]}, "arms[1]", "identity-anchored"),
        ({"arms": [ARMS[0], {**ARMS[1], "parameters": {"mood": 1}}]}, "arms[1]", "mood"),
        ({"arms": [{**ARMS[0], "intervention": "obey"}, ARMS[1]]}, "arms[0]", "obey"),
        ({"arms": [ARMS[0], {**ARMS[1], "inserts": False}]}, "arms[1].inserts", "it has to say so"),
        ({"arms": [ARMS[0], MEMORY]}, "arms[1].inserts", "remembering puts words into prompts that identity counts"),
    ],
)
def test_what_does_not_hold_is_named(changed: dict[str, Any], key: str, says: str) -> None:
    wrong = of(**changed)
    assert says in wrong[key], wrong


ANCHORED = ("anchored-partnership", "anchored-pattern", "anchored-summaries", "anchored-ontology")


@pytest.mark.parametrize("name", ANCHORED)
def test_each_version_of_the_predecessors_anchoring_is_held_against_the_one_before(name: str) -> None:
    card = SHIPPED[name]
    control, arm = card.arms
    assert arm.intervention == name
    assert control.intervention == ("identity-anchored", *ANCHORED)[ANCHORED.index(name)]
    assert arm.inserts
    assert card.decoupled is not None
    assert dict(checks.faults(card, CURRICULUM, KINDS)) == {}
    unlabelled = card.model_copy(
        update={"arms": tuple(each.model_copy(update={"inserts": False}) for each in card.arms)}
    )
    of_its_words = card.outcome.scorer != "confabulation"
    assert bool(dict(checks.faults(unlabelled, CURRICULUM, KINDS))) == of_its_words
    alone = card.model_copy(update={"decoupled": None})
    assert dict(checks.faults(alone, CURRICULUM, KINDS)).keys() == {"decoupled"}
