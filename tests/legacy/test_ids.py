"""What a session is called: the key first, then the file's name; the track never from the number alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from sage_edge.legacy import ids
from sage_edge.names import Track
from tests.legacy.papers import TEXT, TRAINING


def named(source: str, **keys: JsonValue) -> ids.Id:
    return ids.identify([keys], source, place=None)


@pytest.mark.parametrize(
    ("keys", "source", "expected"),
    [
        ({"session": 21}, f"{TEXT}/session_021.json", ("S021", 21, "primary")),
        ({"session": 21.0}, f"{TEXT}/session_021.json", ("S021", 21, "primary")),
        ({"session": "21"}, f"{TEXT}/session_021.json", ("S021", 21, "primary")),
        ({"session_number": 61}, f"{TEXT}/session_061.json", ("S061", 61, "primary")),
        ({"session": "T024"}, f"{TRAINING}/T024.json", ("T024", 24, "training")),
        ({"session": "T024"}, "anywhere.json", ("T024", 24, "training")),
        ({"session": 24}, f"{TRAINING}/T024.json", ("T024", 24, "training")),
        ({"session": "R14B_010"}, "sage/raising/sessions/r14b/R14B_010.json", ("R14B_010", 10, "experiment")),
        ({}, f"{TEXT}/session_117.json", ("S117", 117, "primary")),
        ({}, f"{TRAINING}/T070.json", ("T070", 70, "training")),
        ({}, "logs/R14B_007.json", ("R14B_007", 7, "experiment")),
        ({}, "sage/instances/legion-phi/training/session_002.json", ("T002", 2, "training")),
        ({"session": 2}, "sage/instances/legion-phi/sessions/session_002.json", ("S002", 2, "primary")),
        ({"session": 5}, "talk.json", ("S005", 5, None)),
        ({"session": 5, "phase": "grounding"}, "talk.json", ("S005", 5, "primary")),
        ({"session": 5}, "sage/experiments/session_005.json", ("X005", 5, "experiment")),
        ({"session": 5}, "sage/raising/tracks/sensing/sessions/5.json", ("S005", 5, None)),
        ({"session": "first meeting"}, "notes.json", ("first-meeting", None, None)),
        ({}, "conversation_20260301_120000.json", ("conversation_20260301_120000", None, "conversation")),
        ({}, "session_20260301.json", ("session_20260301", None, None)),
        ({}, "t5-small.json", ("t5-small", None, None)),
        ({}, "obsession_12.json", ("obsession_12", None, None)),
        ({"session": True}, "x.json", ("x", None, None)),
        ({"session": -3}, "x.json", ("x", None, None)),
        ({}, "你好.json", ("unnamed", None, None)),
    ],
)
def test_names(keys: dict[str, JsonValue], source: str, expected: tuple[str, int | None, Track | None]) -> None:
    found = named(source, **keys)
    assert (found.label, found.number, found.track) == expected


def test_exercises_make_it_training() -> None:
    assert ids.identify([{"session": 3}], "x.json", shape="exercises", place=None).label == "T003"


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("session_009.json", ""),
        ("session_009_experimental_dry_run.json", "experimental_dry_run"),
        ("session_009_20260301_120000.json", ""),
        ("session_009.json.bak", ""),
        ("session_009.json.backup_20260201", ""),
        ("T036_mode_negotiation_test.json", "mode_negotiation_test"),
    ],
)
def test_what_a_name_says_after_its_number(name: str, suffix: str) -> None:
    found = named(name)
    assert (found.number is not None, found.suffix) == (True, suffix)


def test_a_name_that_says_another_number_than_the_key() -> None:
    found = named(f"{TEXT}/session_012.json", session=9)
    assert (found.number, found.disagrees) == (9, True)
    assert not named(f"{TEXT}/session_009.json", session=9).disagrees


@pytest.mark.parametrize("raw", [-1, True, 10**12, "no number at all"])
def test_an_id_without_a_number_is_told(raw: JsonValue) -> None:
    assert "has no number" in str(named("x.json", session=raw).repair)


def test_nearest_first() -> None:
    found = ids.identify([{}, {"session": 4}, {"session": 5}], "x.json", place="a.0")
    assert found.number == 4


@given(
    st.one_of(st.none(), st.text(max_size=90), st.integers(), st.floats(), st.booleans()),
    st.text(min_size=1, max_size=90),
)
def test_every_id_makes_a_label(raw: JsonValue, name: str) -> None:
    found = named(name.replace("\x00", "x"), session=raw)
    assert found.label.isascii()
    assert "/" not in found.label
    assert 1 <= len(found.label) <= 80
    assert found.label[0].isalnum()
