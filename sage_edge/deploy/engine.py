"""The workstation's Docker engine, asked by its command line."""

from __future__ import annotations

from sage_edge import shell
from sage_edge.deploy.addresses import DeployError
from sage_edge.errors import CommandFailed
from sage_edge.shell import Command, Result


class NoEngine(DeployError):
    """No Docker engine answers on the workstation, or its command is not here."""

    code = 4

    def __init__(self, why: str) -> None:
        super().__init__(f"no Docker engine answers here: {why}", hint="start one, or on Debian 12 get one: .ci/engine")


def docker(*words: str, timeout_s: float = 60.0) -> Result:
    """Run one docker command and return whatever happened. Raises NoEngine where there is no such command."""
    try:
        return shell.attempt(Command(("docker", *words), timeout_s=timeout_s))
    except CommandFailed as absent:
        raise NoEngine(absent.output) from None


def demand() -> None:
    """Raise NoEngine unless an engine answers."""
    done = docker("version", "--format", "{{.Server.Version}}", timeout_s=20)
    if done.code != 0:
        said = (done.complaint or done.text).splitlines() or ["docker version says nothing"]
        raise NoEngine(said[-1][:200])


def last_words(done: Result) -> str:
    """The line of a failed command's complaint that says why."""
    said = [line for line in done.complaint.splitlines() if line.strip() and not line.startswith("Run '")]
    return (said or ["the engine says nothing"])[-1].removeprefix("docker: ").removeprefix("ERROR: ")[:300]
