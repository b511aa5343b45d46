"""What every command takes from its surroundings: paths, release, stop signals, a voice."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType
from typing import TypeVar

import click

from sage_edge import __version__, clock
from sage_edge.cli.completion import hosts, offered
from sage_edge.clock import Clock, SetClock, SystemClock
from sage_edge.names import Digest
from sage_edge.paths import Paths
from sage_edge.shell import Command, attempt

F = TypeVar("F", bound=Callable[..., object])

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""What asks a command to stop."""


def paths() -> Paths:
    """The paths that the environment names. Raises UsageError without a fleet."""
    return Paths.from_env(os.environ, Path.cwd())


def release() -> str:
    """What is running: the deployed release, or `unreleased-<version>` with a checkout's commit.

    A changed tree never passes for its commit: it ends with `-dirty`.
    """
    if deployed := os.environ.get("SAGE_RELEASE"):
        return deployed
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return f"unreleased-{__version__}"
    words = ("git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    described = attempt(Command(words, env={"GIT_OPTIONAL_LOCKS": "0"}))
    return f"unreleased-{__version__}+{described.text or 'unknown'}"


def image() -> Digest | None:
    """The id of the image around us, as whoever started the container says; None for a mere tag, or without one."""
    try:
        return Digest(os.environ.get("SAGE_IMAGE", ""))
    except ValueError:
        return None


def committed() -> datetime | None:
    """When what is running was committed: as the image says, or a checkout's newest commit; None where nobody says.

    SAGE_COMMITTED    seconds since 1970, in the image's environment
    """
    seconds = os.environ.get("SAGE_COMMITTED", "")
    root = Path(__file__).parents[2]
    if not seconds and (root / ".git").exists():
        seconds = attempt(Command(("git", "-C", str(root), "log", "-1", "--format=%ct"))).text
    if not re.fullmatch(r"[0-9]{1,11}", seconds):
        return None
    return datetime.fromtimestamp(int(seconds), timezone.utc)


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM, SIGINT or SIGHUP sets; the second one ends the process as usual.

    Under nohup, which ignores SIGHUP, that stays ignored.
    """
    stop = threading.Event()

    def heard(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is the signal module's
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in STOPPING:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, heard)
    return stop


@contextlib.contextmanager
def cut_short(stop: threading.Event) -> Iterator[None]:
    """Raise KeyboardInterrupt at once when a stop request comes, for work that never asks whether there was one."""

    def heard(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is the signal module's
        stop.set()
        raise KeyboardInterrupt

    if stop.is_set():
        raise KeyboardInterrupt
    numbers = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, heard) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if stop.is_set() else handler)


def log(text: str) -> None:
    """Progress goes to stderr; stdout is for results."""
    click.echo(text, err=True)


def log_of(host: str) -> Callable[[str], None]:
    """Return what logs progress under a host's name."""
    return lambda text: log(f"{host:<12} {text}")


def clock_at(at: str | None) -> Clock:
    """The system's clock, or one set to `at`. Raises click's usage error."""
    return SystemClock(paths().facts_root) if at is None else SetClock(moment_of(at))


def moment_of(at: str) -> datetime:
    """The moment that `--at` names. Raises click's usage error."""
    try:
        moment = clock.parse(at)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--at") from None
    if not 1970 <= moment.year < datetime.max.year:
        raise click.BadParameter(f"expected a time from 1970 to {datetime.max.year - 1}, got {at!r}", param_hint="--at")
    return moment


as_option = click.option(
    "--as",
    "as_host",
    metavar="HOST",
    shell_complete=offered(hosts),
    help="The host to act as; its card and board must agree.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
at_option = click.option("--at", metavar="TIME", help="Act as if it were this time, like 2026-11-20T06:00:00Z.")
