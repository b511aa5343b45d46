"""Which slots of a track were served, by the transcripts that this host keeps.

    state/cache/slots.json    format 1; what stood in transcripts that were read before: they never change
    {"format": 1, "due": {"P001": "2026-11-20T06:00:00.000+00:00", "P002": null}}

The cache may go at any time. A transcript that was damaged on this disk serves no slot, unless it was read before.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from sage_edge import clock, files
from sage_edge.errors import StorageError, UsageError
from sage_edge.names import SessionId, Track
from sage_edge.paths import Paths
from sage_edge.records import paper_paths
from sage_edge.sessions import archive
from sage_edge.sessions.errors import TranscriptBroken

_LARGEST = 64 << 20


def of(paths: Paths, track: Track) -> frozenset[datetime]:
    """Return every slot of a track for which there is a transcript. Raises TranscriptBroken if the newest is damaged.

    A transcript whose session was started by hand has none, and a slot from before there was any host is none.
    """
    known = _cached(_file(paths))
    sessions = archive.sessions(paths.papers, track)
    dues = {**known, **_read(paths, track, sessions, known)}
    if sessions and sessions[-1] not in dues:
        archive.read(paths.papers / paper_paths.of_session(sessions[-1], track))  # says what is wrong with it
    slots = (clock.parse(due) for session in sessions if (due := dues.get(session)))
    return frozenset(slot for slot in slots if slot >= clock.BEGUN)


def remember(paths: Paths, tracks: Iterable[Track]) -> None:
    """Keep what the transcripts say that were not read before. A disk that takes nothing only costs time later."""
    known = dict(_cached(_file(paths)))
    before = len(known)
    for track in tracks:
        known |= _read(paths, track, archive.sessions(paths.papers, track), known)
    if len(known) > before:
        with contextlib.suppress(StorageError):
            files.make_folder(_file(paths).parent)
            files.write_atomic(_file(paths), json.dumps({"format": 1, "due": known}, sort_keys=True).encode())


def _file(paths: Paths) -> Path:
    return paths.state / "cache" / "slots.json"


def _read(
    paths: Paths, track: Track, sessions: Iterable[SessionId], known: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Session → due of the transcripts that are not known; those that cannot be read are none."""
    fresh: dict[str, str | None] = {}
    for session in sessions:
        if session in known:
            continue
        with contextlib.suppress(TranscriptBroken, UsageError):  # the latter: what lies there is no plain file
            slot = archive.read(paths.papers / paper_paths.of_session(session, track)).head.slot
            fresh[session] = clock.text(slot.due) if slot else None
    return fresh


def _cached(file: Path) -> Mapping[str, str | None]:
    try:
        content = json.loads(files.read(file, at_most=_LARGEST))
        dues = content["due"] if content["format"] == 1 else {}
        return {str(name): None if due is None else clock.text(clock.parse(due)) for name, due in dues.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
