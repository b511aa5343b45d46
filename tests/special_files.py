"""What may lie where a plain file should: each kind, made at a path; and a deadline, because some are waited for."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

DEADLINE_S = 30


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # its name has to be short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def _empty_repository(path: Path) -> None:
    subprocess.run(("git", "init", "-q", str(path)), check=True)


def _repository(path: Path) -> None:
    _empty_repository(path)
    (path / "note").write_text("somebody's\n")
    who = ("-c", "user.name=x", "-c", "user.email=x@invalid", "-c", "commit.gpgSign=false")
    subprocess.run(("git", "-C", str(path), "add", "note"), check=True)
    subprocess.run(("git", "-C", str(path), *who, "commit", "-qm", "one"), check=True)


SPECIAL: Mapping[str, Callable[[Path], None]] = {
    "pipe": os.mkfifo,
    "socket": _socket,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link loop": lambda path: path.symlink_to(path.name),
    "link": lambda path: path.symlink_to("/etc/hostname"),
    "empty repository": _empty_repository,
    "repository": _repository,
}


@contextlib.contextmanager
def within_deadline() -> Iterator[None]:
    """Fail instead of waiting for ever; SIGALRM interrupts an open that hangs, as SIGTERM would."""

    def late(*_: object) -> None:
        raise AssertionError(f"nothing came of it within {DEADLINE_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(DEADLINE_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
