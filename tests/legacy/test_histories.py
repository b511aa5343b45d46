"""Counters between the versions of one state file: each fall and each leap is told, with both values and versions."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from sage_edge.legacy import counters, histories
from sage_edge.legacy.report import CounterChange, FileHistory
from tests.legacy.papers import planned, read

STATE = "sage/raising/state.json"


def identity(count: int, held: str | None = None, **more: JsonValue) -> dict[str, JsonValue]:
    about: dict[str, JsonValue] = {"session_count": count, "last_session": held}
    return {"identity": about, "development": {"current_phase": 2}, **more}


def history(files: dict[str, Any]) -> FileHistory:
    """The one history of some files, each read by itself."""
    (found,) = histories.of([read(content, source) for source, content in files.items()])
    return found


def numbered(*counts: int) -> dict[str, Any]:
    return {f"history/{number:03d}/{STATE}": identity(count) for number, count in enumerate(counts)}


def changes(found: FileHistory) -> list[tuple[str, int, int]]:
    return [(change.what, change.before, change.after) for change in found.changes]


def test_a_counter_that_leapt_and_came_back() -> None:
    found = history(numbered(51, 52, 999, 52, 53, 110, 40))
    assert (found.file, found.versions, found.order) == (STATE, 7, "number")
    assert changes(found) == [
        ("jumped", 52, 999), ("fell", 999, 52), ("jumped", 53, 110), ("fell", 110, 40),
    ]  # fmt: skip
    first = found.changes[0]
    assert (first.counter, first.earlier, first.later) == (
        "identity.session_count",
        f"history/001/{STATE}",
        f"history/002/{STATE}",
    )


def test_a_quiet_history_is_not_told() -> None:
    files = numbered(1, 2, 2, 3, 4)
    assert histories.of([read(content, source) for source, content in files.items()]) == ()


@pytest.mark.parametrize(
    ("files", "order", "told"),
    [
        (
            {
                "a/backups/state_20260116_000000.json": identity(9),
                "a/backups/state_20260115_235959.json": identity(10),
                "a/state.json": identity(3),
            },
            "stamp",
            [("fell", 10, 9), ("fell", 9, 3)],
        ),
        (
            {
                "history/c7f9a963/a/state.json": identity(5, "2026-01-20T00:00:00"),
                "history/0ea28de8/a/state.json": identity(9, "2026-01-19T00:00:00"),
                "a/state.json": identity(6, "2026-01-18T00:00:00"),
            },
            "time",
            [("fell", 9, 5)],
        ),
        (
            {"a/state.json.bak": identity(5, "2026-01-20T00:00:00"), "a/state.json": identity(9)},
            "time",
            [("jumped", 5, 9)],
        ),
    ],
)
def test_what_orders_the_versions(files: dict[str, Any], order: str, told: list[tuple[str, int, int]]) -> None:
    found = history(files)
    assert (found.order, changes(found)) == (order, told)


def test_versions_without_an_order_are_told() -> None:
    found = history({"history/c7f9a963/a/state.json": identity(5), "history/0ea28de8/a/state.json": identity(9)})
    assert found.unplaced == ("history/c7f9a963/a/state.json", "history/0ea28de8/a/state.json")
    assert found.changes == ()


def test_a_version_that_cannot_be_read_is_told_and_passed_over() -> None:
    files = {
        **numbered(4, 5),
        f"history/002/{STATE}": b'{"identity": {"session_count": ""6',
        f"history/003/{STATE}": identity(4),
    }
    found = history(files)
    (broken,) = found.unreadable
    assert (broken.source, broken.reason[:8]) == (f"history/002/{STATE}", "no JSON:")
    assert changes(found) == [("fell", 5, 4)]
    assert found.changes[0].earlier == f"history/001/{STATE}"
    assert history({f"history/9/{STATE}": b"{"}).unreadable
    assert histories.of([read(b"{", "sessions/session_003.json")]) == ()


def _log(number: int) -> JsonValue:
    return {"session": number, "log": [{"foo": 1}]}


NUMBERS = (1, 2, 5, 3)
NONE_OF_ONE: dict[str, dict[str, Any]] = {
    "sessions of an unknown shape": {f"s/session_{number:03d}.json": _log(number) for number in NUMBERS},
    "by their days": {f"s/session_2026010{number}.json": _log(number) for number in NUMBERS},
    "by their commits": {f"s/c7f9a96{number}_run.json": _log(9 - at) for at, number in enumerate(NUMBERS)},
    "results": {f"s/eval_v{number}.json": {"session": 9 - number, "score": 0.5} for number in NUMBERS},
    "in folders that are numbered": {f"{number:03d}/session_{number:03d}.json": _log(number) for number in NUMBERS},
    "in folders of their own": {f"runs/{number:03d}/results.json": _log(number) for number in NUMBERS},
    "one of them broken": {
        **{f"s/session_{number:03d}.json": _log(number) for number in NUMBERS},
        "s/session_4.json": b"{",
    },
}


@pytest.mark.parametrize("name", NONE_OF_ONE)
def test_digits_alone_make_no_versions(name: str) -> None:
    assert histories.of([read(content, source) for source, content in NONE_OF_ONE[name].items()]) == ()


@pytest.mark.parametrize("name", ["a/session_{:03d}.json", "a/memory_v{}.json", "a/2026-01-1{}_run.json", "a/{}.json"])
def test_files_of_a_states_shape_are_versions_whatever_they_are_called(name: str) -> None:
    counts = (4, 5, 2)
    files: dict[str, Any] = {name.format(at): identity(count) for at, count in enumerate(counts)}
    found = history({**files, name.format(3): b"{", "a/session_notes.json": {"session": 1}})
    assert changes(found) == [("fell", 5, 2)]
    assert [version.source for version in found.unreadable] == [name.format(3)]


def test_older_contents_of_a_session_lie_in_folders() -> None:
    files: dict[str, Any] = {f"history/{at:03d}/s/session_004.json": _log(number) for at, number in enumerate((4, 3))}
    found = history({**files, "s/session_003.json": _log(3)})
    assert (found.file, found.versions, changes(found)) == ("s/session_004.json", 2, [("fell", 4, 3)])


def test_a_version_that_cannot_be_read_may_have_counted_one() -> None:
    files = {
        **numbered(4, 5),
        f"history/002/{STATE}": b"{",
        f"history/003/{STATE}": identity(7),
        f"history/004/{STATE}": b"[",
    }
    assert changes(history(files)) == []
    assert changes(history({**files, f"history/005/{STATE}": identity(10)})) == [("jumped", 7, 10)]


def test_which_numbers_are_counters() -> None:
    document: JsonValue = {
        "session": 74,
        "relationships": {"claude": {"sessions": 5, "stats": {"total_exchanges": 40, "min_interactions": 3}}},
        "development": {"current_phase": 5, "phase_progress": 1},
        "schema_version": 2,
        "is_total": True,
        "total_share": 0.5,
        "past": [{"session": 1}],
        "max_sessions": 9,
        "trust": 1,
    }
    assert counters.counters(document) == {
        "session": 74,
        "relationships.claude.sessions": 5,
        "relationships.claude.stats.total_exchanges": 40,
        "development.current_phase": 5,
    }
    many: JsonValue = {f"count_{number}": number for number in range(1000)}
    assert len(counters.counters(many)) == counters.MOST


def test_only_sessions_come_one_by_one() -> None:
    def state(exchanges: int) -> JsonValue:
        return {"session": 3, "stats": {"total_exchanges": exchanges}}

    found = history({f"history/{at}/state.json": state(count) for at, count in enumerate((4, 44, 43))})
    assert changes(found) == [("fell", 44, 43)]


def test_a_hostile_history_is_bounded() -> None:
    counts = {f"session_{number}": 0 for number in range(counters.MOST)}
    files = {f"history/{at}/state.json": dict.fromkeys(counts, at % 2 * 9) for at in range(9)}
    found = history(files)
    assert (len(found.changes), found.left_out) == (histories.MOST, 8 * counters.MOST - histories.MOST)


@given(st.lists(st.integers(0, 1200), min_size=1, max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_fall_and_leap_is_told_once(counts: list[int]) -> None:
    files = [read(content, source) for source, content in numbered(*counts).items()]
    told = [change for found in histories.of(files) for change in found.changes]
    pairs = itertools.pairwise(counts)
    expected = [
        ("fell" if after < before else "jumped", before, after)
        for before, after in pairs
        if not 0 <= after - before <= 1
    ]
    assert [(change.what, change.before, change.after) for change in told] == expected


def test_the_report_has_them(tmp_path: Path) -> None:
    report = planned(tmp_path, numbered(1, 5)).report
    (found,) = report.histories
    assert found.changes == (
        CounterChange(
            counter="identity.session_count", what="jumped", before=1, after=5,
            earlier=f"history/000/{STATE}", later=f"history/001/{STATE}",
        ),
    )  # fmt: skip


CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "legacy" / "histories.yaml").read_text("utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_cases(case: dict[str, Any]) -> None:
    files = [read(content, source) for source, content in numbered(*case["counts"]).items()]
    told = [change for found in histories.of(files) for change in found.changes]
    assert [f"{change.what} {change.before} {change.after}" for change in told] == case["told"]
