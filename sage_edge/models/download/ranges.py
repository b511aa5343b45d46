"""Downloads one file into its `Partial` by ranges of what is missing, and retries until nothing is.

Knows no library: a RangeSource opens a range, and says TransferBroken for whatever may be better in a moment.

    200, 206             taken when length and place are those of the listing; what is here already is read past, in
                         a 200 and in a part that begins earlier
    408, 429, 5xx, cut,  asked again after a pause, from the byte where it stopped
    refused, stalled
    416, another length  WrongSize: the bytes cannot be the ones of the listing; what came before stays
    or part
    401, 403, 404, …     HubRefused

A pause is as long as the server asks for (`hub_wait`), up to a most; beyond that it is said, and nobody waits.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from sage_edge.clock import Clock, SystemClock
from sage_edge.errors import HubRefused, Unreachable
from sage_edge.hints import sage
from sage_edge.models.download import retry
from sage_edge.models.download.partial import CHUNK, Partial
from sage_edge.models.download.retry import RetryPolicy, TransferBroken, WaitListener
from sage_edge.models.errors import ModelWorkInterrupted, RateLimited, WrongSize
from sage_edge.names import Digest

AGAIN = ("try again, it goes on where it stopped: ", sage("model prepare", "REF"))
LOGIN = "give this machine a login that may read it: hf auth login, or the variable HF_TOKEN; then try again"
ELSEWHERE = (
    "see whether HF_ENDPOINT names a hub, and whether something on the way answers instead of it; then try again"
)
_BETWEEN = ("something between here and the hub answers instead of it, or the hub is broken; ", *AGAIN)

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
PASSING = (408, 425, 429)
"""Statuses that say `not now`, as 5xx do."""


@dataclass(frozen=True)
class RemoteFile:
    """One file of a listing: known by `sha256` where the hub keeps it by LFS, else by the oid of its git blob."""

    path: str
    size_bytes: int
    sha256: Digest | None
    git_sha1: str

    @property
    def key(self) -> str:
        """The name of its bytes, whatever repository they come from."""
        return f"sha256-{self.sha256[7:]}" if self.sha256 else f"git-{self.git_sha1}"


@dataclass(frozen=True)
class RangeResponse:
    """What a server began to say: `headers` in lower case, `pieces` of the body as they arrive, undecoded."""

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]


class RangeSource(Protocol):
    """One repository at one commit."""

    @property
    def name(self) -> str:
        """`owner/name@1234567`, for people."""

    def open(self, file: RemoteFile, start: int, stop: int) -> AbstractContextManager[RangeResponse]:
        """Ask for the bytes from `start` up to `stop`. Raises TransferBroken (also while reading), Unreachable."""


ByteProgress = Callable[[int, int], None]
"""Called with the bytes that are here and those of all files together; the first falls when bytes prove to be bad."""


def silent(*ignored: object) -> None:
    """Tell nobody."""


def counting(progress: ByteProgress, total: int) -> Callable[[int], None]:
    """Return what is told of pieces, and tells `progress` of their sum."""
    done = 0

    def add(size: int) -> None:
        nonlocal done
        done += size
        progress(done, total)

    return add


@dataclass(frozen=True)
class Transfer:
    """What a transfer needs besides the file: where from, how long to try, whom to tell, when to stop."""

    source: RangeSource
    patience: RetryPolicy = field(default_factory=RetryPolicy)
    clock: Clock = field(default_factory=SystemClock)
    stop: threading.Event = field(default_factory=threading.Event)
    on_bytes: Callable[[int], None] = silent
    on_wait: WaitListener = silent


def complete(part: Partial, file: RemoteFile, transfer: Transfer) -> None:
    """Fill every gap of an opened part. `transfer.on_bytes` is called with the bytes that are here.

    Raises Unreachable, HubRefused, WrongSize, ModelWorkInterrupted, StorageError.
    """
    failures, safe = 0, part.done_bytes
    while (gap := part.gap()) is not None:
        _check_cancelled(transfer, file, part)
        try:
            _receive(part, file, gap, transfer)
        except TransferBroken as trouble:
            if part.done_bytes - safe >= CHUNK:
                failures, safe = 0, part.done_bytes
            failures += 1
            if transfer.patience.is_spent(failures, trouble.wait_s):
                raise _given_up(trouble, part, file, transfer.source.name) from None
            pause_s = transfer.patience.pause_s(failures, trouble.wait_s)
            retry.wait(trouble, pause_s, transfer.clock, transfer.stop, transfer.on_wait)


def _given_up(trouble: TransferBroken, part: Partial, file: RemoteFile, name: str) -> Unreachable:
    kept = f"{part.done_bytes} of {file.size_bytes} bytes of {file.path} are here"
    if trouble.is_limit:
        return RateLimited(f"the hub of {name}", trouble.wait_s, kept)
    return Unreachable(f"cannot reach the hub for {name}: {trouble}; {kept}", hint=AGAIN)


def _receive(part: Partial, file: RemoteFile, gap: tuple[int, int], transfer: Transfer) -> None:
    start, end = gap
    with transfer.source.open(file, start, end) as answer:
        if answer.status in PASSING or answer.status >= 500:
            raise retry.passing(answer.status, answer.headers, transfer.clock)
        begin, last = _span(answer, file, gap, transfer.source.name)
        at = begin
        for piece in answer.pieces:
            if at + len(piece) > last:  # then nobody knows what the rest of it was
                part.forget(max(begin, start), at)
                raise _wrong_size(file, transfer.source.name, f"more than {last - begin}", last - begin)
            if useful := piece[max(0, start - at) : max(0, end - at)]:
                part.write(max(at, start), useful)
            at += len(piece)
            transfer.on_bytes(part.done_bytes)
            _check_cancelled(transfer, file, part)
            if at >= end:
                return
    raise TransferBroken(f"the answer ended after {max(0, at - start)} of {end - start} bytes")


def _span(answer: RangeResponse, file: RemoteFile, gap: tuple[int, int], name: str) -> tuple[int, int]:
    """Return which bytes of the file an answer holds, as (start, stop), or refuse the answer."""
    status, headers = answer.status, answer.headers
    if status == 416:
        why = f"the hub says that {file.path} of {name} ends before what was asked for (status 416)"
        raise WrongSize(f"{why}; its listing says {file.size_bytes} bytes", hint=AGAIN)
    if status not in (200, 206):
        raise HubRefused(f"the hub does not give {file.path} of {name} (status {status})", hint=ELSEWHERE)
    if headers.get("content-encoding", "identity") != "identity":
        raise WrongSize(f"the hub sends {file.path} of {name} encoded, which nobody asked for", hint=AGAIN)
    begin, last = _part(answer, file, name)
    length = headers.get("content-length", str(last - begin))
    if length != str(last - begin):
        raise _wrong_size(file, name, length, last - begin)
    if not begin <= gap[0] < last:
        asked = f"asked for were {gap[0]} to {gap[1] - 1}"
        raise WrongSize(f"the hub sends bytes {begin} to {last - 1} of {file.path} of {name}, {asked}", hint=_BETWEEN)
    return begin, last


def _part(answer: RangeResponse, file: RemoteFile, name: str) -> tuple[int, int]:
    """Return what an answer says that it is: a part where it names one, whatever its status, else the whole."""
    says = answer.headers.get("content-range")
    if answer.status == 200 and says is None:
        return 0, file.size_bytes
    span = _RANGE.fullmatch(says or "")
    if span is None:
        raise WrongSize(f"the hub does not say which part of {file.path} of {name} it sends", hint=_BETWEEN)
    if span[3] not in ("*", str(file.size_bytes)):
        raise _wrong_size(file, name, span[3], file.size_bytes)
    return int(span[1]), int(span[2]) + 1


def _wrong_size(file: RemoteFile, name: str, sent: str, expected: int) -> WrongSize:
    by = "its listing says" if expected == file.size_bytes else "its own answer says"
    return WrongSize(f"the hub sends {sent} bytes of {file.path} of {name}, {by} {expected}", hint=_BETWEEN)


def _check_cancelled(transfer: Transfer, file: RemoteFile, part: Partial) -> None:
    if transfer.stop.is_set():
        where = f"after {part.done_bytes} of {file.size_bytes} bytes"
        raise ModelWorkInterrupted(f"the transfer of {file.path} was interrupted {where}", hint=AGAIN)
