"""What an image holds layer by layer: one layer read over those below it, and what a layer adds to them.

A layer is a tar file (OCI image specification, "Image Layer Filesystem Changeset"):

    usr/bin/git                 a file, a link or a folder, instead of what lay there; what lay below a folder stays
    usr/bin/.wh.perl            `perl` of the layers below is gone
    usr/bin/.wh..wh..opq        all that the layers below had in this folder is gone
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from sage_edge.image.errors import ImageUnreadable

WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_XATTR = "SCHILY.xattr."
_OVERLAY = "SCHILY.xattr.trusted.overlay."
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class LayerNode:
    """One file, folder or link; two names of one file are one node.

    traits: all that it is but for its date: kind, mode, owner, group, size, content, where it leads, device and
    extended attributes. layer, offset: which layer brought it, and where its content begins in that one's tar file.
    """

    kind: bytes
    mode: int
    owner: tuple[int, int]
    size: int
    content: str
    leads_to: str
    device: tuple[int, int]
    attributes: tuple[tuple[str, str], ...]
    layer: int
    offset: int

    @property
    def traits(self) -> tuple[object, ...]:
        """What makes it another one, the date apart."""
        return (self.kind, self.mode, self.owner, self.size, self.content, self.leads_to, self.device, self.attributes)

    @property
    def is_folder(self) -> bool:
        return self.kind == tarfile.DIRTYPE


_IMPLIED = LayerNode(tarfile.DIRTYPE, 0o755, (0, 0), 0, "", "", (0, 0), (), 0, 0)
"""A folder that nobody named, as an engine makes it for what lies in it."""

LayerTree = Mapping[str, LayerNode]
"""Path without a slash at its ends → what is there."""


def read(stream: IO[bytes], below: LayerTree, number: int) -> dict[str, LayerNode]:
    """Return what is there once a layer lies over `below`. number: which one it is. Raises ImageUnreadable."""
    own: dict[str, LayerNode] = {}
    gone, emptied = set[str](), set[str]()
    try:
        with tarfile.open(fileobj=stream, mode="r:") as tar:
            for info in tar:
                path = _path(info.name)
                folder, _, name = path.rpartition("/")
                if name == _OPAQUE:
                    emptied.add(folder)
                elif name.startswith(WHITEOUT):
                    gone.add(_join(folder, name.removeprefix(WHITEOUT)))
                elif path:
                    own[path] = _linked(info, own, below) if info.islnk() else _node(tar, info, number)
    except (tarfile.TarError, OSError, EOFError) as odd:
        raise ImageUnreadable(f"layer {number}", str(odd)) from None
    gone.update(path for path, node in own.items() if not node.is_folder and path in below and below[path].is_folder)
    kept = below if not gone and not emptied else {p: n for p, n in below.items() if not _lost(p, gone, emptied)}
    above = {**kept, **own}
    for folder in {folder for path in own for folder in folders(path)} - above.keys():
        above[folder] = _IMPLIED
    return above


def _path(name: str) -> str:
    path = "/".join(part for part in name.split("/") if part not in ("", "."))
    if ".." in path.split("/"):
        raise ImageUnreadable(f"the path {name!r:.200}", "it leads out of the image")
    return path


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _linked(info: tarfile.TarInfo, own: LayerTree, below: LayerTree) -> LayerNode:
    target = _path(info.linkname)
    node = own.get(target) or below.get(target)
    if node is None:
        raise ImageUnreadable(f"{info.name!r:.200}", f"it is another name of {target!r:.200}, which is not there")
    return node


def _node(tar: tarfile.TarFile, info: tarfile.TarInfo, number: int) -> LayerNode:
    kind = tarfile.REGTYPE if info.isreg() else info.type
    size = info.size if info.isreg() else 0
    attributes = (pair for pair in info.pax_headers.items() if pair[0].startswith(_XATTR))
    return LayerNode(
        kind=kind,
        mode=info.mode & 0o7777,
        owner=(info.uid, info.gid),
        size=size,
        content=_hashed(tar, info) if size else "",
        leads_to=info.linkname if info.issym() else "",
        device=(info.devmajor, info.devminor) if info.isdev() else (0, 0),
        attributes=tuple(sorted(pair for pair in attributes if not pair[0].startswith(_OVERLAY))),
        layer=number,
        offset=info.offset_data,
    )


def _hashed(tar: tarfile.TarFile, info: tarfile.TarInfo) -> str:
    state = hashlib.sha256()
    content = tar.extractfile(info)
    while content and (chunk := content.read(_CHUNK_BYTES)):
        state.update(chunk)
    return state.hexdigest()


def _lost(path: str, gone: set[str], emptied: set[str]) -> bool:
    if path in gone or "" in emptied:
        return True
    return any(folder in gone or folder in emptied for folder in folders(path))


def folders(path: str) -> Iterator[str]:
    """Yield every folder that a path lies in, the nearest first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


@dataclass(frozen=True)
class LayerChanges:
    """What one layer adds to those below: paths that are new or another thing, and those that are gone."""

    written: frozenset[str]
    removed: frozenset[str]


def changes(below: LayerTree, above: LayerTree) -> LayerChanges:
    """Return in what `above` differs from `below`: dates are no difference; what goes with its folder is not named."""
    written = {p for p, node in above.items() if p not in below or below[p].traits != node.traits}
    removed = {p for p in below if p not in above and _stands(p.rpartition("/")[0], above)}
    return LayerChanges(frozenset(written), frozenset(removed))


def _stands(folder: str, tree: LayerTree) -> bool:
    return not folder or (folder in tree and tree[folder].is_folder)


def in_order(paths: Iterable[str]) -> list[str]:
    """Return paths as a walk through folders meets them: a folder, then all that it holds, by name."""
    return sorted(paths, key=lambda path: path.split("/"))
