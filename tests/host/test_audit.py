"""The audit: a changed, missing or swapped line shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge.host import audit, durable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    for number in range(5):
        audit.note(tmp_path / "audit.jsonl", "ada@desk", "deploy", f"release {number}")
    return tmp_path / "audit.jsonl"


def test_a_whole_chain_is_whole(path: Path) -> None:
    count, head, wrong = audit.check(path)
    assert (count, wrong) == (5, "")
    assert audit.note(path, "ada@desk", "deploy", "next") != head
    assert [line["n"] for line in audit.newest(path, 2)] == [5, 6]


@pytest.mark.parametrize("victim", [0, 2, 3])
def test_a_removed_line_shows(path: Path, victim: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for number, line in enumerate(lines) if number != victim))
    assert audit.check(path)[2] == f"line {victim + 1} does not follow the line before it"


@pytest.mark.parametrize("victim", range(4))
def test_a_changed_line_shows_even_with_its_crc_mended(path: Path, victim: int) -> None:
    lines = durable.read(path)
    lines[victim]["detail"] = "something else"
    path.unlink()
    for line in lines:
        durable.append(path, line)
    assert audit.check(path)[2] == f"line {victim + 2} does not follow the line before it"


def test_a_damaged_line_shows_and_does_not_stop_the_board(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"release 2", b"release X"))
    assert audit.check(path)[2] == "line 3 is damaged"
    audit.note(path, "ada@desk", "deploy", "goes on")


def test_an_empty_audit_is_whole(tmp_path: Path) -> None:
    assert audit.check(tmp_path / "none.jsonl") == (0, audit.START, "")
