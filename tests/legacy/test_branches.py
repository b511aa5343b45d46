"""A talk that forks: one path of it makes the paper, what lies off it is told, and no item is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_edge.legacy.session_file import Draft
from tests.legacy.papers import Json, draft, read

OFF = "it lies off the path that was followed"


def turn(own: str, parent: str | None, who: str, text: str, at: int | None = None, **more: Any) -> Json:
    stamp: Json = {} if at is None else {"created_at": f"2026-01-02T03:04:{at:02d}Z"}
    return {"uuid": own, "parent_message_uuid": parent, "sender": who, "text": text, **stamp, **more}


FORKED: Any = [
    turn("1", "0", "human", "Who are you?", 5),
    turn("2", "1", "assistant", "I am Bob.", 6),
    turn("3", "1", "assistant", "I am Sage.", 9),
    turn("4", "3", "human", "What do you see?", 12),
    turn("5", "4", "assistant", "A garden.", 13),
    turn("6", "3", "human", "What do you hear?", 20),
    turn("7", "6", "assistant", "Rain.", 21),
]
NEWEST = [("Who are you?", "I am Sage."), ("What do you hear?", "Rain.")]
NAMED = [("Who are you?", "I am Sage."), ("What do you see?", "A garden.")]


def seen(paper: Draft) -> list[tuple[str, str]]:
    return [(words.prompt, words.reply) for words in paper.words]


def test_the_newest_end_is_followed_and_the_rest_is_told() -> None:
    paper = draft({"session": 3, "chat_messages": FORKED})
    assert seen(paper) == NEWEST
    assert paper.refused == tuple(f"item {number}: {OFF}" for number in (2, 4, 5))
    assert "3 of 7 items lie off the path to the newest end" in paper.head.repairs


@pytest.mark.parametrize(
    ("names"), [("uuid", "parentUuid"), ("id", "parent_id"), ("id", "parent"), ("message-id", "Parent-Id")]
)
def test_under_every_name(names: tuple[str, str]) -> None:
    renamed: Any = [
        {{"uuid": names[0], "parent_message_uuid": names[1]}.get(key, key): held for key, held in item.items()}
        for item in FORKED
    ]
    assert seen(draft(renamed, "chat.json")) == NEWEST


def test_the_time_says_what_is_newest_where_every_end_has_one() -> None:
    turned: Any = [*FORKED[:3], *FORKED[5:], *FORKED[3:5]]
    assert seen(draft({"session": 3, "chat_messages": turned})) == NEWEST
    timeless: Any = [{key: held for key, held in item.items() if key != "created_at"} for item in turned]
    assert seen(draft({"session": 3, "chat_messages": timeless})) == NAMED


def test_the_end_that_the_file_names_is_followed() -> None:
    paper = draft({"session": 3, "current_leaf_message_uuid": "5", "chat_messages": FORKED})
    assert seen(paper) == NAMED
    assert "3 of 7 items lie off the path to the item that the file names" in paper.head.repairs
    inner = draft({"session": 3, "current_leaf_message_uuid": "3", "chat_messages": FORKED})
    assert seen(inner) == NEWEST[:1]


def inside(current: str | None) -> list[Any]:
    """The talk as llama.cpp's page exports it: a head, then each message within an object."""
    items = [
        {"type": "message", "message": {"id": own["uuid"], "parent": own["parent_message_uuid"], **said(own)}}
        for own in FORKED
    ]
    return [{"type": "session", "id": "s", "currNode": current, "name": "t"}, *items]


def said(own: Json) -> Json:
    who = {"human": "user"}.get(str(own["sender"]), own["sender"])
    return {"role": who, "content": own["text"], "timestamp": own["created_at"]}


@pytest.mark.parametrize(
    ("current", "kept"), [("5", NAMED), ("7", NEWEST), ("", NEWEST), (None, NEWEST), ("9", NEWEST)]
)
def test_a_message_within_an_item_says_where_it_hangs(current: str | None, kept: list[tuple[str, str]]) -> None:
    paper = draft(inside(current), "conversation.json")
    assert seen(paper) == kept
    assert sum(OFF in sentence for sentence in paper.refused) == 3


