"""What `files` promises, held against simulated power cuts after every single call."""

from __future__ import annotations

import os
from pathlib import Path

from sage_edge import files
from tests.kill.power import Recorder, states

DRAWS = 12
LINES = ("short", "x" * 700, "ü" * 300, "", "y" * 9_000, "the last")


def _recorded(root: Path) -> Recorder:
    root.mkdir()
    return Recorder(root)


def test_a_line_that_was_appended_survives_and_the_rest_is_cut_or_whole(tmp_path: Path) -> None:
    disk = _recorded(tmp_path / "disk")
    path = disk.root / "state" / "journals" / "P001.jsonl"
    log = files.LineLog(path)
    with disk.recording():
        files.create_exclusive(path, log.encode("head"))
        disk.ack("0")
        for number, line in enumerate(LINES, start=1):
            log.append(line)
            disk.ack(str(number))
    for left, promised in states(disk.events, tmp_path, DRAWS, seed=1):
        found = left / "state" / "journals" / "P001.jsonl"
        if not found.exists():
            assert not promised
            continue
        lines = files.LineLog(found).read()
        assert lines.bad_line is None
        assert lines.payloads == ("head", *LINES)[: len(lines.payloads)]
        assert len(lines.payloads) >= max(len(promised), 1)
        files.LineLog(found).cut(lines.good_bytes)
        files.LineLog(found).append("more")
        assert files.LineLog(found).read().payloads == (*lines.payloads, "more")


def test_a_page_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    disk = _recorded(tmp_path / "disk")
    pages = [str(number).encode() * size for number, size in enumerate((3, 5_000, 1, 700))]
    with disk.recording():
        for number, page in enumerate(pages):
            files.write_atomic(disk.root / "deep" / "page", page)
            disk.ack(str(number))
    for left, promised in states(disk.events, tmp_path, DRAWS, seed=2):
        found = left / "deep" / "page"
        newest = len(promised) - 1
        assert found.exists() or not promised
        if found.exists():
            assert found.read_bytes() in pages[max(newest, 0) : newest + 2]


def test_what_is_created_is_whole_or_not_there(tmp_path: Path) -> None:
    disk = _recorded(tmp_path / "disk")
    content = b"z" * 10_000
    with disk.recording():
        files.create_exclusive(disk.root / "paper", content)
        disk.ack("it is there")
    for left, promised in states(disk.events, tmp_path, 5 * DRAWS, seed=3):
        assert (left / "paper").exists() or not promised
        if (left / "paper").exists():
            assert (left / "paper").read_bytes() == content
        files.sweep(left)
        assert [path.name for path in left.iterdir()] in ([], ["paper"])


def test_the_model_can_fail(tmp_path: Path) -> None:
    """A writer that syncs nothing is caught: else the tests above would prove nothing."""
    disk = _recorded(tmp_path / "disk")
    with disk.recording():
        handle = os.open(disk.root / "page", os.O_WRONLY | os.O_CREAT)
        os.write(handle, b"a" * 5_000)
        os.close(handle)
        disk.ack("it is there")
    ends = {
        (left / "page").read_bytes() if (left / "page").exists() else None
        for left, promised in states(disk.events, tmp_path, 40, seed=4)
        if promised
    }
    assert None in ends
    assert len(ends) > 3
