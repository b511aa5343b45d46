"""To a board's store from this machine's: the adapter where that is enough, else the files; proven there either way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from sage_edge import files
from sage_edge.errors import Locked
from sage_edge.model_sync import remote_store, rsync
from sage_edge.model_sync.remote_store import FarStore, Kept
from sage_edge.model_sync.rsync import Side
from sage_edge.model_sync.sync_plan import Lineage, lineage, look, plan
from sage_edge.models.errors import DigestMismatch, ModelIncomplete
from sage_edge.models.manifest import Manifest
from sage_edge.models.store import disk_space
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, ModelRef
from sage_edge.remote.errors import DeployError
from sage_edge.remote.ssh.client import Remote

_SLOWEST_HASH = 20_000_000
"""Bytes a second that even a small board hashes; what takes longer has stopped."""

_MERGE_S = 3_600.0


class Delivery:
    """One delivery to one host: `files` and `crossed` bytes count what it sent."""

    def __init__(
        self, remote: Remote, fleet: Path, store: Store, limit: int | None, says: Callable[[str, int, int], None]
    ) -> None:
        self.files, self.crossed = 0, 0
        self._remote, self._fleet, self._store, self._limit, self._says = remote, fleet, store, limit, says
        self._host = remote.address.host

    def deliver(
        self, manifest: Manifest, *, merge_there: bool
    ) -> tuple[Literal["was there", "sent the files", "sent the adapter, merged there"], str]:
        """Bring a model there, and return how and why so."""
        parents = lineage(manifest, self._store.manifests()) if merge_there and manifest.parents else None
        refs = (manifest.ref, *((parents.base.ref, parents.adapter.ref) if parents else ()))
        there = look(self._remote, refs)
        todo = plan(manifest, there)
        if not todo.names:
            return "was there", ""
        why = ""
        if parents and any(file.role == "weights" for file in todo.missing):
            why = self._merged(manifest, parents, there, refs)
            if not why:
                return "sent the adapter, merged there", ""
            there = look(self._remote, refs)
        self.send(manifest, there)
        return "sent the files", why

    def _merged(self, manifest: Manifest, parents: Lineage, there: FarStore, refs: Sequence[ModelRef]) -> str:
        """Let the host merge, and return why that did not give our bytes; empty when it did."""
        if not there.prepares:
            return f"{self._host} has no sage-edge to merge with"
        if not there.has(parents.base):
            return f"{self._host} lacks the base {parents.base.ref}"
        if not there.has(parents.adapter):
            self.send(parents.adapter, there)
        self._says(f"{self._host} merges", 0, 0)
        done = self._remote.run('exec sage-edge model prepare "$1"', manifest.ref, timeout_s=_MERGE_S)
        there = look(self._remote, refs)  # however it ended: what counts are the bytes that are there now
        other = [file.path for file in there.missing(manifest)]
        if other and done.code != 0:
            last = (done.complaint or done.text).splitlines()[-1:] or ["no word"]
            return f"the merge on {self._host} ended with {done.code}: {last[0][:200]}"
        if other:
            return f"the merge on {self._host} gave other bytes for {', '.join(other[:3])}"
        kept = self._keep(manifest, there, tuple(file.digest for file in manifest.files))
        return "" if kept.done else f"the merge on {self._host} gave bytes that are not what their names say"

    def send(self, manifest: Manifest, there: FarStore) -> None:
        """Send what is missing and have it proven there; what arrives wrong is sent once more, whole."""
        if gone := self._store.missing(manifest):
            raise ModelIncomplete(manifest.ref, gone, hint=f"sage-edge model prepare {manifest.ref}")
        kept = self._send_once(manifest, there)
        if not kept.done:
            self._prove(manifest, kept.wrong)
            kept = self._send_once(manifest, look(self._remote, (manifest.ref,)))
        if not kept.done:
            raise self._refusal(manifest, kept)

    def _send_once(self, manifest: Manifest, there: FarStore) -> Kept:
        todo = plan(manifest, there)
        total = sum(file.size_bytes for file in todo.missing)
        disk_space.require_free(self._host, there.free_bytes, todo.send_bytes, f"sending {manifest.ref}")
        if todo.missing:
            words = rsync.push(Side(self._host, there.root, self._fleet), self._store.root, self._limit)
            digests = tuple(file.digest for file in todo.missing)
            self.crossed += rsync.carry(words, digests, partial(self._says, f"to {self._host}", total), self._host)
            self.files += len(digests)
        return self._keep(manifest, there, tuple(file.digest for file in todo.missing))

    def _keep(self, manifest: Manifest, there: FarStore, prove: Sequence[Digest]) -> Kept:
        """Let the host hash these files and take them with the model's name, and return what it says."""
        text = manifest.pretty()
        self.crossed += len(text)
        hashed = {file.digest: file.size_bytes for file in manifest.files}
        words = [(digest if digest in prove else f"have:{digest}").replace("sha256:", "") for digest in hashed]
        seconds = 60 + sum(hashed[digest] for digest in prove) / _SLOWEST_HASH
        self._says(f"{self._host} hashes", 0, 0)
        asked = (str(there.root), remote_store.name_of(manifest.ref), hashlib.sha256(text).hexdigest(), *words)
        result = self._remote.run(remote_store.KEEP, *asked, stdin=text, timeout_s=seconds)
        kept = remote_store.read_kept(result.text)
        if kept.busy:
            raise Locked(f"the model store of {self._host}", f"another sage-edge process on {self._host}")
        if result.code != 0:
            raise DeployError(
                f"{self._host} cannot keep {manifest.ref}: {result.complaint[:300] or f'ended with {result.code}'}",
                hint=f"see that {there.root} can be written on {self._host}, then start again: nothing is sent twice",
            )
        return kept

    def _prove(self, manifest: Manifest, doubted: Iterable[Digest]) -> None:
        """Raise DigestMismatch when what arrived wrong was wrong before it left."""
        for digest in doubted:
            if (here := files.digest_file(self._store.blob(digest))) != digest:
                hint = f"sage-edge model prepare {manifest.ref}"
                what = f"{_paths(manifest)[digest]} of {manifest.ref} on this machine"
                raise DigestMismatch(what, digest, here, hint=hint, said_by="its listing")

    def _refusal(self, manifest: Manifest, kept: Kept) -> Exception:
        paths = _paths(manifest)
        for digest, actual in kept.wrong.items():
            return DigestMismatch(
                f"{paths[digest]} of {manifest.ref} on {self._host}", digest, actual, said_by="its listing",
                hint="the line or the disk there changed bytes twice; nothing was kept, start again",
            )  # fmt: skip
        lost = [paths[digest] for digest in kept.gone] or ["its listing"]
        return DeployError(
            f"{self._host} lost {', '.join(lost)} of {manifest.ref} while it was copied",
            hint="start again: nothing is sent twice",
        )


def _paths(manifest: Manifest) -> dict[Digest, str]:
    return {file.digest: file.path for file in reversed(manifest.files)}
