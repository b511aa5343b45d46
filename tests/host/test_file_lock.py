"""One holder at a time, or many who share; what a killed helper started counts as itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sage_edge.host import file_lock
from sage_edge.host.errors import ExitStatus, Refusal

ROOT = Path(__file__).parents[2]
BUSY = Refusal("busy", "somebody works", "wait", code=ExitStatus.LOCKED)
DIES = """
import os, subprocess, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from sage_edge.host import file_lock
from sage_edge.host.errors import Refusal
with file_lock.hold(Path(sys.argv[1]), 5, Refusal("busy", "busy"), inherited={inherited}):
    nothing = subprocess.DEVNULL
    print(subprocess.Popen(["sleep", "300"], close_fds=False, stdout=nothing, stderr=nothing).pid, flush=True)
    os._exit(9)  # as SIGKILL would: nothing is cleaned up
"""


def take(path: Path, wait_s: float = 0, *, shared: bool = False) -> None:
    with file_lock.hold(path, wait_s, BUSY, shared=shared):
        pass


def test_a_second_one_is_refused_and_then_let_in(tmp_path: Path) -> None:
    path = tmp_path / "deploy/work.guard"
    with file_lock.hold(path, 0, BUSY), pytest.raises(Refusal) as refused:
        take(path)
    assert refused.value is BUSY
    take(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_those_who_share_hold_it_together_and_keep_others_out(tmp_path: Path) -> None:
    path = tmp_path / "in-use.lock"
    with file_lock.hold(path, 0, BUSY, shared=True):
        take(path, shared=True)
        with pytest.raises(Refusal):
            take(path)


def test_whoever_waits_says_so_once_and_may_give_up(tmp_path: Path) -> None:
    path, waits, looks = tmp_path / "lock", list[str](), list[str]()

    def check_cancelled() -> None:
        looks.append("")
        if len(looks) == 3:
            raise KeyboardInterrupt

    wanting = file_lock.hold(path, 60, BUSY, on_wait=lambda: waits.append(""), check_cancelled=check_cancelled)
    with file_lock.hold(path, 0, BUSY), pytest.raises(KeyboardInterrupt), wanting:
        pass
    assert (len(waits), len(looks)) == (1, 3)


def test_it_is_taken_as_soon_as_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with file_lock.hold(path, 0, BUSY):
        waiter = threading.Thread(target=take, args=(path, 30))
        waiter.start()
    waiter.join(10)
    assert not waiter.is_alive()


@pytest.mark.parametrize("inherited", [True, False])
def test_a_program_that_outlives_a_killed_helper_keeps_what_it_inherited(tmp_path: Path, inherited: bool) -> None:
    path = tmp_path / "work.guard"
    words = (sys.executable, "-c", DIES.format(root=str(ROOT), inherited=inherited), str(path))
    helper = subprocess.run(words, capture_output=True, text=True, check=False)
    assert helper.returncode == 9
    try:
        if inherited:
            with pytest.raises(Refusal):
                take(path)
        else:
            take(path)
    finally:
        os.kill(int(helper.stdout), 9)
    take(path, 10)
