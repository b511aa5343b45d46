"""Sessions that others conducted, as this host's own clone of the exchange has them."""

from __future__ import annotations

from collections.abc import Iterator

from sage_edge.errors import UsageError
from sage_edge.exchange import branch_reader
from sage_edge.exchange.commands import Clone
from sage_edge.hints import sage
from sage_edge.names import HostName, SessionId
from sage_edge.paths import Paths
from sage_edge.records.base import parse
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.sessions.errors import TranscriptBroken

_AGAIN = (
    "what its host published is not what a session writes; the host's own copy: ",
    sage("session verify", "SESSION"),
)


def read(paths: Paths, session: SessionId, host: str | None = None) -> Transcript:
    """Return a session from the branch of a host, or of the only one that has it.

    Raises UsageError where nobody has it, or several have, and TranscriptBroken, StorageError.
    """
    having = [(name, content) for name, content in _copies(paths, session) if host in (None, name)]
    if not having:
        raise UsageError(
            f"the clone of the exchange has no session {session}{f' of {host}' if host else ''}",
            hint=("hear the others first: ", sage("agent once")),
        )
    if len(having) > 1:
        hosts = ", ".join(name for name, _ in having)
        raise UsageError(f"{session} was conducted by {hosts}", hint=sage("replay", session, host=having[0][0]))
    return _whole(*having[0], session)


def _copies(paths: Paths, session: SessionId) -> Iterator[tuple[HostName, bytes]]:
    clone = Clone(HostName("nobody"), paths.exchange, paths.papers, paths.locks, "")
    for host in map(HostName, sorted(branch_reader.verified(clone))):
        places = [name for name in branch_reader.names(clone, host, "sessions") if name.endswith(f"/{session}.json")]
        yield from ((host, content) for _, content in branch_reader.read(clone, host, "sessions", places))


def _whole(host: HostName, content: bytes, session: SessionId) -> Transcript:
    where = f"{session} on the branch of {host}"
    try:
        paper = parse(Transcript, content)
    except ValueError as unreadable:
        raise TranscriptBroken(f"{where}: {unreadable}", hint=_AGAIN) from None
    faults = [*chain_faults(paper)]
    if (paper.session, paper.head.host) != (session, host):
        faults.append(f"it says that it is {paper.session} of {paper.head.host}")
    if faults:
        raise TranscriptBroken(f"{where}: {'; '.join(faults)}", hint=_AGAIN)
    return paper
