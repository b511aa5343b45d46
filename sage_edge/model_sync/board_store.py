"""A board's model store, asked and filled through its helper (host/model_store.py); the bytes themselves go by rsync.

Whatever the helper answers is read strictly: a board may be damaged or hostile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from sage_edge.model_sync.errors import UnreadableStore
from sage_edge.models import manifest as manifests
from sage_edge.models.manifest import ListedFile, Manifest
from sage_edge.names import Digest, HostName, ModelRef
from sage_edge.remote.board import helper_call
from sage_edge.remote.ssh.client import Remote

LIST_S, RECEIVE_S, PREPARE_S = 60.0, 60.0, 3_660.0
WAIT_S = 600.0
"""How long a board waits for whoever collects its store's leftovers."""

_SLOWEST_HASH = 20_000_000
"""Bytes a second that even a small board hashes; what takes longer has stopped."""


@dataclass(frozen=True)
class BoardStore:
    """What a board's store has of the asked models and files. Sizes in bytes.

    rsync, prepares: whether rsync, and a `sage-edge` that prepares models, are on the login's PATH.
    """

    root: PurePosixPath
    rsync: bool = True
    prepares: bool = False
    free_bytes: int = 0
    blobs: Mapping[Digest, int] = field(default_factory=dict)
    parts: Mapping[Digest, int] = field(default_factory=dict)
    manifests: Mapping[ModelRef, Manifest] = field(default_factory=dict)

    def missing(self, manifest: Manifest) -> tuple[ListedFile, ...]:
        """Return the listed files whose bytes are not in the store, each digest once, by path."""
        wanted = {file.digest: file for file in manifest.files}
        absent = [file for digest, file in wanted.items() if self.blobs.get(digest) != file.size_bytes]
        return tuple(sorted(absent, key=lambda file: file.path))

    def has(self, manifest: Manifest) -> bool:
        """Return whether the store holds this very model, by its name and by the sizes of its files."""
        named = self.manifests.get(manifest.ref)
        return named is not None and named.digest() == manifest.digest() and not self.missing(manifest)


@dataclass(frozen=True)
class StoreCommit:
    """Whether a model got its name. wrong: digest → what the bytes were (they are removed); gone: were not there."""

    kept: bool
    wrong: Mapping[Digest, Digest]
    gone: tuple[Digest, ...]


class BoardStoreClient:
    """The store of a board at the other end of a connection.

    Everything raises NotReady without our helper there (HelperOutdated with another one), BoardRefused, Unreachable.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self.host: HostName = remote.address.host

    def list(self, refs: Sequence[ModelRef], wanted: Sequence[Manifest] = ()) -> BoardStore:
        """Return what is there of these models, and of the files of those that are wanted there. UnreadableStore."""
        digests = sorted({file.digest for manifest in wanted for file in manifest.files})
        return read_store(self.host, self._ask("models-list", {"models": refs, "digests": digests}, LIST_S), refs)

    def receive(self, files: Collection[ListedFile]) -> PurePosixPath:
        """Make ready for files that rsync is about to send, and return the folder for them."""
        sizes = {file.digest: file.size_bytes for file in files}
        reply = self._ask("models-receive", {"files": sizes}, RECEIVE_S)
        return _folder(self.host, reply.get("folder"))

    def commit(self, manifest: Manifest, verify: Collection[ListedFile]) -> StoreCommit:
        """Let the board hash these files, make them blobs, and write the model's name last.

        Raises BoardLocked while the store is collected.
        """
        request = {
            "model": manifest.ref,
            "listing": manifest.pretty().decode(),
            "wait_s": WAIT_S,
            "verify": sorted({file.digest for file in verify}),
        }
        timeout_s = 60 + WAIT_S + sum(file.size_bytes for file in verify) / _SLOWEST_HASH
        return read_commit(self.host, self._ask("models-commit", request, timeout_s), manifest)

    def prepare(self, ref: ModelRef) -> tuple[int, str]:
        """Let the board's own `sage-edge model prepare` make a model, and return (exit status, its last line)."""
        reply = self._ask("models-prepare", {"model": ref}, PREPARE_S)
        return int(reply.get("code", 1)), str(reply.get("last", ""))[:300]

    def _ask(self, verb: str, request: Mapping[str, Any], timeout_s: float) -> helper_call.HelperReply:
        return helper_call.ask(self._remote, verb, request, timeout_s=timeout_s, as_root=False)


def read_store(host: HostName, reply: Mapping[str, Any], refs: Sequence[ModelRef]) -> BoardStore:
    """Return what `models-list` answered. Raises UnreadableStore, also for a listing that is none or another's."""
    try:
        texts = reply["listings"]
        return BoardStore(
            root=_folder(host, reply["root"]),
            rsync=reply["rsync"] is True,
            prepares=reply["prepares"] is True,
            free_bytes=int(reply["free_bytes"]),
            blobs=_sizes(reply["blobs"]),
            parts=_sizes(reply["parts"]),
            manifests={ref: _listing(str(texts[ref]), ref) for ref in refs if ref in texts},
        )
    except _ODD as odd:
        raise UnreadableStore(host, str(odd)[:300]) from None


def read_commit(host: HostName, reply: Mapping[str, Any], manifest: Manifest) -> StoreCommit:
    """Return what `models-commit` answered for a model. Raises UnreadableStore."""
    try:
        wrong = {Digest(digest): Digest(actual) for digest, actual in reply["wrong"].items()}
        commit = StoreCommit(reply["kept"] is True, wrong, tuple(map(Digest, reply["gone"])))
    except _ODD as odd:
        raise UnreadableStore(host, str(odd)[:300]) from None
    if not {*commit.wrong, *commit.gone} <= {file.digest for file in manifest.files}:
        raise UnreadableStore(host, f"it speaks of files that {manifest.ref} does not have")
    return commit


_ODD = (ValueError, KeyError, TypeError, AttributeError)
"""What Python raises for an answer of another shape."""


def _listing(text: str, ref: ModelRef) -> Manifest:
    manifest = manifests.parse(text.encode())
    if manifest.ref != ref:
        raise ValueError(f"the listing of {ref} is that of {manifest.ref}")
    return manifest


def _folder(host: HostName, content: object) -> PurePosixPath:
    folder = PurePosixPath(str(content))
    if not folder.is_absolute() or not str(folder).isprintable():
        raise UnreadableStore(host, f"expected a folder, got {str(content)!r:.80}")
    return folder


def _sizes(content: Mapping[str, Any]) -> Mapping[Digest, int]:
    return {Digest(digest): int(size) for digest, size in content.items()}
