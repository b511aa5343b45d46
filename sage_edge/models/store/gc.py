"""Garbage collection: what the store holds and nothing names is shown first, then removed.

    forgotten   names that the caller gives up
    trees       folders of names that are gone or were replaced
    blobs       bytes that no name lists
    partial     what killed copies and preparations left; unfinished downloads only when asked for: they resume

The plan is made again under the store's lock: what was named meanwhile stays, and nothing goes that was not shown.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files
from sage_edge.hints import quoted, sage
from sage_edge.models.errors import ModelError, ModelNotFound
from sage_edge.models.manifest import Manifest
from sage_edge.models.store.store import COPY, WORK, Store
from sage_edge.names import ModelRef

_TEMPORARY = ".tmp-"  # what `files` calls a name that is not written yet


@dataclass(frozen=True)
class Leftover:
    """One thing that would go. `size_bytes`: what its removal frees; 0 for names and for links to blobs."""

    path: Path
    size_bytes: int


@dataclass(frozen=True)
class Leftovers:
    """Everything that would go, in the order in which it goes."""

    forgotten: tuple[ModelRef, ...]
    trees: tuple[Leftover, ...]
    blobs: tuple[Leftover, ...]
    partial: tuple[Leftover, ...]

    @property
    def things(self) -> tuple[Leftover, ...]:
        return (*self.trees, *self.blobs, *self.partial)

    @property
    def size_bytes(self) -> int:
        """How much it frees."""
        return sum(thing.size_bytes for thing in self.things)


def leftovers(store: Store, forget: Collection[ModelRef] = (), *, partial: bool = False) -> Leftovers:
    """Return what would go if these names were given up; changes nothing.

    Raises ModelNotFound for a name that is not in the store, and ModelError for a listing that cannot be read: what it
    lists would look like leftovers.
    """
    manifests = store.manifests()
    for ref in forget:
        if ref not in manifests:
            raise ModelNotFound(ref, sorted(manifests))
    _require_names_only(store, manifests)
    kept = [manifest for ref, manifest in manifests.items() if ref not in forget]
    listed = {store.blob(file.digest) for manifest in kept for file in manifest.files}
    trees = {store.tree_path(manifest) for manifest in kept}
    return Leftovers(
        forgotten=tuple(sorted(forget)),
        trees=tuple(Leftover(path, _copied(path)) for path in _entries(store.trees) if path not in trees),
        blobs=tuple(Leftover(path, _size(path)) for path in _entries(store.blobs) if path not in listed),
        partial=tuple(
            Leftover(path, _size(path))
            for path in _entries(store.partial)
            if partial or path.name.startswith((COPY, WORK))
        ),
    )


def removal(store: Store, refs: Collection[ModelRef]) -> Leftovers:
    """Return what giving up these names would remove, and no older leftover; changes nothing. Then: `collect`.

    Raises what `leftovers` raises.
    """
    older = {thing.path for thing in leftovers(store).things}
    after = leftovers(store, refs)
    trees, blobs = (
        tuple(thing for thing in things if thing.path not in older) for things in (after.trees, after.blobs)
    )
    return Leftovers(after.forgotten, trees, blobs, partial=())


def collect(store: Store, shown: Leftovers) -> Leftovers:
    """Remove what was shown and is still left over, and return that. Raises Locked while somebody adds."""
    with store.collecting(), files.storing(store.root):
        now = leftovers(store, [ref for ref in shown.forgotten if store.manifest(ref)], partial=True)
        seen = {thing.path for thing in shown.things}
        going = Leftovers(now.forgotten, *(_among(seen, things) for things in (now.trees, now.blobs, now.partial)))
        for ref in going.forgotten:
            store.unname(ref)
        for thing in going.things:
            _remove(thing.path)
        for folder in (store.trees, store.blobs, store.partial):
            if folder.is_dir():
                files.sync_folder(folder)
        files.sweep(store.root / "manifests")
    return going


def _among(seen: Collection[Path], things: tuple[Leftover, ...]) -> tuple[Leftover, ...]:
    return tuple(thing for thing in things if thing.path in seen)


def _require_names_only(store: Store, manifests: Iterable[ModelRef]) -> None:
    expected = {store.manifest_path(ref) for ref in manifests}
    for path in sorted((store.root / "manifests").rglob("*")):
        if not path.is_dir() and path not in expected and not path.name.startswith(_TEMPORARY):
            raise ModelError(
                f"{path} is no name of a model, so nobody can tell which bytes it needs",
                hint=("move it away, then: ", sage("model gc"), f" (see it: cat {quoted(str(path))})"),
            )


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _size(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        return sum(_size(entry) for entry in path.iterdir())
    return path.lstat().st_size


def _copied(tree: Path) -> int:
    """Bytes of a tree that are no links to blobs."""
    return sum(path.stat().st_size for path in tree.rglob("*") if path.is_file() and path.stat().st_nlink == 1)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def used(manifests: Iterable[Manifest]) -> int:
    """How many bytes these models take together; what they share counts once."""
    return sum({file.digest: file.size_bytes for manifest in manifests for file in manifest.files}.values())
