#!/usr/bin/python3
"""Is the agent alive: its heartbeat is younger than the longest thing that it does between two beats.

No generation, no secrets, nothing but a file's age: a HEALTHCHECK runs every few seconds, outside the entry point.
The agent beats at every turn and once a minute while it waits; the longest silence that is none is a turn that runs
into its deadline (two minutes), or a large model that is being loaded (about four, facts §1.4).
"""

import os
import sys
import time
from pathlib import Path

OLDEST_S = 600.0

heartbeat = Path(os.environ.get("SAGE_STATE", "/srv/sage/state")) / "heartbeat.json"
try:
    age = time.time() - heartbeat.stat().st_mtime
except OSError as missing:
    sys.exit(f"no heartbeat: {missing}")
sys.exit(0 if age < OLDEST_S else f"the last heartbeat is {age:.0f} s old")
