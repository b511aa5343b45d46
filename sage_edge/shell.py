"""Run commands: words, folder, environment, stdin and time limit as one value; result or CommandFailed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sage_edge.errors import CommandFailed


@dataclass(frozen=True)
class Command:
    """Words to run, never a shell line. `env` is added to the environment."""

    words: tuple[str, ...]
    timeout_s: float = 60.0
    cwd: Path | None = None
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What a command left behind; `code` is its exit status, 124 when it ran past its time."""

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


def attempt(command: Command) -> Result:
    """Run and return whatever happened. Raises CommandFailed only when the program cannot be started."""
    env = {**os.environ, **command.env}
    try:
        done = subprocess.run(
            command.words,
            input=command.stdin,
            capture_output=True,
            cwd=command.cwd,
            env=env,
            timeout=command.timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return Result(124, late.stdout or b"", f"no end within {command.timeout_s:g} s".encode())
    except FileNotFoundError:
        raise CommandFailed(command.words, 127, f"{command.words[0]} is not installed") from None
    except PermissionError:  # also for a program that is nowhere, if a folder of PATH may not be read
        raise CommandFailed(command.words, 126, f"{command.words[0]} may not be started") from None
    return Result(done.returncode, done.stdout, done.stderr)


def run(command: Command) -> Result:
    """Run and return the result. Raises CommandFailed unless the exit status is 0."""
    result = attempt(command)
    if result.code != 0:
        raise CommandFailed(command.words, result.code, result.complaint or result.text)
    return result
