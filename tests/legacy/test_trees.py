"""Turns of several trees in one list: a paper for each, side chains apart, and nothing changes where there is one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_edge.legacy.session_file import Draft
from sage_edge.legacy.trees import MARKED
from tests.legacy.papers import Json, planned, read


def line(own: str | None, parent: str | None, who: str, content: Any, *, side: bool | None = False) -> Json:
    """A line of Claude Code's log; side: None says nothing of it."""
    mark: Json = {} if side is None else {"isSidechain": side}
    return {"type": who, "uuid": own, "parentUuid": parent, **mark, "message": {"role": who, "content": content}}


CALL: Any = [{"type": "tool_use", "name": "Task", "input": {}}]
RETURNED: Any = [{"type": "tool_result", "content": "ok"}]
LOG: list[Json] = [
    {"type": "summary", "summary": "s", "leafUuid": "u4"},
    line("u1", None, "user", "Do it."),
    line("x1", None, "user", "Look."),
    line("u2", "u1", "assistant", CALL),
    line("x2", "x1", "assistant", "I see."),
    line("y1", None, "user", "Hear."),
    line("x3", "x2", "assistant", RETURNED),
    line("y2", "y1", "assistant", "I hear."),
    line("u3", "u2", "user", RETURNED),
    line("u4", "u3", "assistant", "Done."),
]


def log(*, side: bool | None) -> list[Json]:
    return [
        {**item, "isSidechain": side} if side and str(item.get("uuid")).startswith(("x", "y")) else item for item in LOG
    ]


def drafts(lines: list[Any], source: str = "log.jsonl") -> tuple[Draft, ...]:
    return read("\n".join(map(json.dumps, lines)).encode(), source).drafts


def seen(papers: tuple[Draft, ...]) -> list[tuple[str | None, list[tuple[str, str]]]]:
    return [(paper.head.place, [(words.prompt, words.reply) for words in paper.words]) for paper in papers]


def numbers(paper: Draft) -> list[str]:
    return [reason.partition(":")[0] for reason in paper.refused]


@pytest.mark.parametrize("side", [True, False])
def test_trees_that_interleave_make_a_paper_each(side: bool) -> None:
    papers = drafts([item for item in log(side=side) if "uuid" in item or side])
    assert seen(papers) == [
        (None, [("Do it.", "Done.")]),
        ("x1", [("Look.", "I see.")]),
        ("y1", [("Hear.", "I hear.")]),
    ]
    assert [MARKED in paper.head.repairs for paper in papers] == [False, side, side]


def test_a_side_chain_is_told_and_counts_for_no_session() -> None:
    papers = drafts(log(side=True))
    assert all("the list holds 2 side chains, as marked; each makes a paper" in paper.head.repairs for paper in papers)
    assert [numbers(paper) for paper in papers] == [["item 1", "item 4", "item 9"], ["item 7"], []]
    assert sum(paper.kept + len(paper.refused) for paper in papers) == len(LOG)


def test_a_side_chain_takes_no_number(tmp_path: Any) -> None:
    content = "\n".join(map(json.dumps, log(side=True))).encode()
    (row,) = planned(tmp_path, {"sessions/session_003.jsonl": content}).report.files
    assert [paper.standing for paper in row.papers] == ["session", "experiment", "experiment"]
    assert row.papers[1].why == "it stands beside the first turns of its file, in a battery or as a side chain"
    assert not any("number-claimed-twice" in paper.remarks for paper in row.papers)


def test_interleaving_is_told() -> None:
    told = "the list holds 3 trees of turns that interleave, by their parents; each makes a paper"
    assert all(told in paper.head.repairs for paper in drafts(log(side=False)))


@pytest.mark.parametrize("parent", [None, "u1", "gone"])
def test_a_side_chain_is_apart_wherever_it_hangs_and_stands(parent: str | None) -> None:
    side = [line("x1", parent, "user", "Look.", side=True), line("x2", "x1", "assistant", "I see.", side=True)]
    main = [line("u1", None, "user", "Do it.", side=None), line("u2", "u1", "assistant", "Done.", side=None)]
    for lines in ([*main, *side], [main[0], *side, main[1]], [main[0], side[0], main[1], side[1]]):
        assert seen(drafts(lines))[0] == (None, [("Do it.", "Done.")])
        assert [words for _, words in seen(drafts(lines))[1:]] == [[("Look.", "I see.")]]
    first = drafts([*side, *main])
    assert sorted(words[0] for _, words in seen(first)) == [("Do it.", "Done."), ("Look.", "I see.")]


