"""What the versions of one state file say against each other: counters that fall, jump, or cannot be read.

A counter of the older system stood in a file that several writers overwrote: it rolled back, leapt to 999, and lost
what was counted (legacy §7, 2). Each fall is told, and each rise of a session counter by more than one; a version that
cannot be read may have had one more.

Versions are ordered by the numbers in their paths where all of them have one, else by their stamps, else by the time
that each of them holds; a file whose path names no older content is the newest. Which files are versions of one, their
folders say; digits in their own names do only where their keys are those of a state file, or where they are called so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sage_edge.legacy import counters, kinds, times, versions
from sage_edge.legacy.report import CounterChange, FileHistory, UnreadableVersion
from sage_edge.legacy.session_file import ParsedFile
from sage_edge.legacy.versions import VersionPath

MOST = 500
"""Changes that are told of one file."""

_STATE = frozenset(("state", "identity"))
_Order = Literal["number", "stamp", "time"]


@dataclass(frozen=True)
class _Version:
    path: VersionPath
    file: ParsedFile

    @property
    def moment(self) -> datetime | None:
        """When it was written: by its stamp, which is local time, else by what it holds."""
        stamp = self.path.stamp or ""
        clock = f"{stamp[:8]}T{stamp[8:]:0<6}" if stamp else None
        return times.read(clock).moment if clock else self.file.changed


def of(read: Sequence[ParsedFile]) -> tuple[FileHistory, ...]:
    """Return the histories in which something is odd or cannot be read, by name. Raises ZoneMissing."""
    groups: dict[str, list[_Version]] = {}
    states = {versions.of(file.source).file for file in read if file.what in kinds.STATES}
    for file in read:
        if file.counters or _may_be_state(file):
            path = _path(file, states)
            groups.setdefault(path.file, []).append(_Version(path, file))
    histories = (_history(name, group) for name, group in sorted(groups.items()))
    return tuple(history for history in histories if history.changes or history.unreadable or history.unplaced)


def _path(file: ParsedFile, states: set[str]) -> VersionPath:
    """Return what a path says. states: the files of which some version has the keys of a state file."""
    path = versions.of(file.source)
    is_state = file.what in kinds.STATES or _is_called_state(path.file) or (not file.counters and path.file in states)
    return path if is_state else versions.of(file.source, is_state=False)


def _is_called_state(name: str) -> bool:
    return not _STATE.isdisjoint(re.split(r"[^a-z]+", name.rpartition("/")[2].lower()))


def _may_be_state(file: ParsedFile) -> bool:
    """Whether a file might be a state file, which its readable versions or its name then say."""
    return file.why is not None and file.size > 0 and not file.lost


def _history(name: str, group: Sequence[_Version]) -> FileHistory:
    whole = [version for version in group if version.file.counters]
    broken = [version for version in group if not version.file.counters]
    if not whole and not _is_called_state(name):
        return FileHistory(file=name, versions=len(group), order="time")
    order, placed, unplaced = _ordered(group)
    changes = list(_changes(placed))
    return FileHistory(
        file=name,
        versions=len(group),
        order=order,
        changes=tuple(changes[:MOST]),
        left_out=max(0, len(changes) - MOST),
        unreadable=tuple(
            UnreadableVersion(source=version.file.source, reason=version.file.why or "") for version in broken
        ),
        unplaced=tuple(version.file.source for version in unplaced),
    )


def _ordered(group: Sequence[_Version]) -> tuple[_Order, list[_Version], list[_Version]]:
    """Return the order, the versions in it, and those that have no place in it."""
    older = [version for version in group if not version.path.is_newest]
    newest = [version for version in group if version.path.is_newest]
    if all(version.path.number is not None for version in older):
        return "number", [*sorted(older, key=_by_number), *newest], []
    if all(version.path.stamp for version in older):
        return "stamp", [*sorted(older, key=_by_stamp), *newest], []
    dated = [(moment, version.file.source, version) for version in older if (moment := version.moment)]
    placed = [version for _, _, version in sorted(dated, key=lambda entry: entry[:2])]
    unplaced = [version for version in older if version.moment is None and version.file.counters]
    return "time", [*placed, *newest], unplaced if len(group) > 1 else []


def _by_number(version: _Version) -> tuple[int, str, str]:
    return version.path.number or 0, version.path.stamp or "", version.file.source


def _by_stamp(version: _Version) -> tuple[str, str]:
    return (version.path.stamp or "").ljust(14, "0"), version.file.source


def _changes(placed: Sequence[_Version]) -> Iterator[CounterChange]:
    last: dict[str, tuple[int, str]] = {}
    unread = 0
    for version in placed:
        steps, unread = unread + 1, 0 if version.file.counters else unread + 1
        for counter, after in version.file.counters.items():
            before, earlier = last.get(counter, (after, ""))
            jumped = counters.counts_sessions(counter) and after > before + steps
            if after < before or jumped:
                yield CounterChange(
                    counter=counter,
                    what="jumped" if jumped else "fell",
                    before=before,
                    after=after,
                    earlier=earlier,
                    later=version.file.source,
                )
            last[counter] = after, version.file.source
