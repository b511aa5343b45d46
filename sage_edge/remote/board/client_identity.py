"""Identify this client (user, machine, process) to a board's lock, and detect dead clients of this machine."""

from __future__ import annotations

import getpass
import hashlib
import os
import platform
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def who() -> str:
    """For audit lines: `ada@desk`."""
    return f"{getpass.getuser()}@{_node()}"


def claim() -> dict[str, Any]:
    """Who asks for a lock. machine: where our process ids count, until it starts anew."""
    return {"holder": getpass.getuser(), "host": _node(), "pid": os.getpid(), "machine": machine()}


def machine() -> str:
    """A digest that differs between machines, boots of one, and containers on one."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
        own = f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # no Linux
        own = f"{_node()} {uuid.getnode()}"
    return hashlib.sha256(own.encode()).hexdigest()[:16]


def is_dead(lock: Mapping[str, Any]) -> bool:
    """True if a lock is of a process of this machine that is gone."""
    if lock.get("machine") != machine():
        return False
    try:
        os.kill(int(lock["pid"]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _node() -> str:
    return platform.node() or "workstation"
