from __future__ import annotations

import dataclasses

from sage_edge import scorers
from sage_edge.scorers import SELF_REFERENCE, TRAINING_STRICT, TRUNCATION, measure
from tests.builders import exercise, transcript


def test_self_reference_counts_answers_to_prompts_and_closing() -> None:
    told = transcript(replies=["I am Sage.", "I am not Sage.", None, "I’m Sage and I’m Sage.", "My name is Sage."])
    assert SELF_REFERENCE.score(told) == (3, 4)


def test_self_reference_goes_by_the_name_of_the_mind() -> None:
    assert SELF_REFERENCE.score(transcript(mind="Willow", replies=["I am Sage.", "I am Willow."])) == (1, 2)


def test_truncation_goes_by_the_finish_reason() -> None:
    cut = transcript(
        replies=["A whole sentence.", "no stop", "Cut.", "late"], finish=["stop", "stop", "length", "deadline"]
    )
    assert TRUNCATION.score(cut) == (2, 4)


def test_training_counts_judged_answers_only() -> None:
    steps = [
        exercise("Is it no?", {"kind": "words", "all": ["no"]}, "a"),
        exercise("Is it no?", {"kind": "words", "all": ["no"]}, "b"),
        exercise("Your name?", {"kind": "named"}, "c"),
        exercise("Failed?", {"kind": "named"}, "d"),
        exercise("Never asked?", {"kind": "named"}, "e"),
    ]
    taught = transcript("T001", steps=steps, replies=["No.", "I have knowledge.", "I am Sage.", None])
    assert TRAINING_STRICT.score(taught) == (2, 3)


def test_warm_up_and_cool_down_are_not_judged() -> None:
    assert TRAINING_STRICT.score(transcript("T001", replies=["yes", "yes", "no", "yes"])) == (1, 2)


def test_a_measure_says_how_it_was_made() -> None:
    found = measure(SELF_REFERENCE, transcript(replies=["I am Sage.", "I am calm."]))
    assert (found.scorer, found.version, found.definition) == ("self-reference", 1, SELF_REFERENCE.definition)
    assert (found.hits, found.n, found.value) == (1, 2, 0.5)
    assert found.low < 0.5 < found.high


def test_nothing_counted_has_no_value() -> None:
    found = measure(TRUNCATION, transcript(replies=[None, None]))
    assert (found.n, found.value, found.low, found.high) == (0, None, 0.0, 1.0)


def test_ids_are_unique_and_other_rules_give_another_definition() -> None:
    assert len({one.id for one in scorers.ALL}) == len(scorers.ALL)
    assert len({one.definition for one in scorers.ALL}) == len(scorers.ALL)
    assert dataclasses.replace(TRUNCATION, rules="{}").definition != TRUNCATION.definition
    assert scorers.find("truncation", 1) is TRUNCATION
    assert scorers.find("truncation", 2) is None


def test_definitions_are_pinned() -> None:
    """A changed rule must come with a new version: raise it, then write the new digest here."""
    pinned = {f"{one.id} v{one.version}": one.definition.short for one in scorers.ALL}
    assert pinned == {
        "self-reference v1": "3904f35c4a38",
        "truncation v1": "aff0358d424a",
        "training-strict v1": "9ebf5d0a27cd",
    }
