"""This machine's own pip, run as a program: found, watched while it downloads, stopped when asked.

Which index it asks, through which proxy and with which login, is pip's own set-up; nothing here names one. pip keeps
no cache of what it brings for us: what is wanted lies in the store, and a page that some proxy sent instead of a wheel
would come out of that cache again and again. It works below one folder, so that a kill leaves nothing elsewhere, and
ends with us even when we are killed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sage_edge import shell
from sage_edge.errors import CommandFailed
from sage_edge.models.errors import PipMissing
from sage_edge.shell import Command

OLDEST = (20, 3)
"""Earlier ones take a yanked version without a word, or do not run on a Python of today."""

_VERSION = re.compile(r"pip (\d+)\.(\d+)")
_POLL_S = 0.2
_GRACE_S = 5.0
_SPOKEN_BYTES = 1 << 18
_OPTIONS = (
    "--verbose",
    "--verbose",
    "--no-input",
    "--no-color",
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--progress-bar",
    "off",
)
_TIED = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG outlives exec
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True)
class PipOutcome:
    """How pip ended: its exit status, None where we ended it, and the last of what it wrote."""

    code: int | None
    text: str


def find(stop: threading.Event | None = None) -> tuple[str, ...]:
    """Return the words that start a pip that is new enough: this Python's own first. Raises PipMissing."""
    seen: list[str] = []
    for words in _candidates():
        version = _version(words, stop)
        if version is not None and version >= OLDEST:
            return words
        if version is not None:
            seen.append(f"{words[0]} has {version[0]}.{version[1]}")
    raise PipMissing(seen, ".".join(map(str, OLDEST)))


def _candidates() -> Iterator[tuple[str, ...]]:
    yield (sys.executable, "-m", "pip")
    yield from ((path,) for path in map(shutil.which, ("pip3", "pip")) if path is not None)


def _version(words: tuple[str, ...], stop: threading.Event | None) -> tuple[int, int] | None:
    try:
        result = shell.attempt(Command((*words, "--version"), cwd=Path(sys.prefix)), stop=stop)
    except (CommandFailed, OSError):
        return None
    match = _VERSION.match(result.text)
    return (int(match[1]), int(match[2])) if result.code == 0 and match else None


def download(
    requirement: str, folder: Path, *, keep_on: Callable[[], bool], stop: threading.Event
) -> tuple[PipOutcome, tuple[Path, ...]]:
    """Let pip bring the wheel of `name==version` below an empty folder; return how it ended, and the files it saved.

    keep_on: asked several times a second; pip is ended when it says no, or when `stop` is set. Nothing is built,
    installed or imported. Raises PipMissing.
    """
    saved, scratch = folder / "saved", folder / "scratch"
    saved.mkdir()
    scratch.mkdir()
    words = (*find(stop), "download", "--no-deps", "--only-binary=:all:", *_OPTIONS, "--dest", str(saved), requirement)
    return _watched(words, scratch, keep_on, stop), tuple(sorted(saved.iterdir()))


def _watched(words: tuple[str, ...], scratch: Path, keep_on: Callable[[], bool], stop: threading.Event) -> PipOutcome:
    with tempfile.TemporaryFile(dir=scratch) as spoken:
        child = subprocess.Popen(
            (sys.executable, "-I", "-c", _TIED, str(os.getpid()), *words),
            stdin=subprocess.DEVNULL,
            stdout=spoken,
            stderr=subprocess.STDOUT,
            cwd=scratch,  # `python -m` looks for modules where it stands
            env={**os.environ, "TMPDIR": str(scratch)},
            start_new_session=True,
        )
        try:
            ended_by_us = not _ended(child, keep_on, stop)
        finally:
            _end(child)
        spoken.seek(max(0, spoken.seek(0, os.SEEK_END) - _SPOKEN_BYTES))
        text = spoken.read(_SPOKEN_BYTES).decode("utf-8", "replace")
    return PipOutcome(None if ended_by_us else child.returncode, text)


def _ended(child: subprocess.Popen[bytes], keep_on: Callable[[], bool], stop: threading.Event) -> bool:
    """Wait until the child ends; false when it is to be ended."""
    while child.poll() is None:
        if stop.wait(_POLL_S) or not keep_on():
            return child.poll() is not None
    return True


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and what it started, if they still run, and collect it."""
    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
            child.wait(_GRACE_S)
    with contextlib.suppress(ProcessLookupError):
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
