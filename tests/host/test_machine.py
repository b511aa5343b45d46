"""Programs are run with what they need, and end with all that they started."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sage_edge.host import machine
from sage_edge.host.errors import Refusal

CHILD = "sleep 60 & echo $! > child; wait"


def gone(folder: Path) -> bool:
    """Whether the child that CHILD wrote down ends within a moment."""
    number = (folder / "child").read_text().strip()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_what_a_program_says_and_how_it_ends_is_told() -> None:
    ran = machine.run(("sh", "-c", "cat; echo bad >&2; exit 3"), stdin=b"good")
    assert (ran.code, ran.out, ran.err) == (3, "good", "bad\n")
    assert machine.run(("no-such-program",)).code == 127


def test_much_passes_both_ways() -> None:
    text = b"x" * 3_000_000
    assert len(machine.run(("sh", "-c", "sleep 0.6; cat"), stdin=text, check_cancelled=lambda: None).out) == len(text)


def test_what_takes_too_long_ends_with_what_it_started(tmp_path: Path) -> None:
    assert machine.run(("sh", "-c", CHILD), timeout_s=0.5, folder=tmp_path).code == 124
    assert gone(tmp_path)


def test_what_nobody_wants_any_more_ends_with_what_it_started(tmp_path: Path) -> None:
    def check_cancelled() -> None:
        if (tmp_path / "child").exists():
            raise Refusal("asker-gone", "gone", "again")

    with pytest.raises(Refusal, match="gone"):
        machine.run(("sh", "-c", CHILD), folder=tmp_path, check_cancelled=check_cancelled)
    assert gone(tmp_path)


def test_a_failure_is_told_with_its_last_twenty_lines() -> None:
    with pytest.raises(Refusal) as told:
        machine.require(("sh", "-c", "seq 1 100; exit 1"), "counting")
    assert told.value.message == "counting failed: " + "\n".join(map(str, range(81, 101)))
