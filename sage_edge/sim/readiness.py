"""Waiting until a stand-in is up, and reading its host key where nobody can be in between: inside."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sage_edge import shell
from sage_edge.sim.engine import SimError, docker, inside
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


def look(machine: Machine) -> Look:
    """Return what a stand-in says of itself now. Raises SimError when it has stopped."""
    told = inside(machine, "sh", "-c", f"{_BOARD if machine.is_board else _HUB}; {_KEY}", timeout_s=20)
    if "is not running" in told.complaint:
        said = shell.attempt(docker("logs", "--tail", "20", machine.container))
        raise SimError(
            f"{machine.host} has stopped: {(said.text + said.complaint).strip() or 'it says nothing'}",
            hint=f"docker logs {machine.container}; to make all anew: invoke sim.down && invoke sim.up",
        )
    lines = told.text.splitlines()
    keys = [line for line in lines if line.startswith("ssh-")]
    rest = [line for line in lines if line and not line.startswith("ssh-")]
    return Look(rest[0] if rest else "", tuple(rest[1:]), keys[0] if keys else "")


def wait(machine: Machine, patience_s: float = PATIENCE_S) -> Look:
    """Return what a stand-in says once it is up. Raises SimError when it is not within `patience_s`, or stops."""
    until = time.monotonic() + patience_s
    while True:
        seen = look(machine)
        if seen.key and seen.system in _UP:
            return seen
        if time.monotonic() > until:
            raise SimError(
                f"{machine.host} is not up after {patience_s:g} s: {seen.system or 'nothing answers'}",
                hint=f"docker logs {machine.container}; to make all anew: invoke sim.down && invoke sim.up",
            )
        time.sleep(_PAUSE_S)


def restart(machine: Machine) -> Look:
    """Switch a stand-in off and on as a board is, and return what it says once it is up."""
    shell.run(docker("restart", machine.container))
    return wait(machine)
