"""The journal of deployments on this board: one line per state, on the disk before the state's work begins.

/srv/sage/deploy/journal.jsonl    format 1, one JSON object a line (durable: CRC, torn tail cut)
{"format": 1, "at": …, "deployment": "9f2c…", "release": "ab12…", "previous": "cd34…"|null, "kind": "deploy"|"rollback",
 "state": "armed", "note": "…", "boot": "<boot id>"}
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sage_edge.host import durable, states
from sage_edge.host.clock import boot_id, now_text
from sage_edge.host.errors import HOST, ExitStatus, Refusal, invoke
from sage_edge.host.states import DeploymentState

GIVEN_UP = "given up"
"""How the note of a `revert-failed` begins after which the board tries no more."""

DeploymentKind = Literal["deploy", "rollback"]


class JournalEntry(NamedTuple):
    """One line of the journal: a deployment has entered a state."""

    deployment: str
    kind: DeploymentKind
    release: str
    previous: str | None
    state: DeploymentState
    note: str
    at: str
    boot: str

    @property
    def is_over(self) -> bool:
        return self.state in states.OVER

    @property
    def is_given_up(self) -> bool:
        """True if the board does not try to take it back any more."""
        return self.state == "revert-failed" and self.note.startswith(GIVEN_UP)


class DeployJournal:
    """Reads and writes the journal. One process at a time: its callers hold the deploy lock."""

    def __init__(self, path: Path, root: Path = Path("/")) -> None:
        self._path, self._root = path, root

    def entries(self) -> tuple[JournalEntry, ...]:
        """Return every line, oldest first. Raises Refusal when a line before the last is damaged."""
        try:
            return tuple(_entry(line) for line in durable.read(self._path))
        except (OSError, ValueError, KeyError, TypeError) as broken:
            why = broken.strerror if isinstance(broken, OSError) else broken
            raise Refusal(
                "journal-damaged",
                f"{self._path} cannot be read: {why}",
                "set it aside and prove anew what serves: ",
                invoke("deploy", host=HOST),
            ) from None

    def set_aside(self) -> str | None:
        """Rename a journal that cannot be read, so that a new one begins; return its new name, None for a good one."""
        try:
            self.entries()
        except Refusal:
            number = 1
            while (aside := self._path.with_name(f"{self._path.name}.damaged-{number}")).exists():
                number += 1
            self._path.rename(aside)
            durable.sync_folder(aside.parent)
            return aside.name
        return None

    def latest(self) -> JournalEntry | None:
        """Return the newest line, or None."""
        return next(reversed(self.entries()), None)

    def open(self, kind: DeploymentKind, release: str, previous: str | None, note: str = "") -> JournalEntry:
        """Begin a deployment: state `planned`. Raises Refusal while another is not over."""
        latest = self.latest()
        if latest is not None and not latest.is_over:
            raise Refusal(
                "deployment-open",
                f"the deployment of {latest.release} is still {latest.state}",
                "let the board settle it: ",
                invoke("deploy", host=HOST),
                code=ExitStatus.LOCKED,
            )
        import secrets  # milliseconds that a probe does not need

        return self._write(secrets.token_hex(8), kind, release, previous, "planned", note)

    def enter(self, entry: JournalEntry, state: DeploymentState, note: str = "") -> JournalEntry:
        """Write that a deployment enters a state. Raises RuntimeError for a move that the table does not have."""
        if state not in states.MOVES[entry.state]:
            raise RuntimeError(f"no way from {entry.state} to {state}")
        return self._write(entry.deployment, entry.kind, entry.release, entry.previous, state, note)

    def unpin(self, release: str) -> JournalEntry:
        """Write that the release which serves is wanted as it is, as if it were deployed anew. Nothing may be open."""
        opened = self.open("deploy", release, release, "unpinned")
        return self._write(opened.deployment, "deploy", release, release, "committed", "unpinned")

    def served(self) -> Iterator[str]:
        """Yield the releases that were committed, newest first, each once."""
        seen: set[str] = set()
        for entry in reversed(self.entries()):
            if entry.state == "committed" and entry.release not in seen:
                seen.add(entry.release)
                yield entry.release

    def should_serve(self) -> str | None:
        """Return the release that serves once the newest deployment has come to its end as it must; None: nothing."""
        latest = self.latest()
        return None if latest is None else latest.release if latest.state in states.KEPT else latest.previous

    def attempts(self, entry: JournalEntry) -> int:
        """How often this deployment was begun to be taken back and not refused: whoever did it died, or succeeded."""
        lines = [line for line in self.entries() if line.deployment == entry.deployment]
        begun = [after for line, after in itertools.zip_longest(lines, lines[1:]) if line.state == "reverting"]
        return sum(after is None or after.state != "revert-failed" or after.is_given_up for after in begun)

    def _write(
        self,
        deployment: str,
        kind: DeploymentKind,
        release: str,
        previous: str | None,
        state: DeploymentState,
        note: str,
    ) -> JournalEntry:
        entry = JournalEntry(deployment, kind, release, previous, state, note[:400], now_text(), boot_id(self._root))
        durable.append(self._path, {"format": 1, **entry._asdict()})
        return entry


def _entry(line: dict[str, Any]) -> JournalEntry:
    if line.pop("format") != 1:
        raise ValueError("a newer helper wrote it")
    return JournalEntry(**line)
