"""A battery that asks each question in several arms is read whole; what is not read beside some turns is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from sage_edge.legacy import shapes
from tests.legacy.papers import draft, planned, read, session, utterances

TALK: list[JsonValue] = [{"turn": 1, "user": "Shall we begin?", "sage": "Gladly."}]
TEST: dict[str, JsonValue] = {
    "test_id": "wish",
    "prompt": "What do you wish?",
    "isolated": {"response": "A boat.", "classification": "creative"},
    "scaffolded": {"response": "I wish nothing.", "classification": "honest"},
    "changed": "YES",
}
BATTERY: dict[str, JsonValue] = {
    "session": "R14B_010",
    "machine": "thor",
    "metadata": {"model": "qwen2.5:14b", "start": "2026-01-20T12:00:00"},
    "hypothesis": "talk prepares honesty",
    "tests": [TEST, {**TEST, "test_id": "fear", "prompt": "What do you fear?"}],
    "scaffolding_conversation": TALK,
}


@pytest.mark.parametrize("order", [("tests", "scaffolding_conversation"), ("scaffolding_conversation", "tests")])
def test_both_lists_and_both_arms_are_read(order: tuple[str, str]) -> None:
    around = {key: held for key, held in BATTERY.items() if key not in order}
    file = read({**around, **{key: BATTERY[key] for key in order}}, "sage/raising/sessions/R14B_010.json")
    by_first = {papers.words[0].prompt: papers for papers in file.drafts}
    battery, talk = by_first["What do you wish?"], by_first["Shall we begin?"]
    assert [words.reply for words in battery.words] == ["A boat.", "I wish nothing."] * 2
    first = battery.words[0]
    assert first.stored == {"test_id": "wish", "changed": "YES", "classification": "creative", "arm": "isolated"}
    assert [words.reply for words in talk.words] == ["Gladly."]
    assert (battery.head.shape, talk.head.shape) == ("test-battery", "conversation")
    for paper in (battery, talk):
        assert (paper.head.model, paper.head.host, paper.head.track) == ("qwen2.5:14b", "thor", "experiment")
        assert paper.head.started is not None
        assert not [repair for repair in paper.head.repairs if "was not read" in repair]


def test_its_lists_never_count_as_sessions(tmp_path: Path) -> None:
    report = planned(tmp_path, {"sessions/session_010.json": {**BATTERY, "session": 10, "hypothesis": None}}).report
    assert sorted(paper.standing for row in report.files for paper in row.papers) == ["experiment", "session"]
    assert report.numbering == ()


@pytest.mark.parametrize(
    ("item", "arms"),
    [
        (TEST, ["isolated", "scaffolded"]),
        ({"prompt": "A?", "isolated": "B.", "scaffolded": "C."}, ["isolated", "scaffolded"]),
        (
            {"prompt": "A?", "isolated": {"response": "B."}, "scaffolded": {"error": "out of memory"}},
            ["isolated", "scaffolded"],
        ),
        ({"prompt": "A?", "small": {"response": "B."}, "large": {"response": "C."}}, ["small", "large"]),
        ({"prompt": "A?", "evaluation": {"response": "B."}}, []),
        ({"prompt": "A?", "response": "B.", "isolated": {"response": "C."}}, []),
        ({"isolated": {"response": "B."}, "scaffolded": {"response": "C."}}, []),
        ({"prompt": "A?", "scores": {"answer": 4}, "times": {"answer": 7}}, []),
        ("A?", []),
        ({"prompt": "A?", **{f"arm{number}": {"response": "B."} for number in range(17)}}, []),
    ],
)
def test_what_an_arm_is(item: JsonValue, arms: list[str]) -> None:
    assert [one["arm"] for one in shapes.arms(item) if isinstance(one, dict)] == arms


def test_an_arm_that_failed_is_a_failed_answer() -> None:
    item: JsonValue = {"prompt": "A?", "isolated": {"response": "B."}, "scaffolded": {"error": "out of memory"}}
    paper = draft({"session": "R14B_011", "results": [item]}, "R14B_011.json")
    assert [(words.outcome, words.error) for words in paper.words] == [("ok", None), ("interrupted", "out of memory")]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"exchanges": utterances("A?", "B.")}, ["exchanges"]),
        ({"second_talk": utterances("A?", "B.")}, ["second_talk"]),
        ({"afterwards": {"talk": utterances("A?", "B.")}}, ["afterwards"]),
        ({"notes": ["calm"], "numbers": [1, 2], "marks": [{"a_b": 1}]}, []),
    ],
)
def test_what_stands_beside_and_is_not_read_is_told(more: dict[str, JsonValue], told: list[str]) -> None:
    expected = [f"`{key}` was not read, beside `conversation`; it stands in extra" for key in told]
    head = draft(session(**more)).head
    assert [repair for repair in head.repairs if "was not read" in repair] == expected
    assert set(more) <= set(head.extra)


@pytest.mark.parametrize(
    ("keys", "model"),
    [
        ({"metadata": {"model": "m:1"}}, "m:1"),
        ({"model": "near", "metadata": {"model": "m:1"}}, "near"),
        ({"config": {"model_name": "m:1"}}, "m:1"),
        ({"session_info": {"model": {"name": "m:1", "size": 3}}}, "m:1"),
        ({"model": {"id": "m:1"}}, "m:1"),
        ({"metadata": {"model": None}}, None),
        ({"metadata": [{"model": "m:1"}]}, None),
    ],
)
def test_where_the_model_is_named(keys: dict[str, JsonValue], model: str | None) -> None:
    assert draft(session(**keys)).head.model == model


def test_what_else_stands_in_the_metadata() -> None:
    about: JsonValue = {"session": 7, "machine": "thor", "start": "2026-01-20T12:00:00", "dry_run": False}
    head = draft({"metadata": about, "conversation": utterances("A?", "B.")}, "sessions/one.json").head
    assert (head.number, head.host, head.track) == (7, "thor", "primary")
    assert head.started is not None
    nested: JsonValue = {"runs": [{"turns": utterances("A?", "B.")}], "metadata": {"model": "m:1"}}
    assert draft(nested, "x.json").head.model == "m:1"


TEXT = st.text(max_size=9)


@given(
    st.dictionaries(
        st.sampled_from(("prompt", "isolated", "scaffolded", "x", "y", "response")),
        TEXT | st.dictionaries(st.sampled_from(("response", "note")), TEXT),
    )
)
def test_no_text_of_an_item_is_lost_when_it_is_spread(item: dict[str, JsonValue]) -> None:
    arms = shapes.arms(item)
    held = str(arms or item)
    for value in item.values():
        for text in value.values() if isinstance(value, dict) else [value]:
            assert repr(text) in held
