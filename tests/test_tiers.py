"""Tests that need an engine are skipped where none answers, and the run says aloud how many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCKER_TESTS = "tests/sim/test_lifecycle.py"


def run(nowhere: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run pytest where the engine is said to be at a socket that is not there."""
    line = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, DOCKER_TESTS)
    return subprocess.run(
        line, cwd=ROOT, env={**os.environ, "DOCKER_HOST": f"unix://{nowhere}/none.sock"}, capture_output=True, text=True
    )


@pytest.mark.slow
@pytest.mark.parametrize("spread", [(), ("-n", "1")])
def test_without_an_engine_they_are_counted_in_one_loud_line(spread: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, "-m", "docker", *spread)
    assert done.returncode == 0, done.stdout + done.stderr
    (loud,) = (line for line in done.stdout.splitlines() if line.startswith("NOT TESTED"))
    skipped = int(done.stdout.splitlines()[-1].split(" skipped")[0].rpartition(" ")[2])
    assert skipped > 10
    assert loud == (f"NOT TESTED: {skipped} tests that need a Docker engine, because none answers here: .ci/engine")


@pytest.mark.slow
def test_who_leaves_them_out_is_not_told(tmp_path: Path) -> None:
    done = run(tmp_path, "-m", "not docker")
    assert done.returncode == 5, "nothing else is in that file"
    assert "NOT TESTED" not in done.stdout
