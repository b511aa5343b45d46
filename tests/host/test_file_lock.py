"""One helper at a time; what a killed one started counts as itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge.host.errors import Refusal
from sage_edge.host.work_lock import alone

ROOT = Path(__file__).parents[2]
DIES = """
import os, subprocess, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from sage_edge.host.work_lock import alone
with alone(Path(sys.argv[1]), 5, print):
    nothing = subprocess.DEVNULL
    print(subprocess.Popen(["sleep", "300"], close_fds=False, stdout=nothing, stderr=nothing).pid, flush=True)
    os._exit(9)  # as SIGKILL would: nothing is cleaned up
"""


def demand(path: Path, told: list[str]) -> None:
    with alone(path, 0, told.append):
        pass


def test_a_second_one_is_refused_and_then_let_in(tmp_path: Path) -> None:
    path, told = tmp_path / "deploy/work.guard", list[str]()
    with alone(path, 0, told.append), pytest.raises(Refusal, match="still does what an earlier call began") as refused:
        demand(path, told)
    assert refused.value.code == 5
    demand(path, told)


def test_a_program_that_outlives_a_killed_helper_keeps_the_next_one_waiting(tmp_path: Path) -> None:
    path, told = tmp_path / "work.guard", list[str]()
    words = (sys.executable, "-c", DIES.format(root=str(ROOT)), str(path))
    helper = subprocess.run(words, capture_output=True, text=True, check=False)
    assert helper.returncode == 9
    try:
        with pytest.raises(Refusal):
            demand(path, told)
    finally:
        os.kill(int(helper.stdout), 9)
    with alone(path, 10, told.append):
        pass
