"""A host's own transcripts, as they lie in its papers: read, listed, verified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sage_edge import files
from sage_edge.errors import UsageError
from sage_edge.hints import sage
from sage_edge.inventory.session_kinds import SessionKind
from sage_edge.names import FIRST_KINDS, SessionId, Track
from sage_edge.records.base import parse
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.sessions.errors import TranscriptBroken


def read(path: Path) -> Transcript:
    """Return the transcript in a file, verified. Raises TranscriptBroken, which names each broken link."""
    try:
        transcript = parse(Transcript, files.read(path, at_most=LARGEST))
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}", hint=sage("session list")) from None
    except files.NoPlainFile as other:
        raise UsageError(str(other), hint=sage("session list")) from None
    except (OSError, ValueError) as unreadable:
        raise TranscriptBroken(f"{path}: {unreadable}", hint=_BACK) from None
    if faults := chain_faults(transcript):
        raise TranscriptBroken(f"{path}: {'; '.join(faults)}", hint=_BACK)
    return transcript


LARGEST = 64 << 20
"""Bytes; a transcript has some ten thousand, and whatever is larger than this was not written by a session."""

_BACK = "it was changed after it was written; the published one is in git: git show host/NAME:sessions/…"


def sessions(papers: Path, track: Track) -> tuple[SessionId, ...]:
    """Return the sessions of a kind that have a transcript, oldest first."""
    return tuple(session for session, _ in _filed(papers, track))


def all_sessions(papers: Path) -> tuple[tuple[SessionId, Path], ...]:
    """Return every session that has a transcript with its file, kind by kind, oldest first; declared or not."""
    tracks = sorted(folder.name for folder in (papers / "sessions").glob("*/"))
    return tuple(filed for track in tracks for filed in _filed(papers, track))


def _filed(papers: Path, track: Track) -> list[tuple[SessionId, Path]]:
    filed = []
    for path in (papers / "sessions" / track).glob("*/*.json"):
        try:
            session = SessionId(path.stem)
        except ValueError:
            continue
        if FIRST_KINDS.get(session.letter, track) == track:
            filed.append((session, path))
    return sorted(filed, key=lambda entry: entry[0].number)


def newest_first(papers: Path, track: Track) -> Iterator[Transcript]:
    """Yield the transcripts of a kind, the newest first, reading each only when it is asked for."""
    for _, path in reversed(_filed(papers, track)):
        yield read(path)


def last_number(papers: Path, journals: frozenset[SessionId], kind: SessionKind) -> int:
    """Return the highest number that this host has used for a kind of session, 0 for none."""
    used = (*sessions(papers, kind.name), *(session for session in journals if session.letter == kind.letter))
    return max((session.number for session in used), default=0)


def unfinished(papers: Path, journals: frozenset[SessionId]) -> tuple[SessionId, ...]:
    """Return the sessions that have a journal and no transcript, in the order of their letters, oldest first."""
    done = {session for session, _ in all_sessions(papers)}
    return tuple(sorted(journals - done, key=lambda session: (session.letter, session.number)))
