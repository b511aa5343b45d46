"""Waiting until a stand-in is up, and reading its host key where nobody can be in between: inside."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sage_edge.hints import NextCommand
from sage_edge.image.engine import DockerClient
from sage_edge.image.errors import EngineRefused
from sage_edge.sim.errors import ANEW, SimError
from sage_edge.sim.place import Machine

PATIENCE_S = 90.0
_PAUSE_S = 0.2
_BOARD = "systemctl is-system-running; systemctl --failed --plain --no-legend | cut -d' ' -f1"
_HUB = "test -s /run/sshd.pid && echo running"
_KEY = "cat /etc/ssh/ssh_host_ed25519_key.pub"
_UP = ("running", "degraded")


@dataclass(frozen=True)
class Look:
    """What was seen inside. system: empty while nothing answers; failed: units; key: the host's public key."""

    system: str = ""
    failed: tuple[str, ...] = ()
    key: str = ""


def look(docker: DockerClient, machine: Machine) -> Look:
    """Return what a stand-in says of itself now. Raises SimError when it has stopped."""
    script = f"{_BOARD if machine.is_board else _HUB}; {_KEY}"
    try:
        lines = docker.execute(machine.container, "sh", "-c", script, timeout_s=20).text.splitlines()
    except EngineRefused as refused:
        if "is not running" not in refused.why:
            return Look()
        last = docker.last_lines(machine.container, 20) or "it says nothing"
        raise SimError(f"{machine.host} has stopped: {last}", hint=_see(machine)) from None
    keys = [line for line in lines if line.startswith("ssh-")]
    rest = [line for line in lines if line and not line.startswith("ssh-")]
    return Look(rest[0] if rest else "", tuple(rest[1:]), keys[0] if keys else "")


def wait(docker: DockerClient, machine: Machine, patience_s: float = PATIENCE_S) -> Look:
    """Return what a stand-in says once it is up. Raises SimError when it is not within `patience_s`, or stops."""
    until = time.monotonic() + patience_s
    while True:
        seen = look(docker, machine)
        if seen.key and seen.system in _UP:
            return seen
        if time.monotonic() > until:
            raise SimError(
                f"{machine.host} is not up after {patience_s:g} s: {seen.system or 'nothing answers'}",
                hint=_see(machine),
            )
        time.sleep(_PAUSE_S)


def restart(docker: DockerClient, machine: Machine) -> Look:
    """Switch a stand-in off and on as a board is, and return what it says once it is up."""
    docker.restart(machine.container)
    return wait(docker, machine)


def _see(machine: Machine) -> tuple[str | NextCommand, ...]:
    return (f"docker logs {machine.container}; to make all anew: ", *ANEW)