def test_the_end_is_named_in_an_object_beside_the_items() -> None:
    messages: Any = [item["message"] for item in inside(None)[1:]]
    for name, at in (("currNode", "conv"), ("currentId", "history")):
        assert seen(draft({at: {"id": "s", name: "5"}, "messages": messages}, "chat.json")) == NAMED


def test_a_number_around_a_message_is_not_its_place() -> None:
    """Where the item itself names the one before it, what stands within counts nothing."""
    items: Any = [{**item, "id": item["uuid"], "message": {"id": 1, "parent": 1}} for item in FORKED]
    assert seen(draft({"session": 3, "chat_messages": items})) == NEWEST


def test_a_first_question_that_was_asked_anew() -> None:
    items: Any = [
        turn("1", "0", "human", "Old?"),
        turn("2", "1", "assistant", "Old."),
        turn("3", "0", "human", "New?"),
        turn("4", "3", "assistant", "New."),
    ]
    assert seen(draft({"session": 3, "chat_messages": items})) == [("New?", "New.")]


@pytest.mark.parametrize(
    "items",
    [
        [turn("1", "0", "human", "A?"), turn("2", "1", "assistant", "B."), turn("3", "2", "human", "C?")],
        [turn("1", None, "human", "A?"), turn("2", "1", "assistant", "B."), turn("3", None, "human", "C?")],
        [turn("1", "g", "human", "A?"), turn("2", "g", "assistant", "B."), turn("3", "g", "human", "C?")],
        [turn("1", "2", "human", "A?"), turn("2", "1", "assistant", "B."), turn("3", "2", "human", "C?")],
        [turn("1", "0", "human", "A?"), turn("2", "1", "assistant", "B."), turn("2", "1", "human", "C?")],
        [turn("1", "0", "human", "A?"), {"uuid": "2", "parent_message_uuid": "1"}, turn("3", "1", "assistant", "B.")],
    ],
    ids=["a line", "two beginnings", "a group", "a circle", "one id twice", "a branch without words"],
)
def test_what_does_not_fork_stays_as_it_is(items: Any) -> None:
    paper = draft({"session": 3, "messages": items})
    assert not any("off the path" in reason for reason in (*paper.refused, *paper.head.repairs))


def node(own: str, parent: str | None, children: list[str], role: str | None, text: str = "") -> Json:
    said: Any = role and {
        "id": own,
        "author": {"role": role, "name": None},
        "content": {"content_type": "text", "parts": [text]},
    }
    return {"id": own, "parent": parent, "children": children, "message": said}


TREE: Json = {
    "5": node("5", "3", [], "assistant", "New."),
    "0": node("0", None, ["1"], None),
    "1": node("1", "0", ["3"], "system", "Be kind."),
    "3": node("3", "1", ["4", "5"], "user", "Who?"),
    "4": node("4", "3", [], "assistant", "Old."),
}


@pytest.mark.parametrize(("current", "reply"), [("5", "New."), ("4", "Old.")])
def test_a_tree_of_messages(current: str, reply: str) -> None:
    paper = draft([{"title": "t", "mapping": TREE, "current_node": current}], "conversations.json")
    assert (seen(paper), paper.head.system) == ([("Who?", reply)], "Be kind.")
    assert len(paper.refused) == 1
    assert paper.refused[0].endswith(OFF)


def test_a_message_for_a_tool_is_a_call_and_no_answer() -> None:
    tree: Any = {
        "1": node("1", "0", ["2"], "user", "Search."),
        "2": node("2", "1", ["3"], "assistant", '{"query": "mail"}'),
        "3": node("3", "2", [], "assistant", "There is nothing."),
    }
    both = [("Search.", '{"query": "mail"}'), ("", "There is nothing.")]
    for to, kept in (("all", both), ("", both), (None, both), ("api_tool.call", [("Search.", "There is nothing.")])):
        tree["2"]["message"]["recipient"] = to
        paper = draft({"session": 3, "mapping": tree, "current_node": "3"}, "conversations.json")
        assert seen(paper) == kept
        assert paper.refused == (("item 2: nothing is said in it; it holds tool_calls",) if kept is not both else ())


@pytest.mark.parametrize(
    "mapping", [{}, {"a": 1}, {"a": {"message": {"role": "user", "content": "A?"}}}, [TREE], {"0": TREE["0"]}]
)
def test_another_mapping_is_no_tree(mapping: Any) -> None:
    assert not read({"mapping": mapping}, "x.json").drafts


