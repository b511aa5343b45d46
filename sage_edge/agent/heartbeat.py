"""The heartbeat: a file whose age tells a health check whether the agent still gets anywhere.

    state/heartbeat.json    {"at": "2026-11-20T06:00:00.000+00:00", "awake_s": 4711.2, "boot": "8d1e…",
                             "clock_doubt": null, "container": "3f2a…", "failing": null, "host": "sprout",
                             "release": "ab12…"}
      replaced at every beat; failing: why the last wake failed, null when it did not, or while a session gets on;
      container: the host name inside, by which the board tells this agent's beats from those of the one before;
      clock_doubt: why the clock is not believed, null when it is;
      boot, awake_s: in which start of the machine, and how many seconds after it: by these it is old, whatever the
      clock was set to since

It beats where work gets on (a wake, a question, an answer) and while the agent waits, and nowhere else: a thread of
its own would go on beating for an agent that hangs. images/shared/healthy.py knows how long a silence may last.
"""

from __future__ import annotations

import json
import platform
import threading
from dataclasses import dataclass, field
from pathlib import Path

from sage_edge import clock, files
from sage_edge.clock_trust import ClockWatch
from sage_edge.errors import StorageError
from sage_edge.records.transcript import Step, Turn
from sage_edge.sessions.journal import SessionLog

LONGEST_PAUSE_S = 60.0
"""A longer wait is cut into pieces of at most this, so that a pause may be declared as long as anybody likes."""


@dataclass(frozen=True)
class Heartbeat:
    """The heartbeat file of one agent; as a session's audience it is renewed at every turn."""

    path: Path
    host: str
    watch: ClockWatch
    release: str
    container: str = field(default_factory=platform.node)

    def beat(self, failing: str | None = None) -> str | None:
        """Replace the heartbeat; return why that could not be done. A full disk stops no work, and is a failure."""
        trust, reading = self.watch.look(), self.watch.clock.read()
        timed = {"awake_s": reading.awake_s, "boot": reading.boot}
        content = {"at": clock.text(trust.at), "clock_doubt": trust.doubt, "failing": failing, "host": self.host}
        whose = {"container": self.container, "release": self.release}
        try:
            files.write_atomic(self.path, json.dumps({**content, **timed, **whose}).encode())
        except StorageError as refused:
            return refused.message
        return None

    def wait(self, seconds: float, stop: threading.Event, failing: str | None = None) -> None:
        """Wait and renew the file meanwhile; return early once `stop` is set."""
        while seconds > 0:
            self.beat(failing)
            piece = min(seconds, LONGEST_PAUSE_S)
            self.watch.clock.wait(piece, stop)
            seconds = 0.0 if stop.is_set() else seconds - piece

    def asked(self, log: SessionLog, step: Step) -> None:
        """Renew the file: a question is about to be asked."""
        self.beat()

    def answered(self, log: SessionLog, turn: Turn) -> None:
        """Renew the file: an answer is on disk."""
        self.beat()
