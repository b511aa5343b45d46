"""Runs a child process with limits of time and memory, for native code that reads unproven files.

A crash, a hang or a hunger for memory in there is a result out here, and never the agent's death. The child limits
itself before it becomes the command: CPU seconds, address space, bytes of any file it writes, no core dump; an alarm
ends it even if we die first, and the kernel at once where we are killed. A stop request ends it with what it started.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO

from sage_edge import shell, system_refusal
from sage_edge.errors import CommandFailed, StorageError
from sage_edge.models.errors import ModelWorkInterrupted
from sage_edge.shell import Result

_SPOKEN_BYTES = 1 << 20
_ANY_BYTES = 1 << 62
_CORES = os.cpu_count() or 1
_ROOM_BYTES = 16 << 30
"""What libraries reserve and mostly never touch: torch built for a GPU maps several GB of itself."""
_BEAT_S = 0.1
"""How long a stop request may go unheard."""
_LIMITER = """
import ctypes, os, resource, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG outlives exec
parent, cpu, memory, written, wall = map(int, sys.argv[1:6])
if os.getppid() != parent:
    sys.exit("whoever started it is gone")
for limit, soft, hard in ((resource.RLIMIT_CPU, cpu, cpu + 1), (resource.RLIMIT_AS, memory, memory),
                          (resource.RLIMIT_FSIZE, written, written), (resource.RLIMIT_CORE, 0, 0)):
    most = resource.getrlimit(limit)[1]
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(limit, (soft, hard))
signal.alarm(wall)
os.execvp(sys.argv[6], sys.argv[6:])
"""


class SandboxEnding(Enum):
    """How the child ended."""

    DONE = "done"  # exit status 0
    FAILED = "failed"  # another exit status: it refused by itself
    CRASHED = "crashed"  # a signal that it did not ask for
    LATE = "late"  # past its wall time or its CPU time
    HUNGRY = "hungry"  # no memory left within its limit


@dataclass(frozen=True)
class SandboxResult:
    """How a child ended. code: exit status, negative for a signal. out, err: its output, at most 1 MiB each."""

    ending: SandboxEnding
    code: int
    out: str
    err: str

    @property
    def is_good(self) -> bool:
        """Whether it ended by itself with 0."""
        return self.ending is SandboxEnding.DONE

    @property
    def why(self) -> str:
        """One sentence for people about what went wrong; empty when nothing did."""
        if self.ending is SandboxEnding.DONE:
            return ""
        if self.ending is SandboxEnding.LATE:
            return "it did not end within its time"
        if self.ending is SandboxEnding.HUNGRY:
            return "it wanted more memory than it was given"
        if self.ending is SandboxEnding.CRASHED:
            return f"it crashed ({signal.Signals(-self.code).name})"
        lines = self.err.strip().splitlines()
        return f"it ended with {self.code}: {lines[-1][:200] if lines else 'without a word'}"


def work(
    words: Sequence[str],
    *,
    wall_s: float,
    memory_bytes: int,
    stop: threading.Event | None,
    env: Mapping[str, str] | None = None,
) -> Result:
    """Run long work within limits, in our own session, and return whatever happened.

    For files whose headers were proven before. memory_bytes: address space. env: added to the environment.
    stop: ends it with all that it started; None for callers that nobody can ask to. Raises ModelWorkInterrupted then.
    """
    limits = (math.ceil(wall_s) * _CORES, memory_bytes, _ANY_BYTES, math.ceil(wall_s) + 1)
    done = shell.attempt(shell.Command(_limited(words, limits), timeout_s=wall_s, env=env or {}), stop=stop)
    if done.code != 0:
        _heed(stop)
    return done


def _limited(words: Sequence[str], limits: tuple[int, int, int, int]) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", _LIMITER, str(os.getpid()), *map(str, limits), *words)


def _heed(stop: threading.Event | None) -> None:
    if stop is not None and stop.is_set():
        raise ModelWorkInterrupted("the work was stopped", hint="the same command goes on from there")


def failure(words: Sequence[str], done: Result, out: Path) -> StorageError | CommandFailed:
    """Return what long work means by failing that was to write into `out`: often nothing is wrong but the place."""
    output = done.complaint or done.text
    if (number := system_refusal.number_in(output)) is not None:
        return StorageError(str(out), system_refusal.words(number))
    return CommandFailed(words, done.code, output)


def room_for(*paths: Path) -> int:
    """Return the address space that work on these files and folders gets: libraries, and copies of it all in f32."""
    files = [file for path in paths for file in ([path] if path.is_file() else path.iterdir())]
    return _ROOM_BYTES + 8 * sum(file.stat().st_size for file in files)


def run_limited(
    words: Sequence[str],
    *,
    wall_s: float = 30.0,
    cpu_s: float = 20.0,
    memory_bytes: int = 4 << 30,
    written_bytes: int = _SPOKEN_BYTES,
    stop: threading.Event | None = None,
    env: Mapping[str, str] | None = None,
) -> SandboxResult:
    """Run a command within limits and return how it ended; never raises for what the command does.

    memory_bytes: address space, so a mapped file counts in full. written_bytes: ceiling for each file it writes,
    its output included. env: added to the environment. It has a session of its own, so that what it started ends with
    it. stop: ends both at once. Raises ModelWorkInterrupted then.
    """
    limits = (math.ceil(cpu_s), memory_bytes, written_bytes, math.ceil(wall_s) + 1)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            _limited(words, limits),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )
        try:
            late = not _ended(child.pid, wall_s, stop)
        finally:
            _end(child)
        if late:
            _heed(stop)
        return _outcome(child.returncode, late, _spoken(out), _spoken(err))


def _ended(pid: int, wall_s: float, stop: threading.Event | None) -> bool:
    """Wait for the child's end without collecting it, so that its number and its group's stay taken."""
    handle, until = os.pidfd_open(pid), time.monotonic() + wall_s
    try:
        while not (stop is not None and stop.is_set()):
            left = max(0.0, until - time.monotonic())
            if select.select([handle], [], [], left if stop is None else min(left, _BEAT_S))[0]:
                return True
            if time.monotonic() >= until:
                break
        return False
    finally:
        os.close(handle)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and everything in its group, then collect it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _spoken(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read(_SPOKEN_BYTES).decode("utf-8", "replace")


_MEMORY_WORDS = ("MemoryError", "bad_alloc", "Cannot allocate memory", "failed to allocate")


def _outcome(code: int, late: bool, out: str, err: str) -> SandboxResult:
    if late or code in (-signal.SIGXCPU, -signal.SIGALRM):
        return SandboxResult(SandboxEnding.LATE, code, out, err)
    if code == 0:
        return SandboxResult(SandboxEnding.DONE, code, out, err)
    if any(word in err for word in _MEMORY_WORDS):
        return SandboxResult(SandboxEnding.HUNGRY, code, out, err)
    return SandboxResult(SandboxEnding.CRASHED if code < 0 else SandboxEnding.FAILED, code, out, err)