IDS = st.sampled_from([None, "1", "2", "3", "4", 5])


@settings(max_examples=30)
@given(st.lists(st.tuples(IDS, IDS, st.sampled_from(["human", "assistant", "tool"])), max_size=8), IDS)
def test_every_item_is_accounted_for(links: list[tuple[Any, Any, str]], current: Any) -> None:
    items: Any = [turn(own, parent, who, "x") for own, parent, who in links]
    found = read({"session": 3, "current_node": current, "messages": items})
    assert sum(paper.kept + len(paper.refused) for paper in found.drafts) + len(found.lost) == len(items)
    mapped: Any = {
        str(at): {"message": item, "parent": str(item["parent_message_uuid"]), "children": []}
        for at, item in enumerate(items)
    }
    tree = read({"session": 3, "mapping": mapped}, "x.json")
    assert sum(paper.kept + len(paper.refused) for paper in tree.drafts) + len(tree.lost) in (0, len(items))


def test_a_deep_chat_and_a_wide_one_are_followed_at_once() -> None:
    deep = [turn(str(at), str(at - 1), "human" if at % 2 else "assistant", "x") for at in range(1, 301)]
    wide = [turn(f"w{at}", str(at), "assistant", "y") for at in range(1, 301)]
    found = read(json.dumps({"session": 3, "messages": [*wide, *deep]}).encode())
    assert len(found.drafts[0].refused) in (299, 300)


def test_questions_with_their_answers_are_kept_wherever_they_hang() -> None:
    rows: Any = [{"id": at, "parent_id": 0 if at else None, "prompt": "A?", "response": "b"} for at in range(3)]
    assert len(draft(rows, "rows.json").words) == 3


def nested(who: str, text: str, *below: Json, name: str = "children", **more: Any) -> Json:
    return {"sender": who, "text": text, **more, name: list(below)}


@pytest.mark.parametrize("name", ["children", "replies"])
@pytest.mark.parametrize("around", [None, "messages", "talk", "thread"])
def test_turns_that_hang_below_others_are_read(name: str, around: str | None) -> None:
    end = nested("User", "And?", nested("Sage", "Two.", name=name), name=name)
    top: Any = nested("User", "Who?", nested("Sage", "One.", end, name=name), name=name)
    content: Any = top if around is None else {"title": "t", around: top if around == "thread" else [top]}
    paper = draft(content, "chat.json")
    assert seen(paper) == [("Who?", "One."), ("And?", "Two.")]
    assert (paper.kept, paper.refused) == (4, ())
    assert any("hung below others" in repair for repair in paper.head.repairs)
    assert not any("not read" in repair for repair in paper.head.repairs)


@pytest.mark.parametrize(("times", "kept"), [((None, None), "New."), ((5, 2), "Old."), ((2, 5), "New.")])
def test_of_turns_below_the_same_one_is_followed(times: tuple[int | None, int | None], kept: str) -> None:
    stamps: list[Any] = [{} if at is None else {"createdAt": f"2026-01-02T03:04:{at:02d}Z"} for at in times]
    answers = [nested("Sage", text, **stamp) for text, stamp in zip(("Old.", "New."), stamps, strict=True)]
    paper = draft({"messages": [nested("User", "Who?", *answers)]}, "chat.json")
    assert seen(paper) == [("Who?", kept)]
    assert len(paper.refused) == 1
    assert paper.refused[0].endswith(OFF)


def test_a_first_question_asked_anew_that_hangs_below_none() -> None:
    first, second = (
        nested("User", f"{word}?", nested("Sage", f"{word}.", messageId=f"{word}2", parentMessageId=word))
        | {"messageId": word, "parentMessageId": "0"}
        for word in ("Old", "New")
    )
    assert seen(draft({"messages": [first, second]}, "chat.json")) == [("New?", "New.")]


def test_turns_within_items_that_nobody_reads_are_told() -> None:
    inner: Any = {"talk": [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "B."}]}
    rows: Any = [{"prompt": "Who?", "response": "Sage.", "log": inner, "hits": [{"name": "a", "text": "b"}]}]
    paper = draft({"session": 3, "results": rows})
    assert "turns within items, under `log`, were not read; they stand in stored" in paper.head.repairs
    assert not any("`hits`" in repair for repair in paper.head.repairs)
