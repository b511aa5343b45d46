#!/usr/bin/python3
"""Is the agent alive: the heartbeat is this container's own, and younger than the longest thing between two beats.

Its age is counted in seconds since the machine was started, which no setting of the clock changes; one of an earlier
start is as old as the clock says, and one of the future is no sign of life.

No generation, no secrets, nothing but a small file: a HEALTHCHECK runs every few seconds, outside the entry point.
The agent beats at every turn and once a minute while it waits; the longest silence that is none is a turn that runs
into its deadline (two minutes), or a large model that is being loaded (about four, facts §1.4). A heartbeat of a
container before this one says nothing of the agent that starts now; a full disk keeps it from writing another.
"""

import json
import os
import platform
import sys
import time
from pathlib import Path

OLDEST_S = 600.0
SKEW_S = 2.0


def age_s(said: object, written: float) -> float:
    """Seconds since a heartbeat; negative: it is of the future. written: its file's mtime."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    if isinstance(said, dict) and said.get("boot") == boot:
        return time.clock_gettime(time.CLOCK_BOOTTIME) - float(said["awake_s"])
    return time.time() - written


state = Path(os.environ.get("SAGE_STATE", "/srv/sage/state"))
heartbeat = state / "heartbeat.json"
try:
    written = heartbeat.stat().st_mtime
    said = json.loads(heartbeat.read_bytes()[:8192])
    age = age_s(said, written)
    room = os.statvfs(state)
except OSError as missing:
    sys.exit(f"no heartbeat: {missing}")
except (ValueError, LookupError, TypeError):
    sys.exit("the heartbeat is damaged")
writer = said.get("container") if isinstance(said, dict) else None
if writer not in (None, platform.node()):
    sys.exit("no heartbeat: the agent has not written one since this container was made")
if room.f_bavail == 0 or (room.f_files and not room.f_favail):
    sys.exit("no room for a heartbeat: the disk of the state is full")
if age < -SKEW_S:
    sys.exit(f"the last heartbeat is of the future, by {-age:.0f} s")
sys.exit(0 if age < OLDEST_S else f"the last heartbeat is {age:.0f} s old")
