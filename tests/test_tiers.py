"""What a test needs and is not here skips it, and the run says aloud how many; in CI a real model is no wish."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.prepared import REF

pytestmark = pytest.mark.slow  # each starts a pytest of its own

ROOT = Path(__file__).resolve().parents[1]
DOCKER_TESTS, REAL_TESTS = "tests/sim/test_lifecycle.py", "tests/real/test_conversation.py"
BARE = ("SAGE_", "PIP_", "CI")
SPREAD = pytest.mark.parametrize("spread", [(), ("-n", "1")])


def run(tests: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on a file of tests where nothing is at hand but what `env` names."""
    line = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, tests)
    ours = {name: value for name, value in os.environ.items() if not name.startswith(BARE)}
    return subprocess.run(line, cwd=ROOT, env={**ours, **env}, capture_output=True, text=True)


def without_engine(nowhere: Path) -> dict[str, str]:
    """An engine is said to be at a socket that is not there."""
    return {"DOCKER_HOST": f"unix://{nowhere}/none.sock"}


def without_model(empty: Path) -> dict[str, str]:
    """The store is empty, and pip is told to ask nobody."""
    return {"SAGE_MODELS": str(empty / "store"), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}


def loud_line(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    """How many tests were skipped, and the one line that counts them aloud."""
    (loud,) = (line for line in done.stdout.splitlines() if line.startswith("NOT TESTED"))
    return int(done.stdout.splitlines()[-1].split(" skipped")[0].rpartition(" ")[2]), loud


@SPREAD
def test_without_an_engine_they_are_counted_in_one_loud_line(spread: tuple[str, ...], tmp_path: Path) -> None:
    done = run(DOCKER_TESTS, "-m", "docker", *spread, **without_engine(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    skipped, loud = loud_line(done)
    assert skipped > 10
    assert loud == (f"NOT TESTED: {skipped} tests that need a Docker engine, because none answers here: .ci/engine")


@SPREAD
def test_without_a_model_they_are_counted_in_one_loud_line(spread: tuple[str, ...], tmp_path: Path) -> None:
    done = run(REAL_TESTS, "-m", "real", *spread, **without_model(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    skipped, loud = loud_line(done)
    assert skipped > 10
    ask = f"sage-edge model prepare {REF}"
    assert loud == f"NOT TESTED: {skipped} tests that ask a real model, because none is here: {ask}"


def test_in_ci_a_model_that_is_not_there_fails(tmp_path: Path) -> None:
    done = run(REAL_TESTS, "-m", "real", **without_model(tmp_path), CI="true")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NOT TESTED" not in done.stdout
    assert " skipped" not in done.stdout.splitlines()[-1]
    assert " error" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(("tests", "tier"), [(DOCKER_TESTS, "docker"), (REAL_TESTS, "real")])
def test_who_leaves_them_out_is_not_told(tests: str, tier: str, tmp_path: Path) -> None:
    done = run(tests, "-m", f"not {tier}", **without_engine(tmp_path), **without_model(tmp_path))
    assert done.returncode == 5, "nothing else is in that file"
    assert "NOT TESTED" not in done.stdout
