"""Fetches files of a hub's repository into the blobs of a store; goes on where it stopped.

Why this is ours: `huggingface_hub` 2.4 begins at byte 0 again after a kill, holds a file's size against the listing but
never its sha256, syncs nothing and only warns of a full disk (facts §3.4). It names revisions, tells errors apart and
carries the requests (`models.download.hub`); from there on a file is fetched by ranges into a `Partial`, and becomes a
blob only when its bytes have the digest of the listing: the sha256 of LFS, or git's own sha1 for small files beside it.

    partial/<key>.part, .chunks    see `partial`; key is sha256-<hex> or git-<hex>, so two repositories share a file
    partial/<key>.lock             held by whoever fetches it; the second one waits, and finds the blob
    partial/git-<hex>.kept         which blob that small file has become, for the next one who asks for it

A kill or a power cut at any byte costs what came after the last sync, less than 4 MiB; the rest is checked and stays.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sage_edge import files
from sage_edge.clock import Clock, SystemClock
from sage_edge.errors import StorageError
from sage_edge.hints import sage
from sage_edge.models.download import ranges
from sage_edge.models.download.partial import Partial
from sage_edge.models.download.ranges import ByteProgress, RangeSource, RemoteFile, Transfer
from sage_edge.models.download.retry import RetryPolicy, WaitListener
from sage_edge.models.download.turn import alone
from sage_edge.models.errors import DigestMismatch, ModelWorkInterrupted, WrongSize
from sage_edge.models.store import disk_space
from sage_edge.models.store.store import Store
from sage_edge.names import Digest

__all__ = [
    "ModelWorkInterrupted",
    "RetryPolicy",
    "ByteProgress",
    "RemoteFile",
    "RangeSource",
    "WrongSize",
    "bring",
    "lacking_bytes",
]

_BLOCK = 512  # the unit of st_blocks, whatever the file system's own


def bring(
    source: RangeSource,
    wanted: Sequence[RemoteFile],
    store: Store,
    *,
    progress: ByteProgress = ranges.silent,
    on_wait: WaitListener = ranges.silent,
    stop: threading.Event | None = None,
    patience: RetryPolicy | None = None,
    clock: Clock | None = None,
) -> dict[str, Digest]:
    """Fetch every wanted file into the store, and return path → digest of its blob.

    What is there is not fetched; what was begun is gone on with; free space is checked before the first byte.
    on_wait: is told of waits that the hub asks for. stop: ends the transfer between two pieces, in a wait, or within
    the source's time limit while nothing arrives.

    Raises Unreachable, RateLimited, HubRefused, WrongSize, DigestMismatch (of that file nothing was kept), Locked,
    StorageError, ModelWorkInterrupted. After any of them the same call goes on where this one ended.
    """
    transfer = Transfer(
        source, patience or RetryPolicy(), clock or SystemClock(), stop or threading.Event(), on_wait=on_wait
    )
    total, done = sum(file.size_bytes for file in wanted), 0
    digests: dict[str, Digest] = {}
    with store.writing():
        disk_space.require(store, lacking_bytes(store, wanted), f"fetching {source.name}")
        for file in wanted:
            at_offset = replace(transfer, on_bytes=_offset(progress, done, total))
            digests[file.path] = _have(file, store, at_offset)
            done += file.size_bytes
            progress(done, total)
    return digests


def lacking_bytes(store: Store, wanted: Sequence[RemoteFile]) -> int:
    """Bytes that the disk must still take until every wanted file is in the store; each content counts once."""
    missing = {file.key: file for file in wanted if _blob_of(file, store) is None}
    return sum(file.size_bytes - _begun(store.partial / f"{key}.part", file) for key, file in missing.items())


def _have(file: RemoteFile, store: Store, transfer: Transfer) -> Digest:
    """Return the digest of the file's blob, fetching it if it is not there."""
    part = Partial(store.partial, file.key, file.size_bytes)
    if (digest := _blob_of(file, store)) and not part.begun:
        return digest
    with alone(store.partial / f"{file.key}.lock", file.path, transfer.stop, transfer.patience.lock_s):
        digest = _blob_of(file, store) or _fetch(part, file, store, transfer)
        part.remove()  # its journal; and its bytes, where the blob came by another way
    return digest


def _fetch(part: Partial, file: RemoteFile, store: Store, transfer: Transfer) -> Digest:
    for attempt in (1, 2):
        with part.opened(transfer.on_bytes):
            came_now, is_resumed = part.gaps, part.done_bytes > 0
            ranges.complete(part, file, transfer)
        try:
            return _keep(part, file, store, transfer.source.name)
        except DigestMismatch:
            with part.opened():
                spoiled = part.gap()
                if spoiled is None and is_resumed and attempt == 1:  # what came now may be the part that is wrong
                    for begin, end in came_now:
                        part.forget(begin, end)
                    continue
            if spoiled is None:  # the disk gives back what was received, so other bytes were sent
                part.remove()
                raise
            if attempt == 2:
                why = f"byte {spoiled[0]} and on read otherwise than written"
                failing = "the disk fails: look into dmesg, and let SAGE_MODELS name a folder on another"
                raise StorageError(str(part.path), why, hint=failing) from None
    raise AssertionError("unreachable: the second attempt returns or raises")


def _keep(part: Partial, file: RemoteFile, store: Store, name: str) -> Digest:
    """Move a whole part into the store. Raises DigestMismatch; then the part stays."""
    what = f"{file.path} of {name}"
    if not file.sha256:
        if (actual := _git_sha1(part.path)) != file.git_sha1:
            raise DigestMismatch(what, f"git:{file.git_sha1}", f"git:{actual}", hint=_OTHER, said_by=_LISTING)
        digest = store.keep(part.path)
        files.write_atomic(_note(file, store), digest.encode())
        return digest
    try:
        return store.keep(part.path, file.sha256)
    except DigestMismatch as wrong:
        raise DigestMismatch(what, wrong.expected, wrong.actual, hint=_OTHER, said_by=_LISTING) from None


_LISTING = "the hub's listing"
_OTHER = (
    "the hub, or something on the way, sent other bytes; none were kept. Try again: ",
    sage("model prepare", "REF"),
)


def _blob_of(file: RemoteFile, store: Store) -> Digest | None:
    """Which blob of the store is this file, None if none is."""
    if file.sha256:
        return file.sha256 if store.has(file.sha256, file.size_bytes) else None
    try:
        digest = Digest(_note(file, store).read_text("ascii"))
    except (OSError, ValueError):
        return None
    here = store.has(digest, file.size_bytes) and _git_sha1(store.blob(digest)) == file.git_sha1
    return digest if here else None


def _note(file: RemoteFile, store: Store) -> Path:
    return store.partial / f"{file.key}.kept"


def _git_sha1(path: Path) -> str:
    """The oid that git gives a file as it is: SHA-1 over `blob <size>`, a zero byte and the content."""
    state = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            state.update(piece)
    return state.hexdigest()


def _offset(progress: ByteProgress, before: int, total: int) -> Callable[[int], None]:
    return lambda done: progress(before + done, total)


def _begun(part: Path, file: RemoteFile) -> int:
    """Bytes that the disk has already given to a part."""
    try:
        return min(file.size_bytes, part.stat().st_blocks * _BLOCK)
    except FileNotFoundError:
        return 0
