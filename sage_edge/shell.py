"""Run commands: words, folder, environment, stdin and time limit as one value; result or CommandFailed."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sage_edge.errors import CommandFailed, ExitCode


@dataclass(frozen=True)
class Command:
    """Words to run, never a shell line. `env` is added to the environment, less what leads git elsewhere.

    largest_file_bytes: what it and its children may write into one file (rounded up to 512), else SIGXFSZ ends them;
    None: no limit.
    """

    words: tuple[str, ...]
    timeout_s: float = 60.0
    cwd: Path | None = None
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)
    largest_file_bytes: int | None = None


_BLOCK_BYTES = 512
"""In which every POSIX shell counts what a file may hold."""

_LIMIT = 'ulimit -f "$0" 2>/dev/null; exec "$@"'
"""It fails where a lower limit holds already, which is as good."""

ELSEWHERE = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_PREFIX",
        "GIT_NAMESPACE",
        "GIT_SHALLOW_FILE",
        "GIT_GRAFT_FILE",
        "GIT_REPLACE_REF_BASE",
        "GIT_QUARANTINE_PATH",
        "GIT_INTERNAL_SUPER_PREFIX",
    }
)
"""Variables by which git leads its hooks to the repository at hand; a folder that is named to git counts less.

Whoever lets a hook start us means our own folders, so no command sees them but by its own `env`.
"""

_BEAT_S = 0.1
"""How long a stop request may go unheard."""


@dataclass(frozen=True)
class Result:
    """What a command left behind; `code` is its exit status, 124 when it ran past its time, 130 when it was stopped."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Standard output without the final newline."""
        return self.out.decode("utf-8", "replace").rstrip("\n")

    @property
    def complaint(self) -> str:
        """Standard error, for people."""
        return self.err.decode("utf-8", "replace").strip()


def own_children() -> None:
    """Let exit statuses of programs that we start be ours to read.

    Whoever started us with SIGCHLD ignored handed that on; the kernel then forgets each status, and Python reads 0.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def attempt(command: Command, *, stop: threading.Event | None = None) -> Result:
    """Run and return whatever happened. Raises CommandFailed only when the program cannot be started.

    Past its time, at a stop request, or when we are interrupted, it is ended with every process that it started.
    stop: only for commands without stdin, of which Python forgets a part when it waits in pieces.
    """
    if stop is not None and command.stdin:
        raise ValueError(f"{command.words[0]} gets stdin, so it cannot be stopped")
    env = {**{name: value for name, value in os.environ.items() if name not in ELSEWHERE}, **command.env}
    pipe = subprocess.PIPE
    try:
        words = _limited(command, env)
        child = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, cwd=command.cwd, env=env)
    except FileNotFoundError:
        raise CommandFailed(command.words, 127, f"{command.words[0]} is not installed") from None
    except PermissionError:  # also for a program that is nowhere, if a folder of PATH may not be read
        raise CommandFailed(command.words, 126, f"{command.words[0]} may not be started") from None
    with child:
        try:
            out, err = _communicate(child, command, stop)
        except subprocess.TimeoutExpired as late:
            _end(child.pid)
            if stop is not None and stop.is_set():
                return Result(ExitCode.INTERRUPTED, late.stdout or b"", b"it was stopped")
            return Result(124, late.stdout or b"", f"no end within {command.timeout_s:g} s".encode())
        except BaseException:
            _end(child.pid)
            raise
    return Result(child.returncode, out, err)


def _communicate(child: subprocess.Popen[bytes], command: Command, stop: threading.Event | None) -> tuple[bytes, bytes]:
    """Return what a child says until its end. Raises TimeoutExpired past its time, and at a stop request."""
    if stop is None:
        return child.communicate(command.stdin, timeout=command.timeout_s)
    until = time.monotonic() + command.timeout_s
    while True:
        try:
            return child.communicate(timeout=max(0.0, min(_BEAT_S, until - time.monotonic())))
        except subprocess.TimeoutExpired:
            if stop.is_set() or time.monotonic() >= until:
                raise


def _limited(command: Command, env: Mapping[str, str]) -> tuple[str, ...]:
    """Return what to start: a shell that sets the limit and becomes the command, which so never runs without it.

    Set from here it would come after the start, and in the fork Python can run nothing safely beside threads.
    """
    if command.largest_file_bytes is None:
        return command.words
    program = shutil.which(command.words[0], path=env.get("PATH"))
    if program is None:
        raise FileNotFoundError(command.words[0])
    blocks = math.ceil(command.largest_file_bytes / _BLOCK_BYTES)
    return ("/bin/sh", "-c", _LIMIT, str(blocks), program, *command.words[1:])


def _end(pid: int) -> None:
    """Kill a process of ours with all that it started: git's ssh would wait for a mute hub for ever.

    Each is stopped before its children are looked for, so that none is missed. A process group of its own would end
    them, too, but then no program could ask a person for a passphrase.
    """
    for deadly in (signal.SIGSTOP, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, deadly)
        if deadly is signal.SIGSTOP:
            for child in _children(pid):
                _end(child)


def _children(pid: int) -> list[int]:
    children = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if int(status.read_bytes().rpartition(b")")[2].split()[1]) == pid:
                children.append(int(status.parent.name))
    return children


def run(command: Command) -> Result:
    """Run and return the result. Raises CommandFailed unless the exit status is 0."""
    result = attempt(command)
    if result.code != 0:
        raise CommandFailed(command.words, result.code, result.complaint or result.text)
    return result
