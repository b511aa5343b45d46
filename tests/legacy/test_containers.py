"""Where a document holds its turns: under six known names, under any name, or further in."""

from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from sage_edge.legacy.containers import KNOWN, Container, find
from tests.legacy.papers import DRILLS, read, session, training, utterances

TALK = utterances("A?", "B.")
PAIRS: list[JsonValue] = [{"prompt": "A?", "response": "B."}]


def only(value: JsonValue) -> Container:
    (found,) = find(value).containers
    return found


@pytest.mark.parametrize("key", KNOWN)
def test_every_known_name(key: str) -> None:
    found = only({"session": 1, key: TALK})
    assert (found.key, found.items, found.owner, found.place) == (key, TALK, {"session": 1}, None)


def test_turns_may_be_a_number() -> None:
    found = only(session(turns=4))
    assert found.key == "conversation"
    assert found.owner["turns"] == 4


def test_the_first_name_with_turns_counts() -> None:
    assert only({"turns": TALK, "results": PAIRS}).key == "results"
    assert only({"conversation": [], "turns": TALK}).key == "turns"
    assert only({"conversation": [1, 2], "turns": TALK}).key == "turns"
    assert only({"results": [{"score": 1}], "turns": TALK}).key == "turns"


def test_items_that_are_no_turns_come_along() -> None:
    assert only({"conversation": [*TALK, 7]}).items == [*TALK, 7]
    assert only({"results": [{"score": 1}]}).items == [{"score": 1}]


def test_exercises_stand_beside() -> None:
    found = only(training())
    assert (found.key, len(found.items), len(found.exercises)) == ("conversation", 6, 3)
    assert "exercises" not in found.owner
    alone = only({"session": "T001", "exercises": list(DRILLS)})
    assert (alone.key, alone.items, len(alone.exercises)) == ("exercises", [], 3)


@pytest.mark.parametrize(
    ("value", "is_found"),
    [
        ({"dialogue": TALK}, True),
        ({"probes": PAIRS}, True),
        ({"messages": [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}]}, True),
        ({"authors": [{"name": "Ann", "text": "wrote it"}]}, False),
        ({"questions": [{"question": "A?"}]}, False),
        ({"mixed": [*TALK, 7]}, False),
    ],
)
def test_an_unknown_name_must_hold_a_conversation_beyond_doubt(value: JsonValue, is_found: bool) -> None:
    assert bool(find(value).containers) == is_found


def test_a_bare_list() -> None:
    found = only(TALK)
    assert (found.key, found.items, found.owner, found.chain) == ("", TALK, {}, ())


def test_further_in() -> None:
    value: JsonValue = {
        "machine": "thor",
        "models": [{"key": "a", "results": PAIRS}, {"key": "b", "results": PAIRS}, 3],
    }
    held = find(value)
    first, second = held.containers
    assert (first.place, second.place) == ("models.0", "models.1")
    assert first.chain == ({"key": "a"}, {"machine": "thor"})
    assert held.around == {"machine": "thor", "models": [{"paper": "models.0"}, {"paper": "models.1"}, 3]}


def test_several_sessions_in_one_file() -> None:
    held = find({"sessions": [session(1), session(2)]})
    assert [one.owner["session"] for one in held.containers] == [1, 2]
    assert [one.owner["session"] for one in find([session(1), session(2)]).containers] == [1, 2]


def test_too_far_in_is_not_looked_for() -> None:
    deep: JsonValue = {"conversation": TALK}
    for _ in range(9):
        deep = {"in": deep}
    assert find(deep).containers == ()


@pytest.mark.parametrize("value", [None, 3, "text", [], {}, [1], [[]], {"conversation": {}}, {"conversation": "x"}])
def test_nothing_to_find(value: JsonValue) -> None:
    assert find(value).containers == ()


@pytest.mark.parametrize("strange", [{"type": "summary", "summary": "s"}, 7, {"session": 3, "start": "2026-01-13"}])
def test_a_bare_list_may_hold_a_few_items_that_are_no_turns(strange: JsonValue) -> None:
    assert only([strange, *TALK]).items == [strange, *TALK]
    found = read(json.dumps([strange, *TALK]).encode(), "log.json")
    (paper,) = found.drafts
    assert (paper.words[0].reply, len(paper.refused)) == ("B.", 1)
    assert paper.refused[0].startswith("item 1: ")


@pytest.mark.parametrize(
    "value",
    [
        [7, 8, 9, *TALK],
        [7, {"speaker": "Ann", "text": "A?"}, {"speaker": "Bob", "text": "B."}],
        [{"score": 1}, {"question": "A?"}],
    ],
)
def test_a_bare_list_of_which_too_little_is_a_talk_is_none(value: JsonValue) -> None:
    assert find(value).containers == ()


def test_a_session_beside_turns_is_not_lost() -> None:
    assert [held.place for held in find([session(3), *TALK]).containers] == ["0"]
