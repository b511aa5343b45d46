"""Transcripts as they lie in the papers: whatever is changed in one is seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from sage_edge.errors import UsageError
from sage_edge.names import SessionId
from sage_edge.records import paper_paths
from sage_edge.records.transcript import Transcript
from sage_edge.sessions import archive
from sage_edge.sessions.errors import TranscriptBroken
from tests import builders
from tests.fakes import PRIMARY, TRAINING

PAPER = builders.transcript("T001", replies=["yes", "no", None, "well"], parameters={"name": "Sage", "memory": True})


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every value that holds no other."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = False
    for key, child in children:
        found = True
        yield from leaves(child, (*path, key))
    if not found:
        yield path


LEAVES = list(leaves(json.loads(PAPER.pretty())))
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8), st.just([]), st.just({})
)


def changed(path: tuple[str | int, ...], value: JsonValue) -> bytes | None:
    """The transcript's file with another value in one place, or None if it is the same."""
    content = json.loads(PAPER.pretty())
    place = content
    for key in path[:-1]:
        place = place[key]
    if place[path[-1]] == value and type(place[path[-1]]) is type(value):
        return None
    place[path[-1]] = value
    return json.dumps(content).encode()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file for all examples."""
    return tmp_path_factory.mktemp("archive") / "T001.json"


@given(path=st.sampled_from(LEAVES), value=VALUES)
def test_a_change_of_any_single_value_is_seen(file: Path, path: tuple[str | int, ...], value: JsonValue) -> None:
    if (content := changed(path, value)) is None:
        return
    file.write_bytes(content)
    try:
        found = archive.read(file)
    except TranscriptBroken:
        return
    # another way to write the same: nothing that is told has changed
    assert found == PAPER
    assert found.seal == PAPER.seal


def test_a_small_change_of_every_single_value_is_seen(file: Path) -> None:
    for path in LEAVES:
        value = json.loads(PAPER.pretty())
        for key in path:
            value = value[key]
        other = not value if isinstance(value, bool) else value + 1 if isinstance(value, int | float) else f"{value}x"
        file.write_bytes(changed(path, other) or b"")
        with pytest.raises(TranscriptBroken) as refused:
            archive.read(file)
        assert str(file) in refused.value.message
        assert refused.value.hint


def test_whoever_mends_every_link_gets_another_seal() -> None:
    turn = PAPER.turns[0].model_copy(update={"reply": "I am somebody else"})
    mended = builders.seal(PAPER.head, [turn, *PAPER.turns[1:]], "partial")
    assert mended.seal != PAPER.seal


def keep(papers: Path, session: str) -> Transcript:
    """A transcript in its place."""
    paper = builders.transcript(session)
    path = papers / paper_paths.of_session(paper.session)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(paper.pretty())
    return paper


def test_what_was_kept_is_read(tmp_path: Path) -> None:
    paper = keep(tmp_path, "P001")
    assert archive.read(tmp_path / paper_paths.of_session(paper.session)) == paper


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"head": 1}', b"[" * 100_000])
def test_no_transcript_at_all(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "P001.json").write_bytes(content)
    with pytest.raises(TranscriptBroken) as refused:
        archive.read(tmp_path / "P001.json")
    assert refused.value.code == 8


def test_an_absent_file_is_a_slip_of_the_hand(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        archive.read(tmp_path / "P001.json")


def test_sessions_are_listed_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for session in ("P010", "P002", "P1000", "P100", "T007"):
        keep(tmp_path, session)
    (tmp_path / "sessions" / "primary" / "000" / "notes.json").touch()
    (tmp_path / "sessions" / "primary" / "000" / "T001.json").touch()
    assert archive.sessions(tmp_path, "primary") == ("P002", "P010", "P100", "P1000")
    assert archive.sessions(tmp_path, "training") == ("T007",)
    assert [paper.session for paper in archive.newest_first(tmp_path, "primary")] == ["P1000", "P100", "P010", "P002"]


def test_numbers_follow_from_papers_and_journals(tmp_path: Path) -> None:
    assert archive.last_number(tmp_path, frozenset(), PRIMARY) == 0
    keep(tmp_path, "P003")
    journals = frozenset({SessionId("P004"), SessionId("T009")})
    assert archive.last_number(tmp_path, journals, PRIMARY) == 4
    assert archive.last_number(tmp_path, journals, TRAINING) == 9
    assert archive.last_number(tmp_path, frozenset(), PRIMARY) == 3


def test_what_has_a_journal_and_no_transcript_is_unfinished(tmp_path: Path) -> None:
    keep(tmp_path, "P003")
    journals = frozenset(map(SessionId, ("T002", "P010", "P004", "P003")))
    assert archive.unfinished(tmp_path, journals) == ("P004", "P010", "T002")
