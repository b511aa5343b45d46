from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from sage_edge import scorers
from sage_edge.names import Slug
from sage_edge.records import dialogue
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers import EARLIER_IDENTITY, TRUNCATION, Mark, Marks, Scorer, find, measure, measures
from tests.builders import transcript
from tests.dialogues import talk

LEVEL = Scorer(
    id=Slug("level"),
    version=1,
    tracks=("primary",),
    quantities={"height": "mean", "trend": "whole"},
    rules="{}",
    score=lambda one, _: {"height": [Mark(each.turn, 0.5) for each in one.answers], "trend": [Mark(0, 0.25)]},
    context=2,
)


def test_a_measure_says_how_it_was_made() -> None:
    (found,) = measure(EARLIER_IDENTITY, talk("I am Sage.", "I am calm."))
    assert (found.scorer, found.version, found.definition) == ("identity", 1, EARLIER_IDENTITY.definition)
    assert (found.quantity, found.hits, found.n, found.value) == ("rate", 1, 2, 0.5)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.5 < found.high


def test_nothing_counted_has_no_value() -> None:
    cut, guess = measure(TRUNCATION, talk(None, None))
    assert (cut.n, cut.hits, cut.value, cut.low, cut.high) == (0, 0, None, 0.0, 1.0)
    assert (guess.n, guess.value) == (0, None)


def test_a_mean_has_no_hits_and_a_whole_no_interval() -> None:
    height, trend = measure(LEVEL, talk("a", "b", "c"))
    assert (height.quantity, height.n, height.hits, height.value) == ("height", 3, None, 0.5)
    assert (height.low, height.high) == (0.5, 0.5)
    assert (trend.quantity, trend.n, trend.value, trend.low, trend.high) == ("trend", 1, 0.25, None, None)


def test_marks_that_are_missing_are_counted_as_none() -> None:
    height, trend = measures(LEVEL, {})
    assert (height.n, height.value, trend.n, trend.value) == (0, None, 0, None)


@pytest.mark.parametrize(("context", "seen"), [(0, []), (2, [3, 4]), (9, [1, 2, 3, 4])])
def test_a_scorer_sees_no_more_than_its_context(context: int, seen: list[int]) -> None:
    found: list[int | None] = []

    def look(_: Dialogue, before: Sequence[Dialogue]) -> Marks:
        found.extend(one.number for one in before)
        return {}

    looking = dataclasses.replace(LEVEL, context=context, score=look)
    measure(looking, talk("a", number=5), [talk("a", number=number) for number in range(1, 5)])
    assert found == seen


def test_a_scorer_applies_to_its_tracks() -> None:
    assert EARLIER_IDENTITY.applies(talk("a"))
    assert not EARLIER_IDENTITY.applies(talk("a", track="training"))
    assert not EARLIER_IDENTITY.applies(dataclasses.replace(talk("a"), track=None))


def test_a_transcript_is_scored_as_a_dialogue() -> None:
    told = dialogue.of(transcript(replies=["I am Sage.", None, "I’m Sage and I’m Sage."]))
    assert EARLIER_IDENTITY.score(told, ()) == {"rate": [Mark(1, 1.0), Mark(3, 1.0)]}


def test_ids_are_unique_and_other_rules_give_another_definition() -> None:
    assert len({(one.id, one.version) for one in scorers.ALL}) == len(scorers.ALL)
    assert len({one.definition for one in scorers.ALL}) == len(scorers.ALL)
    assert dataclasses.replace(TRUNCATION, rules="{}").definition != TRUNCATION.definition
    assert find("truncation", 1) is TRUNCATION
    assert find("truncation", 2) is None


def test_definitions_are_pinned() -> None:
    """A changed rule must come with a new version: raise it, then write the digest here. A new scorer adds a line."""
    pinned = {f"{one.id} v{one.version}": one.definition.short for one in (*scorers.OURS, *scorers.EARLIER)}
    assert pinned == {
        "identity v2": "b601ca012284",
        "grounding v2": "152c0e193adb",
        "confabulation v2": "4cc95b063711",
        "repetition v1": "4abbcb16708d",
        "truncation v1": "485789273cb4",
        "turn-marker v1": "6f36449823a3",
        "training-strict v2": "9a729fe985a3",
        "identity v1": "dcb1e819b322",
        "grounding v1": "69c24e5b3ac7",
        "confabulation v1": "daa147e3d31f",
        "training-strict v1": "9ef8990661f4",
    }
