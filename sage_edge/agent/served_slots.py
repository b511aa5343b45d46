"""Which slots of a track were served, by the transcripts that this host keeps.

    state/cache/slots.json    format 1; what stood in transcripts that were read before: they never change
    {"format": 1, "due": {"P001": "2026-11-20T06:00:00.000+00:00", "P002": null}}

The cache may go at any time. A transcript that was damaged on this disk serves no slot, unless it was read before.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sage_edge import clock, files
from sage_edge.errors import StorageError, UsageError
from sage_edge.names import Track
from sage_edge.paths import Paths
from sage_edge.records import paper_paths
from sage_edge.sessions import archive
from sage_edge.sessions.errors import TranscriptBroken

_LARGEST = 64 << 20


def of(paths: Paths, track: Track) -> frozenset[datetime]:
    """Return every slot of a track for which there is a transcript. Raises TranscriptBroken if the newest is damaged.

    A transcript whose session was started by hand has none, and a slot from before there was any host is none.
    """
    file = paths.state / "cache" / "slots.json"
    known = dict(_cached(file))
    sessions = archive.sessions(paths.papers, track)
    fresh: dict[str, str | None] = {}
    for session in sessions:
        if session in known:
            continue
        try:
            slot = archive.read(paths.papers / paper_paths.of_session(session, track)).head.slot
        except (TranscriptBroken, UsageError):  # the latter: what lies there is no plain file
            if session == sessions[-1]:
                raise
            continue
        fresh[session] = clock.text(slot.due) if slot else None
    if fresh:
        _keep(file, {**known, **fresh})
    dues = {**known, **fresh}
    slots = (clock.parse(due) for session in sessions if (due := dues.get(session)))
    return frozenset(slot for slot in slots if slot >= clock.BEGUN)


def _cached(file: Path) -> Mapping[str, str | None]:
    try:
        content = json.loads(files.read(file, at_most=_LARGEST))
        dues = content["due"] if content["format"] == 1 else {}
        return {str(name): None if due is None else clock.text(clock.parse(due)) for name, due in dues.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _keep(file: Path, dues: Mapping[str, str | None]) -> None:
    with contextlib.suppress(StorageError):
        files.make_folder(file.parent)
        files.write_atomic(file, json.dumps({"format": 1, "due": dues}, sort_keys=True).encode())
