"""A host's own transcripts, as they lie in its papers: read, listed, verified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sage_edge.errors import UsageError
from sage_edge.names import TRACKS, SessionId, Track
from sage_edge.records import paper_paths
from sage_edge.records.base import parse
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.sessions.errors import TranscriptBroken


def read(path: Path) -> Transcript:
    """Return the transcript in a file, verified. Raises TranscriptBroken, which names each broken link."""
    try:
        transcript = parse(Transcript, path.read_bytes())
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}", hint="sage-edge session list") from None
    except (OSError, ValueError) as unreadable:
        raise TranscriptBroken(f"{path}: {unreadable}", hint=_BACK) from None
    if faults := chain_faults(transcript):
        raise TranscriptBroken(f"{path}: {'; '.join(faults)}", hint=_BACK)
    return transcript


_BACK = "it was changed after it was written; the published one is in git: git show host/NAME:sessions/…"


def sessions(papers: Path, track: Track) -> tuple[SessionId, ...]:
    """Return the sessions of a track that have a transcript, oldest first."""
    found = []
    for path in (papers / "sessions" / track).glob("*/*.json"):
        try:
            session = SessionId(path.stem)
        except ValueError:
            continue
        if session.track == track:
            found.append(session)
    return tuple(sorted(found, key=lambda session: session.number))


def newest_first(papers: Path, track: Track) -> Iterator[Transcript]:
    """Yield a track's transcripts, the newest first, reading each only when it is asked for."""
    for session in reversed(sessions(papers, track)):
        yield read(papers / paper_paths.of_session(session))


def last_number(papers: Path, journals: frozenset[SessionId], track: Track) -> int:
    """Return the highest number that this host has used on a track, 0 for none."""
    used = [s.number for s in (*sessions(papers, track), *journals) if s.track == track]
    return max(used, default=0)


def unfinished(papers: Path, journals: frozenset[SessionId]) -> tuple[SessionId, ...]:
    """Return the sessions that have a journal and no transcript, primary first, oldest first."""
    done = {session for track in TRACKS for session in sessions(papers, track)}
    return tuple(sorted(journals - done, key=lambda session: (session.track, session.number)))