@pytest.mark.parametrize("parent", [None, "u1", "gone"])
def test_side_chains_below_the_same_item_are_two(parent: str | None) -> None:
    """What called them may be missing; of a talk that forks, one path alone would be followed."""
    sides = [
        [line(f"{name}1", parent, "user", f"{name}?", side=True), line(f"{name}2", f"{name}1", "ai", name, side=True)]
        for name in "xy"
    ]
    lines = [line("u1", None, "user", "Do it."), *sides[0], *sides[1], line("u2", "u1", "assistant", "Done.")]
    papers = [("x1", [("x?", "x")]), ("y1", [("y?", "y")])]
    assert seen(drafts(lines)) == [(None, [("Do it.", "Done.")]), *papers]


def test_an_id_in_both_talks_mixes_them_not() -> None:
    lines = [line("1", None, "user", "Look.", side=True), line("1", "1", "assistant", "Done.")]
    assert sorted(words for _, words in seen(drafts(lines))) == [[("", "Done.")], [("Look.", "")]]


def test_a_side_chain_needs_no_ids_and_stands_in_any_list() -> None:
    lines: list[Any] = [
        {"role": "user", "content": "Do it."},
        {"role": "user", "content": "Look.", "is_sidechain": True},
        {"role": "assistant", "content": "I see.", "is_sidechain": True},
        {"role": "assistant", "content": "Done."},
    ]
    papers = read({"session": 3, "note": "n", "messages": lines}).drafts
    assert [words for _, words in seen(papers)] == [[("Do it.", "Done.")], [("Look.", "I see.")]]
    assert [paper.head.extra for paper in papers] == [{"session": 3, "note": "n"}, {}]


def test_a_file_that_is_one_side_chain_is_told() -> None:
    lines = [line("x1", None, "user", "Look.", side=True), line("x2", "x1", "assistant", "I see.", side=True)]
    (paper,) = drafts(lines)
    assert (paper.head.place, paper.head.repairs, paper.is_beside) == (None, (MARKED,), False)


@pytest.mark.parametrize(
    "lines",
    [
        [line("1", None, "user", "A?"), line("2", "1", "assistant", "a"), line("3", None, "user", "B?")],
        [line("1", "0", "user", "A?"), line("2", "1", "assistant", "a"), line("3", "gone", "user", "B?")],
        [line("1", "2", "user", "A?"), line("2", "1", "assistant", "a"), line("3", "2", "user", "B?")],
        [line("1", None, "user", "A?"), line("t", None, "user", RETURNED), line("2", "1", "assistant", "a")],
    ],
    ids=["one after the other", "a gap", "a circle", "a tree without words"],
)
def test_what_does_not_interleave_stays_together(lines: list[Json]) -> None:
    assert len(drafts(lines)) == 1


def test_only_what_interleaves_is_taken_apart() -> None:
    lines = [
        *(line("1", None, "user", "A?"), line("2", "1", "assistant", "a")),
        *(line("3", None, "user", "B?"), line("5", None, "user", "C?"), line("4", "3", "assistant", "b")),
        *(line("6", "5", "assistant", "c"), line("7", None, "user", "D?"), line("8", "7", "assistant", "d")),
    ]
    assert [(place, len(words)) for place, words in seen(drafts(lines))] == [(None, 2), ("3", 1), ("5", 1)]


IDS = st.sampled_from([None, "1", "2", "3", "4"])
ITEMS = st.tuples(IDS, IDS, st.sampled_from(["user", "assistant", "tool"]), st.sampled_from([None, False, True]))


@settings(max_examples=40)
@given(st.lists(ITEMS, max_size=8))
def test_every_item_is_accounted_for(items: list[tuple[Any, Any, str, Any]]) -> None:
    lines: Any = [line(own, parent, who, "x", side=side) for own, parent, who, side in items]
    found = read({"session": 3, "messages": lines})
    assert sum(paper.kept + len(paper.refused) for paper in found.drafts) + len(found.lost) == len(lines)
