"""What is odd in the state files of an older system, one line a file; all of it where a person asks for the details."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sage_edge.legacy import versions
from sage_edge.legacy.report import CounterChange, Defect, FileHistory, ImportReport
from sage_edge.sizes import counted

_ORDERS = {
    "number": "ordered by the numbers in their names",
    "stamp": "ordered by the stamps in their names",
    "time": "ordered by the time that each holds",
}


def summary(report: ImportReport) -> list[str]:
    """Return a sentence for each state file, whatever the number of its versions."""
    defects: dict[str, list[Defect]] = {}
    for defect in report.defects:
        defects.setdefault(versions.of(defect.source).file, []).append(defect)
    histories = {history.file: history for history in report.histories}
    return [_line(file, histories.get(file), defects.get(file, [])) for file in sorted({*defects, *histories})]


def details(report: ImportReport) -> Iterator[str]:
    """Yield a sentence for each thing that is odd: every change with both values and both versions."""
    for defect in report.defects:
        yield f"{defect.source}: {defect.what}"
    for history in report.histories:
        yield f"{history.file}: {counted(history.versions, 'version')}, {_ORDERS[history.order]}"
        for change in history.changes:
            yield f"{history.file}: {_told(change)}, in {change.later} after {change.earlier}"
        if history.left_out:
            yield f"{history.file}: {history.left_out} more changes of counters"
        for version in history.unreadable:
            yield f"{version.source}: it cannot be read: {version.reason}"
        for source in history.unplaced:
            yield f"{source}: nothing says where it stands among the versions of {history.file}"


def _line(file: str, history: FileHistory | None, defects: Sequence[Defect]) -> str:
    sources = {defect.source for defect in defects}
    if history is None and len(sources) == 1:
        return f"{next(iter(sources))}: {'; '.join(defect.what for defect in defects)}"
    parts = list(_parts(history)) if history else []
    if defects:
        parts.append(f"contradictions in {counted(len(sources), 'version')}")
    return f"{file}: {'; '.join(parts)}"


def _parts(history: FileHistory) -> Iterator[str]:
    yield counted(history.versions, "version")
    kinds = Counter(change.what for change in history.changes)
    if history.changes:
        changes = ", ".join(f"{count} {what}" for what, count in sorted(kinds.items()))
        yield f"counters: {changes}{' and more' if history.left_out else ''} ({_told(history.changes[0])})"
    if history.unreadable:
        yield f"{len(history.unreadable)} cannot be read ({history.unreadable[0].reason})"
    if history.unplaced:
        yield f"{len(history.unplaced)} have no place among them"


def _told(change: CounterChange) -> str:
    return f"{change.counter} {change.what} from {change.before} to {change.after}"
