"""Which release served before which: where a rollback goes, and from what a board was rolled back.

A deployed release lies on top of the line; a rollback takes off what lies above the release that it goes back to. So a
second rollback goes one further back, and never forward again. A board that was rolled back stays where it is (it is
pinned) until another release than those is deployed, or somebody says that it may go forward.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sage_edge.host.journal import JournalEntry


class Pin(NamedTuple):
    """Where a board was rolled back to, from which releases, and when the newest rollback was."""

    release: str
    away_from: tuple[str, ...]
    since: str

    def as_json(self) -> Mapping[str, object]:
        """The pin as a probe tells it."""
        return {**self._asdict(), "away_from": list(self.away_from)}


class ServedLine(NamedTuple):
    """The releases that served, oldest first; pin: None unless the newest of what served is a rollback."""

    line: tuple[str, ...]
    pin: Pin | None

    def before(self, now: str | None, there: Collection[str]) -> str | None:
        """Return the newest release before the one that serves now, of those that are there; None without any.

        now: what `current` names, which need not be what the journal says.
        """
        older = self.line[: self.line.index(now)] if now in self.line else self.line
        return next((release for release in reversed(older) if release in there and release != now), None)


def of(entries: Iterable[JournalEntry]) -> ServedLine:
    """Return what the lines of a journal come to."""
    line: list[str] = []
    pin: Pin | None = None
    for entry in entries:
        if entry.state != "committed":
            continue
        if entry.kind == "rollback":
            passed = line[line.index(entry.release) + 1 :] if entry.release in line else []
            left = [*(pin.away_from if pin else ()), *passed, *([entry.previous] if entry.previous else [])]
            away_from = tuple(dict.fromkeys(release for release in left if release != entry.release))
            pin = Pin(entry.release, away_from, entry.at)
            line = [release for release in line if release not in passed and release != entry.release]
        else:
            pin = None
            line = [release for release in line if release != entry.release]
        line.append(entry.release)
    return ServedLine(tuple(line), pin)
