"""One at a time, by the kernel's own lock."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sage_edge import locks
from sage_edge.errors import Locked, StorageError
from tests.kill.faults import Refusing
from tests.kill.victims import spawn, status_of


def test_a_second_holder_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    lock = tmp_path / "locks" / "it.lock"
    with locks.hold(lock, "the thing"):
        with pytest.raises(Locked, match=f"the thing is in use by process {os.getpid()} since 20") as refused:
            locks.hold(lock, "the thing").__enter__()
        assert refused.value.code == 5
    with locks.hold(lock, "the thing"):
        pass


def holder(lock: Path) -> tuple[int, int]:
    """A process that takes the lock, says so in a pipe and keeps it; its id, and the pipe."""
    heard, said = os.pipe()

    def work() -> int:
        with locks.hold(lock, "the thing"):
            os.write(said, b"x")
            while True:
                signal.pause()

    pid = spawn(work, lock.with_suffix(".txt"))
    os.close(said)
    assert os.read(heard, 1) == b"x"
    return pid, heard


def test_a_killed_holder_frees_it_at_once(tmp_path: Path) -> None:
    lock = tmp_path / "it.lock"
    pid, pipe = holder(lock)
    with pytest.raises(Locked, match=f"process {pid}"), locks.hold(lock, "the thing"):
        pass
    os.kill(pid, signal.SIGKILL)
    status_of(pid)
    with locks.hold(lock, "the thing"):
        pass
    os.close(pipe)


def test_a_program_started_under_the_lock_does_not_keep_it(tmp_path: Path) -> None:
    lock = tmp_path / "it.lock"
    words = [sys.executable, "-c", "print('here', flush=True); input()"]
    with locks.hold(lock, "the thing"):
        child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
        with locks.hold(lock, "the thing"):
            assert child.poll() is None
        child.communicate(b"\n")


def orphaned(lock: Path) -> tuple[int, int]:
    """A lock whose holder was killed just as it forked: the child still has it, until the pipe is closed."""
    gate, opener = os.pipe()
    heard, said = os.pipe()

    def child() -> int:
        os.close(opener)
        os.write(said, b"x")
        os.read(gate, 1)
        return 0

    def work() -> int:
        with locks.hold(lock, "the thing"):
            spawn(child, lock.with_suffix(".txt"))
            while True:
                signal.pause()

    pid = spawn(work, lock.with_suffix(".txt"))
    os.close(said)
    assert os.read(heard, 1) == b"x"
    os.kill(pid, signal.SIGKILL)
    status_of(pid)
    os.close(gate)
    return opener, heard


def test_a_child_that_dies_with_its_parent_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opener, heard = orphaned(tmp_path / "it.lock")
    opened: list[float] = []

    def sleep(seconds: float) -> None:
        if not opened:
            os.close(opener)
        opened.append(seconds)
        assert os.read(heard, 1) == b""  # the child is gone

    monkeypatch.setattr(time, "sleep", sleep)
    with locks.hold(tmp_path / "it.lock", "the thing"):
        assert opened
    os.close(heard)


def test_a_child_that_lives_on_is_not_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opener, heard = orphaned(tmp_path / "it.lock")
    monkeypatch.setattr(locks, "_GRACE_S", 0.05)
    with pytest.raises(Locked), locks.hold(tmp_path / "it.lock", "the thing"):
        pass
    os.close(opener)
    os.close(heard)


def test_whoever_waits_gets_it_when_it_is_free(tmp_path: Path) -> None:
    lock = tmp_path / "it.lock"
    pid, pipe = holder(lock)
    waiting = spawn(lambda: _take(lock), tmp_path / "crash.txt")
    os.kill(pid, signal.SIGKILL)
    status_of(pid)
    assert status_of(waiting) == 0
    os.close(pipe)


def _take(lock: Path) -> int:
    with locks.hold(lock, "the thing", wait_s=60.0):
        return 0


def test_a_note_that_cannot_be_read_names_nobody(tmp_path: Path) -> None:
    lock = tmp_path / "it.lock"
    with locks.hold(lock, "the thing"):
        for note in (b"", b"{", b"[]", b'{"pid": 1}', b'{"pid": 1, "since": "x"}'):
            lock.write_bytes(note)
            with pytest.raises(Locked, match="another process"), locks.hold(lock, "the thing"):
                pass


def test_a_full_disk_takes_the_note_and_not_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "it.lock"
    with contextlib.ExitStack() as held:
        with Refusing(2, errno.ENOSPC, for_ever=True).active():
            held.enter_context(locks.hold(lock, "the thing"))
        assert lock.read_bytes() == b""
        with pytest.raises(Locked, match="another process"), locks.hold(lock, "the thing"):
            pass


def test_a_read_only_disk_is_a_storage_error(tmp_path: Path) -> None:
    with (
        Refusing(1, errno.EROFS, for_ever=True).active(),
        pytest.raises(StorageError),
        locks.hold(tmp_path / "a" / "b", "it"),
    ):
        pass


def test_those_who_share_it_hold_it_together_and_keep_everybody_else_out(tmp_path: Path) -> None:
    lock = tmp_path / "it.lock"
    alone = pytest.raises(Locked, match=f"process {os.getpid()}")
    with locks.hold(lock, "the thing"), alone, locks.hold(lock, "the thing", shared=True):
        pass
    with contextlib.ExitStack() as shared:
        shared.enter_context(locks.hold(lock, "the thing", shared=True))
        shared.enter_context(locks.hold(lock, "the thing", shared=True))
        with pytest.raises(Locked, match="another process"), locks.hold(lock, "the thing"):
            pass
    with locks.hold(lock, "the thing"):
        pass


def test_a_folder_is_locked_itself(tmp_path: Path) -> None:
    with locks.hold(tmp_path, "the folder"):
        with pytest.raises(Locked, match="another process"), locks.hold(tmp_path, "the folder"):
            pass
        assert list(tmp_path.iterdir()) == []
