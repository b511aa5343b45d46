"""Messages of several sessions in one list: a paper for each, and nothing changes where there is one session."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from sage_edge.legacy.session_file import Draft
from tests.legacy.papers import read


def line(own: JsonValue, who: str, text: str, name: str = "session_id") -> JsonValue:
    return {name: own, "role": who, "content": text} if own is not None else {"role": who, "content": text}


def drafts(lines: Sequence[JsonValue], source: str = "log.jsonl") -> Sequence[Draft]:
    return read("\n".join(map(json.dumps, lines)).encode(), source).drafts


def seen(papers: Sequence[Draft]) -> list[tuple[str | None, list[tuple[str, str]]]]:
    return [(paper.head.place, [(words.prompt, words.reply) for words in paper.words]) for paper in papers]


@pytest.mark.parametrize(
    "name", ["session_id", "sessionId", "conversation_id", "thread-id", "chatId", "conversation uuid"]
)
def test_sessions_that_were_mixed_are_taken_apart(name: str) -> None:
    lines = [
        line("B", "user", "B1?", name),
        line("A", "user", "A1?", name),
        line("B", "assistant", "b1", name),
        line("A", "assistant", "a1", name),
        line("A", "tool", "x", name),
    ]
    papers = drafts(lines)
    assert seen(papers) == [("B", [("B1?", "b1")]), ("A", [("A1?", "a1")])]
    assert [paper.head.label for paper in papers] == ["log.B", "log.A"]
    assert {len(paper.head.repairs) for paper in papers} == {1}
    assert all(paper.head.repairs[0].startswith("the list holds turns of 2 sessions, by `") for paper in papers)
    assert papers[1].refused == ("item 5: it is what a tool returned; nobody says it",)


@pytest.mark.parametrize("own", [None, "A", 3, True, " "])
def test_one_session_stays_as_it_is(own: JsonValue) -> None:
    lines = [line(own, "user", "A1?"), line(None, "assistant", "a1"), line(own, "user", "A2?")]
    (paper,) = drafts(lines)
    assert (paper.head.place, len(paper.words)) == (None, 2)
    assert not any("sessions, by" in repair for repair in paper.head.repairs)


def test_an_item_without_an_id_goes_with_the_one_before_it() -> None:
    lines = [line(None, "user", "A1?"), line("A", "assistant", "a1"), line("B", "user", "B1?"), line(None, "ai", "b1")]
    papers = drafts(lines)
    assert seen(papers) == [("A", [("A1?", "a1")]), ("B", [("B1?", "b1")])]
    assert papers[0].head.repairs[0].endswith("each makes a paper; 2 items without one went with the item before")


def test_an_id_that_says_which_session_it_is_gives_its_number() -> None:
    lines = [line(own, who, "x") for own in (4, "session_005") for who in ("user", "assistant")]
    assert [paper.head.number for paper in drafts(lines)] == [4, 5]


def test_rows_of_a_table_stay_together() -> None:
    rows: list[JsonValue] = [{"session_id": at, "prompt": "A?", "response": "b"} for at in range(3)]
    assert len(drafts(rows)) == 1
    assert [len(paper.words) for paper in drafts([*rows, rows[0]])] == [2, 1, 1]


@given(st.lists(st.tuples(st.sampled_from([None, "A", "B", 3]), st.sampled_from(["user", "assistant", "tool"]))))
def test_every_item_is_accounted_for(items: list[tuple[JsonValue, str]]) -> None:
    found = read(json.dumps([line(own, who, "x") for own, who in items]).encode(), "log.json")
    if found.drafts:
        assert sum(paper.kept + len(paper.refused) for paper in found.drafts) + len(found.lost) == len(items)
