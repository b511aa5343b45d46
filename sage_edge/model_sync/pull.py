"""Copy the bytes of a model from a board's store into this machine's: its listing first, its name last."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from sage_edge import files
from sage_edge.hints import sage
from sage_edge.model_sync import rsync
from sage_edge.model_sync.board_store import BoardStore, BoardStoreClient
from sage_edge.model_sync.errors import NoRsync, NotThere
from sage_edge.model_sync.rsync import Side
from sage_edge.models.errors import DigestMismatch, ModelIncomplete
from sage_edge.models.lock import ModelLock
from sage_edge.models.manifest import Manifest
from sage_edge.models.store import disk_space
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, HostName, ModelRef
from sage_edge.remote.ssh.client import Remote


def agree(manifest: Manifest, lock: ModelLock, where: str) -> None:
    """Raise DigestMismatch when the lock says that this name means another model."""
    entry = lock.get(manifest.ref)
    if entry is not None and entry.manifest != manifest.digest():
        raise DigestMismatch(
            f"the listing of {manifest.ref} on {where}",
            entry.manifest,
            manifest.digest(),
            said_by="the lock",
            hint=("if the new one is right: ", sage("model lock"), "; if not: ", sage("model prepare", manifest.ref)),
        )


def require_rsync(there: BoardStore, host: HostName) -> None:
    """Raise NoRsync when the board has none."""
    if not there.rsync:
        raise NoRsync(host)


def take(
    remote: Remote,
    ref: ModelRef,
    store: Store,
    lock: ModelLock,
    limit: int | None,
    says: Callable[[str, int, int], None],
) -> tuple[Manifest, int]:
    """Have the bytes of the board's model in the store, for whoever holds it for adding; it gets no name yet.

    Returns the board's listing, and the bytes that crossed the wire.
    """
    host = remote.address.host
    there = BoardStoreClient(remote).list((ref,))
    manifest = there.manifests.get(ref)
    if manifest is None:
        raise NotThere(ref, host)
    agree(manifest, lock, host)
    if gone := there.missing(manifest):
        raise ModelIncomplete(ref, [f"{file.path} on {host}" for file in gone], hint=sage("model prepare", ref))
    if not store.missing(manifest):
        return manifest, 0
    require_rsync(there, host)
    parts = store.partial / "sync"
    files.make_folder(parts)
    words = rsync.pull(Side(host, there.root / "blobs", remote.address.fleet), parts, limit)
    return manifest, _bring(manifest, store, parts, words, host, says)


def _bring(
    manifest: Manifest,
    store: Store,
    parts: Path,
    words: Sequence[str],
    host: HostName,
    says: Callable[[str, int, int], None],
) -> int:
    """Bring what is missing; a file that arrives wrong is brought once more from its first byte."""
    crossed, wrong = 0, dict[Digest, Digest]()
    for _ in range(2):
        wanted = {file.digest: file for file in manifest.files if not store.has(file.digest, file.size_bytes)}
        if not wanted:
            return crossed
        total = sum(file.size_bytes for file in wanted.values())
        here = sum(_size(parts / _name(digest)) for digest in wanted)
        disk_space.require_free("this machine", shutil.disk_usage(parts).free, total - here, f"bringing {manifest.ref}")
        crossed += rsync.carry(words, tuple(wanted), partial(says, f"from {host}", total), host)
        wrong = _keep(wanted, store, parts)
    for digest, actual in wrong.items():
        path = next(file.path for file in manifest.files if file.digest == digest)
        raise DigestMismatch(
            f"{path} of {manifest.ref} on {host}",
            digest,
            actual,
            said_by="its listing",
            hint=(f"on {host}: ", sage("model prepare", manifest.ref)),
        )
    return crossed


def _keep(wanted: Iterable[Digest], store: Store, parts: Path) -> dict[Digest, Digest]:
    """Move what arrived whole into the store; remove the others, and return what they really were."""
    wrong = {}
    for digest in wanted:
        part = parts / _name(digest)
        try:
            store.keep(part, digest)
        except DigestMismatch as other:
            part.unlink()
            wrong[digest] = Digest(other.actual)
    return wrong


def _name(digest: Digest) -> str:
    return f"sha256-{digest[7:]}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
