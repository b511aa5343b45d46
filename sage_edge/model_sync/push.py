"""Copy a model to a board's store: the adapter where that is enough, else the files; proven there either way."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Literal

from sage_edge import files
from sage_edge.hints import sage
from sage_edge.model_sync import rsync
from sage_edge.model_sync.board_store import BoardStore, BoardStoreClient, StoreCommit
from sage_edge.model_sync.errors import LostFiles
from sage_edge.model_sync.pull import require_rsync
from sage_edge.model_sync.rsync import Side
from sage_edge.model_sync.sync_plan import Lineage, lineage, plan
from sage_edge.models.errors import DigestMismatch, ModelIncomplete
from sage_edge.models.manifest import ListedFile, Manifest
from sage_edge.models.store import disk_space
from sage_edge.models.store.store import Store
from sage_edge.names import Digest
from sage_edge.remote.ssh.client import Remote


class Delivery:
    """One delivery to one host: `files` and `crossed` bytes count what it sent."""

    def __init__(self, remote: Remote, store: Store, limit: int | None, says: Callable[[str, int, int], None]) -> None:
        self.files, self.crossed = 0, 0
        self._board = BoardStoreClient(remote)
        self._addresses = remote.address.fleet
        self._store, self._limit, self._says = store, limit, says
        self._host = self._board.host

    def deliver(
        self, manifest: Manifest, *, merge_there: bool
    ) -> tuple[Literal["was there", "sent the files", "sent the adapter, merged there"], str]:
        """Bring a model there, and return how and why so."""
        parents = lineage(manifest, self._store.manifests()) if merge_there and manifest.parents else None
        there = self._look(manifest, *((parents.base, parents.adapter) if parents else ()))
        todo = plan(manifest, there)
        if not todo.names:
            return "was there", ""
        why = ""
        if parents and any(file.role == "weights" for file in todo.missing):
            why = self._merged(manifest, parents, there)
            if not why:
                return "sent the adapter, merged there", ""
            there = self._look(manifest)
        self.send(manifest, there)
        return "sent the files", why

    def _look(self, *manifests: Manifest) -> BoardStore:
        return self._board.list([manifest.ref for manifest in manifests], manifests)

    def _merged(self, manifest: Manifest, parents: Lineage, there: BoardStore) -> str:
        """Let the host merge, and return why that did not give our bytes; empty when it did."""
        if not there.prepares:
            return f"{self._host} has no sage-edge to merge with"
        if not there.has(parents.base):
            return f"{self._host} lacks the base {parents.base.ref}"
        if not there.has(parents.adapter):
            self.send(parents.adapter, there)
        self._says(f"{self._host} merges", 0, 0)
        code, last = self._board.prepare(manifest.ref)
        there = self._look(manifest)  # however it ended: what counts are the bytes that are there now
        other = [file.path for file in there.missing(manifest)]
        if other and code != 0:
            return f"the merge on {self._host} ended with {code}: {last[:200] or 'no word'}"
        if other:
            return f"the merge on {self._host} gave other bytes for {', '.join(other[:3])}"
        commit = self._commit(manifest, manifest.files)
        return "" if commit.kept else f"the merge on {self._host} gave bytes that are not what their names say"

    def send(self, manifest: Manifest, there: BoardStore) -> None:
        """Send what is missing and have it proven there; what arrives wrong is sent once more, whole."""
        if gone := self._store.missing(manifest):
            raise ModelIncomplete(manifest.ref, gone, hint=sage("model prepare", manifest.ref))
        commit = self._send_once(manifest, there)
        if not commit.kept:
            self._prove(manifest, commit.wrong)
            commit = self._send_once(manifest, self._look(manifest))
        if not commit.kept:
            raise self._refusal(manifest, commit)

    def _send_once(self, manifest: Manifest, there: BoardStore) -> StoreCommit:
        todo = plan(manifest, there)
        total = sum(file.size_bytes for file in todo.missing)
        disk_space.require_free(self._host, there.free_bytes, todo.send_bytes, f"sending {manifest.ref}")
        if todo.missing:
            require_rsync(there, self._host)
            total = sum(file.size_bytes for file in todo.missing)
            side = Side(self._host, self._board.receive(todo.missing), self._addresses)
            words = rsync.push(side, self._store.root, self._limit)
            digests = tuple(file.digest for file in todo.missing)
            self.crossed += rsync.carry(words, digests, partial(self._says, f"to {self._host}", total), self._host)
            self.files += len(digests)
        return self._commit(manifest, todo.missing)

    def _commit(self, manifest: Manifest, verify: Collection[ListedFile]) -> StoreCommit:
        """Let the host hash these files and take them with the model's name."""
        self.crossed += len(manifest.pretty())
        self._says(f"{self._host} hashes", 0, 0)
        return self._board.commit(manifest, verify)

    def _prove(self, manifest: Manifest, doubted: Collection[Digest]) -> None:
        """Raise DigestMismatch when what arrived wrong was wrong before it left."""
        for digest in doubted:
            if (here := files.digest_file(self._store.blob(digest))) != digest:
                hint = sage("model prepare", manifest.ref)
                what = f"{_paths(manifest)[digest]} of {manifest.ref} on this machine"
                raise DigestMismatch(what, digest, here, hint=hint, said_by="its listing")

    def _refusal(self, manifest: Manifest, commit: StoreCommit) -> Exception:
        paths = _paths(manifest)
        for digest, actual in commit.wrong.items():
            return DigestMismatch(
                f"{paths[digest]} of {manifest.ref} on {self._host}",
                digest,
                actual,
                said_by="its listing",
                hint="the line or the disk there changed bytes twice; nothing was kept, start again",
            )
        return LostFiles(manifest.ref, self._host, [paths[digest] for digest in commit.gone] or ["its listing"])


def _paths(manifest: Manifest) -> dict[Digest, str]:
    return {file.digest: file.path for file in reversed(manifest.files)}
