"""The workstation's Docker engine, asked by its command line."""

from __future__ import annotations

import re

from sage_edge import shell
from sage_edge.errors import CommandFailed, ExitCode
from sage_edge.remote.errors import DeployError
from sage_edge.shell import Command, Result

OLDEST = (24, 0)
"""Builds name contexts, which 23.0 can, and date layers, which 24.0 can. A board, which only runs, may be older."""


class NoEngine(DeployError):
    """No Docker engine answers on the workstation, or its command is not here."""

    code = ExitCode.UNREACHABLE

    def __init__(self, why: str) -> None:
        super().__init__(f"no Docker engine answers here: {why}", hint="start one, or on Debian 12 get one: .ci/engine")


class EngineTooOld(DeployError):
    """The workstation's Docker engine cannot build what we build."""

    code = ExitCode.UNREACHABLE


def docker(*words: str, timeout_s: float = 60.0) -> Result:
    """Run one docker command and return whatever happened. Raises NoEngine where there is no such command."""
    try:
        return shell.attempt(Command(("docker", *words), timeout_s=timeout_s))
    except CommandFailed as absent:
        raise NoEngine(absent.output) from None


def demand() -> None:
    """Raise NoEngine unless an engine answers, and EngineTooOld unless it can build our images."""
    done = docker("version", "--format", "{{.Server.Version}}", timeout_s=20)
    if done.code != 0:
        said = (done.complaint or done.text).splitlines() or ["docker version says nothing"]
        raise NoEngine(said[-1][:200])
    version = done.text.strip()[:40]
    number = re.match(r"(\d+)\.(\d+)", version)
    if number and (int(number[1]), int(number[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise EngineTooOld(
            f"the Docker engine here is {version}, and to build our images takes {oldest} or newer",
            hint="get a newer one; on Debian 12: .ci/engine",
        )


def last_words(done: Result) -> str:
    """The line of a failed command's complaint that says why."""
    said = [line for line in done.complaint.splitlines() if line.strip() and not line.startswith("Run '")]
    return (said or ["the engine says nothing"])[-1].removeprefix("docker: ").removeprefix("ERROR: ")[:300]
