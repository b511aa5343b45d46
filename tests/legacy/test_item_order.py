"""Items whose times fall: a list with the newest first is turned round, other disorder is told, no item is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from sage_edge import clock
from sage_edge.legacy.item_order import BY_PARENT, BY_TIME
from sage_edge.legacy.session_file import Draft
from tests.legacy.papers import Json, draft, read, utterances

RIGHT = [("A?", "B."), ("C?", "D.")]
LINES: Any = utterances("A?", "B.", "C?", "D.", asker="user", mind="assistant")


def at(minute: int | None, item: Any, name: str = "timestamp") -> Json:
    return {**item, **({} if minute is None else {name: f"2025-01-01T10:{minute:02d}:00Z"})}


def seen(paper: Draft) -> list[tuple[str, str]]:
    return [(words.prompt, words.reply) for words in paper.words]


def order(paper: Draft) -> list[str]:
    return [repair for repair in paper.head.repairs if "turned round" in repair or "run backwards" in repair]


@pytest.mark.parametrize("name", ["timestamp", "createdAt", "create_time", "created-at"])
def test_the_newest_first_is_turned_round(name: str) -> None:
    items: Any = [at(minute, item, name) for minute, item in enumerate(LINES)]
    paper = draft({"messages": items[::-1]}, "chat.json")
    assert (seen(paper), order(paper)) == (RIGHT, [BY_TIME])
    assert paper.head.started is not None
    assert clock.text(paper.head.started) == "2025-01-01T10:00:00.000+00:00"
    assert order(draft({"messages": items}, "chat.json")) == []


def test_the_system_needs_no_time_and_numbers_are_those_of_the_file() -> None:
    lines: list[Any] = [*(at(minute, item) for minute, item in enumerate(LINES)), at(9, {"score": 1})]
    paper = draft({"messages": [*lines[::-1], {"role": "system", "content": "Be kind."}]}, "chat.json")
    assert (seen(paper), paper.head.system) == (RIGHT, "Be kind.")
    assert paper.refused[0].startswith("item 1: no question")


def test_questions_with_their_answers_are_turned_round() -> None:
    rows: list[JsonValue] = [at(9 - number, {"prompt": f"{number}?", "response": "x"}) for number in range(3)]
    assert [asked for asked, _ in seen(draft({"results": rows}, "chat.json"))] == ["2?", "1?", "0?"]


@pytest.mark.parametrize(
    ("minutes", "back"),
    [
        ((5, 4, 3, 3), "at item 2 and at 1 more"),
        ((1, 2, 0, 3), "at item 3"),
        ((3, None, 2, 1), "at item 3 and at 1 more"),
    ],
)
def test_other_times_that_run_backwards_are_told(minutes: tuple[int | None, ...], back: str) -> None:
    paper = draft({"messages": [*map(at, minutes, LINES)]}, "chat.json")
    assert seen(paper) == RIGHT
    assert order(paper) == [f"the times of its turns run backwards {back}; the order of the file stands"]
    earliest = min(minute for minute in minutes if minute is not None)
    assert paper.head.started is not None
    assert paper.head.started.minute == earliest


def test_a_question_and_its_answer_by_two_clocks_stay() -> None:
    paper = draft({"messages": [*map(at, (5, 4), LINES)]}, "chat.json")
    assert seen(paper) == [("A?", "B.")]
    assert len(order(paper)) == 1
    assert seen(draft({"messages": [*map(at, (5, 4), LINES[1::-1])]}, "chat.json")) == [("A?", "B.")]


def test_an_hour_that_happened_twice_runs_not_backwards() -> None:
    times = ("2025-11-02T01:50:00", "2025-11-02T01:55:00", "2025-11-02T01:05:00", "2025-11-02T01:06:00")
    items: Any = [{**item, "timestamp": time} for item, time in zip(LINES, times, strict=True)]
    assert order(draft({"messages": items}, "chat.json")) == []


def test_children_before_their_parents_are_turned_round() -> None:
    items: Any = [{**item, "id": at, "parent_id": at - 1} for at, item in enumerate(LINES, start=1)]
    paper = draft({"messages": items[::-1]}, "chat.json")
    assert (seen(paper), order(paper)) == (RIGHT, [BY_PARENT])
    assert order(draft({"messages": items}, "chat.json")) == []


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from([None, 1, 2, 3, 4]), st.sampled_from(["user", "assistant", "tool"]))))
def test_every_item_is_accounted_for(items: list[tuple[int | None, str]]) -> None:
    content: Any = {"session": 3, "messages": [at(minute, {"role": who, "text": "x"}) for minute, who in items]}
    outcome = read(content)
    assert sum(paper.kept + len(paper.refused) for paper in outcome.drafts) + len(outcome.lost) == len(items)
