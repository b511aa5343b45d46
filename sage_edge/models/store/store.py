"""The store of models: bytes by digest, names as small files. One layout on workstation, board and in images.

    blobs/sha256-<64 hex>                        written once, read-only; never changed, only removed
    manifests/<family>/<name>/<variant>.json     the complete listing of one model (`manifest`)
    partial/                                     downloads and copies that are not finished; anything here may go
                                                 (`copy-…`, `prepare-…` never resume: swept when collecting)
    trees/<64 hex of the manifest>/              its files by their names, as hard links, for whoever wants a folder
    locks/                                       one for each model that is being made
    in-use.lock                                  shared by writers, exclusive for whoever collects what is left over

A blob appears whole or not at all: copied or downloaded into partial/, hashed, fsynced, renamed, folder fsynced.
A name is written after its bytes and removed before them; so a name that can be read has had all of its bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from sage_edge import files, locks
from sage_edge.hints import sage
from sage_edge.models import manifest as manifests
from sage_edge.models.errors import DigestMismatch, ModelError, ModelIncomplete
from sage_edge.models.manifest import ListedFile, Manifest
from sage_edge.models.store import blobs
from sage_edge.models.store.blobs import PieceListener, silent
from sage_edge.names import Digest, ModelRef

COPY, WORK = "copy-", "prepare-"
"""How names in partial/ begin that nothing resumes: copies into the store, and the workplaces of preparations."""
_WHAT = "the model store"
_WAIT_S = 600.0


class Store:
    """Models below one folder. Nothing is made before the first write."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def partial(self) -> Path:
        """Where unfinished files belong: on the same file system as the blobs."""
        return self.root / "partial"

    @property
    def trees(self) -> Path:
        return self.root / "trees"

    def blob(self, digest: Digest) -> Path:
        """Where the bytes of that digest are, or would be."""
        return self.blobs / f"sha256-{digest[7:]}"

    def has(self, digest: Digest, size_bytes: int) -> bool:
        """Whether a blob of that digest and size is there (its bytes are not read)."""
        try:
            status = self.blob(digest).stat(follow_symlinks=False)
        except FileNotFoundError:
            return False
        return stat.S_ISREG(status.st_mode) and status.st_size == size_bytes

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the store for adding: blobs without a name yet are not collected meanwhile. May be nested."""
        with locks.hold(self._in_use, _WHAT, wait_s=_WAIT_S, shared=True):
            yield

    @contextlib.contextmanager
    def collecting(self) -> Iterator[None]:
        """Hold the store alone, to remove what nothing names. Raises Locked while somebody adds."""
        with locks.hold(self._in_use, _WHAT):
            yield

    @contextlib.contextmanager
    def preparing(self, ref: ModelRef, *, wait_s: float = 0.0) -> Iterator[None]:
        """Be the only one that makes this model, and hold the store for adding. Raises Locked."""
        lock = self.root / "locks" / f"{hashlib.sha256(ref.encode()).hexdigest()[:16]}.lock"
        with locks.hold(lock, f"the preparation of {ref}", wait_s=wait_s), self.writing():
            yield

    def keep(self, part: Path, expected: Digest | None = None) -> Digest:
        """Move a finished file into the store and return its digest; `part` is gone afterwards.

        Raises DigestMismatch (then `part` stays), StorageError, ModelError for what is no plain file.
        """
        with self.writing():
            files.make_folder(self.blobs)
            if part.lstat().st_dev != self.blobs.stat().st_dev:
                digest = self.add(part, expected)
                part.unlink()
                return digest
            with files.storing(part):
                digest = blobs.seal(part)
                if expected is not None and digest != expected:
                    raise DigestMismatch(part.name, expected, digest, hint=_AGAIN)
                self._place(part, digest)
            return digest

    def add(self, path: Path, expected: Digest | None = None, on_bytes: PieceListener = silent) -> Digest:
        """Copy a file into the store and return its digest; the file stays where it is. Raises as `keep` does."""
        with self.writing():
            files.make_folder(self.blobs)
            files.make_folder(self.partial)
            copy = self.partial / f"{COPY}{os.getpid()}-{secrets.token_hex(8)}"
            with files.storing(copy):
                try:
                    digest = blobs.copy(path, copy, on_bytes)
                    if expected is not None and digest != expected:
                        raise DigestMismatch(path.name, expected, digest, hint=_AGAIN)
                    self._place(copy, digest)
                finally:
                    copy.unlink(missing_ok=True)
            return digest

    def _place(self, part: Path, digest: Digest) -> None:
        part.replace(self.blob(digest))
        files.sync_folder(self.blobs)

    def put(self, manifest: Manifest) -> Digest:
        """Write a model's name, replacing an older one, and return the manifest's digest.

        Raises ModelIncomplete when a blob is absent or of another size: a name never comes before its bytes.
        """
        with self.writing():
            if gone := self.missing(manifest):
                raise ModelIncomplete(manifest.ref, gone, hint=sage("model prepare", manifest.ref))
            files.write_atomic(self.manifest_path(manifest.ref), manifest.pretty())
        return manifest.digest()

    def manifest_path(self, ref: ModelRef) -> Path:
        """Where the name of a model is, or would be."""
        family, _, rest = ref.partition("/")
        name, _, variant = rest.partition(":")
        return self.root / "manifests" / family / name / f"{variant}.json"

    def manifest(self, ref: ModelRef) -> Manifest | None:
        """Return the listing of that name, None where the store has none. Raises ModelError for a broken one."""
        path = self.manifest_path(ref)
        try:
            manifest = manifests.parse(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as broken:
            raise ModelError(f"{path} cannot be read: {broken}", hint=sage("model prepare", ref)) from None
        if manifest.ref != ref:
            raise ModelError(f"{path} lists {manifest.ref}", hint=sage("model prepare", ref))
        return manifest

    def refs(self) -> tuple[ModelRef, ...]:
        """Return every name in the store, sorted. Files that are no names are not reported."""
        refs = []
        for path in (self.root / "manifests").glob("*/*/*.json"):
            with contextlib.suppress(ValueError):
                refs.append(ModelRef(f"{path.parent.parent.name}/{path.parent.name}:{path.stem}"))
        return tuple(sorted(refs))

    def manifests(self) -> dict[ModelRef, Manifest]:
        """Return ref → listing of all names. Raises ModelError for a broken one."""
        read = {ref: self.manifest(ref) for ref in self.refs()}
        return {ref: manifest for ref, manifest in read.items() if manifest is not None}

    def missing(self, manifest: Manifest) -> tuple[str, ...]:
        """Name the listed files whose bytes are absent or of another size, and how."""
        return tuple(
            _lack(self.blob(file.digest), file) for file in manifest.files if not self.has(file.digest, file.size_bytes)
        )

    def remove(self, ref: ModelRef) -> bool:
        """Remove a name, durably; its bytes stay until they are collected. False when there was none."""
        with self.writing():
            return self.unname(ref)

    def unname(self, ref: ModelRef) -> bool:
        """Do what `remove` does, for whoever holds the store already."""
        path = self.manifest_path(ref)
        with files.storing(path):
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            files.sync_folder(path.parent)
        return True

    def tree_path(self, manifest: Manifest) -> Path:
        """Where that folder is, or would be."""
        return self.trees / manifest.digest()[7:]

    def tree(self, manifest: Manifest) -> Path:
        """Return a folder inside the store with the model's files by their names (hard links; made when absent)."""
        folder = self.tree_path(manifest)
        listed = {folder / file.path for file in manifest.files}
        for path in folder.rglob("*"):
            if path.is_symlink() or not (path in listed or path.is_dir()):
                path.unlink()  # a loader would read what the manifest does not list
        return self.checkout(manifest, folder)

    def loaded_from(self, manifest: Manifest) -> Path:
        """Return what an engine opens: the one GGUF file, the first of its splits in their folder, else the folder.

        llama.cpp looks for the other splits beside the first, by its name. Raises as `tree` does.
        """
        weights = manifest.of_role("weights")
        if manifest.container != "gguf":
            return self.tree(manifest)
        return self.blob(weights[0].digest) if len(weights) == 1 else self.tree(manifest) / weights[0].path

    def checkout(self, manifest: Manifest, folder: Path) -> Path:
        """Put the model's files by their names into `folder`, and return it: hard links, copies on another device.

        What is there already and is the same file stays. Raises ModelIncomplete, StorageError.
        """
        if gone := self.missing(manifest):
            raise ModelIncomplete(manifest.ref, gone, hint=sage("model prepare", manifest.ref))
        for file in manifest.files:
            blobs.link(self.blob(file.digest), folder / file.path)
        return folder

    @property
    def _in_use(self) -> Path:
        return self.root / "in-use.lock"


_AGAIN = ("the bytes are not the declared ones; nothing was kept. Get them again: ", sage("model prepare", "REF"))


def _lack(blob: Path, file: ListedFile) -> str:
    if blob.is_symlink():
        return f"{file.path} (a symlink stands in its place)"
    if not blob.is_file():
        return file.path
    size = blob.stat().st_size
    return f"{file.size_bytes - size} bytes of {file.path} ({size} of {file.size_bytes} are there)"
