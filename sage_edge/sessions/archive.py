"""A host's own transcripts, as they lie in its papers: read, listed, verified."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

from sage_edge import files
from sage_edge.errors import UsageError
from sage_edge.hints import Hint, sage
from sage_edge.inventory.session_kinds import SessionKind
from sage_edge.names import FIRST_KINDS, SessionId, Track
from sage_edge.records import legacy
from sage_edge.records.base import parse
from sage_edge.records.legacy import LegacyTranscript
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.sessions.errors import TranscriptBroken


def read(path: Path) -> Transcript:
    """Return the transcript in a file, verified. Raises TranscriptBroken, which names each broken link."""
    transcript = paper(path)
    if isinstance(transcript, LegacyTranscript):
        raise TranscriptBroken(f"{path}: it is the paper of an imported session", hint=sage("session show", str(path)))
    return transcript


def paper(path: Path) -> Transcript | LegacyTranscript:
    """Return what a file holds, a transcript of ours or of an imported session, verified. Raises TranscriptBroken."""
    try:
        data = files.read(path, at_most=LARGEST)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}", hint=sage("session list")) from None
    except files.NoPlainFile as other:
        raise UsageError(str(other), hint=sage("session list")) from None
    except OSError as unreadable:
        raise TranscriptBroken(f"{path}: {unreadable}", hint=_published(path)) from None
    transcript: Transcript | LegacyTranscript
    try:
        transcript = parse(LegacyTranscript, data) if _is_imported(data) else parse(Transcript, data)
    except ValueError as unreadable:
        raise TranscriptBroken(f"{path}: {unreadable}", hint=_published(path)) from None
    if isinstance(transcript, LegacyTranscript):
        if faults := legacy.chain_faults(transcript):
            raise TranscriptBroken(f"{path}: {'; '.join(faults)}", hint=_IMPORT_AGAIN)
    elif faults := chain_faults(transcript):
        raise TranscriptBroken(f"{path}: {'; '.join(faults)}", hint=_published(path))
    return transcript


def _is_imported(data: bytes) -> bool:
    """Whether a file says that it is the paper of an imported session."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return False
    head = content.get("head") if isinstance(content, dict) else None
    return isinstance(head, dict) and head.get("provenance") == "legacy"


def _published(path: Path) -> Hint:
    """Return where the paper of a file is as it was published: in this host's own clone, where it lies among papers."""
    place = path.resolve()
    for papers in place.parents:
        clone = papers.parent / "exchange.git"
        if papers.name == "papers" and (clone / "HEAD").is_file():
            published = shlex.join(("git", f"--git-dir={clone}", "show", f"HEAD:{place.relative_to(papers)}"))
            return f"it was changed after it was written; as it was published: {published}"
    return _ELSEWHERE


LARGEST = 64 << 20
"""Bytes; a transcript has some ten thousand, and whatever is larger than this was not written by a session."""

_IMPORT_AGAIN = (
    "it was changed after it was imported; import what it came from again: ",
    sage("import-legacy", "DIR", into="OUT"),
)
_ELSEWHERE = (
    "it is no whole transcript; of a session of ours, the hub has it as it was published: ",
    "git --git-dir=HUB show host/NAME:sessions/…; and what is of an older system is imported first: ",
    sage("import-legacy", "DIR", into="OUT"),
)


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
