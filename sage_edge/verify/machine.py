"""Disk and clock of this machine, measured."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from sage_edge import files
from sage_edge.clock_trust import ClockTrust, ClockWatch

_BEAT_BYTES = 8192


@dataclass(frozen=True)
class FreeDisk:
    """Free bytes of the disk on which a folder is, or would be made; for whoever is not root."""

    path: Path
    free_bytes: int


@dataclass(frozen=True)
class ClockFacts:
    """trust: what this machine's clock says, and whether it may be believed.

    written: when this machine last wrote its heartbeat, by that same clock; None: never, or since it was started: how
    the clock was set since then is seen without. synchronised: what the kernel says of its
    clock; None where it does not say.
    """

    trust: ClockTrust
    written: datetime | None
    synchronised: bool | None


def free_disk(path: Path) -> FreeDisk:
    """Return how much is free where `path` is, or would be."""
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    return FreeDisk(path, shutil.disk_usage(there).free)


def clock_facts(watch: ClockWatch, heartbeat: Path) -> ClockFacts:
    """Return what this machine knows of its own clock."""
    reading = watch.clock.read()
    return ClockFacts(watch.look(), _written_before(heartbeat, reading.boot), reading.is_kept)


def _written_before(heartbeat: Path, boot: str) -> datetime | None:
    try:
        written = datetime.fromtimestamp(heartbeat.stat().st_mtime, timezone.utc)
        content = files.read(heartbeat, at_most=_BEAT_BYTES)
    except (OSError, ValueError, OverflowError):
        return None
    try:
        return None if boot and json.loads(content)["boot"] == boot else written
    except (ValueError, LookupError, TypeError):
        return written  # an older agent names no boot
