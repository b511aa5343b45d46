"""Processes that are killed: forked, so that one costs milliseconds, and each says on disk what it was promised.

acks.jsonl   one line for each promise that the code gave before the next step: a number claimed, a turn kept
crash.txt    the trace of a victim that failed instead of being killed
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sage_edge.errors import SageError
from sage_edge.records.transcript import Head, Turn
from sage_edge.sessions.journal import Journal

Moment = Literal["before", "inside", "after"]
MOMENTS: tuple[Moment, ...] = ("before", "inside", "after")

CALLS = (
    "open",
    "write",
    "pwrite",
    "fsync",
    "fdatasync",
    "link",
    "replace",
    "rename",
    "unlink",
    "mkdir",
    "ftruncate",
)
"""The functions of `os` through which anything is kept; `open` counts only when it can create."""

TEARABLE = ("write", "pwrite")
"""Those that can be killed in the middle, with half of their bytes written."""

_write, _open = os.write, os.open


def spawn(work: Callable[[], int], crash: Path, *, own_group: bool = False) -> int:
    """Run `work` in a fork and return its process id; its exit status is what `work` returns, 70 if that fails."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        if own_group:
            os.setsid()
        code = work()
    except SageError as refusal:
        code = refusal.code
        _note(crash, f"{type(refusal).__name__}: {refusal.message}\n{traceback.format_exc()}")
    except BaseException:
        _note(crash, traceback.format_exc())
    finally:
        os._exit(code)


def _note(crash: Path, text: str) -> None:
    with contextlib.suppress(OSError):
        crash.write_text(text, encoding="utf-8")


def status_of(pid: int) -> int:
    """Wait for a process, and return its exit status; negative: the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_after(pid: int, seconds: float) -> int:
    """Kill a process and its whole group after a while, unless it ends before; return its status."""
    watch = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(watch, select.POLLIN)
        poll.poll(seconds * 1000)
    finally:
        os.close(watch)
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            end(pid, signal.SIGKILL)
    return status_of(pid)


@dataclass
class Fuse:
    """Counts the calls that keep something, and kills this process at the `at`-th one."""

    at: int = 0
    moment: Moment = "before"
    calls: list[str] = field(default_factory=list)
    _inside: bool = False

    def arm(self) -> None:
        """Put itself around every such call of this process, and around every program that it starts."""
        for name in CALLS:
            setattr(os, name, self._around(name, getattr(os, name)))
        subprocess.run = self._around("run", subprocess.run)

    def _around(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **named: Any) -> Any:
            if self._inside or (name == "open" and not words[1] & os.O_CREAT):
                return real(*words, **named)
            self.calls.append(name)
            self._inside = True
            try:
                self._burn("before")
                if name in TEARABLE and self._is_due("inside"):
                    real(words[0], words[1][: max(1, len(words[1]) // 2)], *words[2:])
                    self._burn("inside")
                result = real(*words, **named)
                self._burn("after")
                return result
            finally:
                self._inside = False

        return call

    def _is_due(self, moment: Moment) -> bool:
        return self.at == len(self.calls) and self.moment == moment

    def _burn(self, moment: Moment) -> None:
        if self._is_due(moment):
            os.kill(os.getpid(), signal.SIGKILL)


def testify(acks: Path) -> None:
    """From now on write down, in this process, each number that was claimed and each turn that was kept."""
    handle = _open(acks, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    claim, keep = Journal.claim, Journal.turn

    def say(**line: Any) -> None:
        _write(handle, (json.dumps(line) + "\n").encode())

    def claimed(self: Journal, head: Head) -> None:
        claim(self, head)
        say(kind="claim", session=self.session, digest=head.fingerprint(), pid=os.getpid())

    def kept(self: Journal, turn: Turn) -> None:
        keep(self, turn)
        say(kind="turn", session=self.session, digest=turn.fingerprint(), pid=os.getpid())

    setattr(Journal, "claim", claimed)  # noqa: B010 - mypy knows no other way to replace a method
    setattr(Journal, "turn", kept)  # noqa: B010


def testimony(acks: Path) -> list[dict[str, str]]:
    """What was written down; the last line may be cut off, for nobody had read it yet."""
    lines = acks.read_text(encoding="utf-8").split("\n") if acks.exists() else [""]
    return [json.loads(line) for line in lines[:-1]]
