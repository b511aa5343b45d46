"""Writing a layer so that its bytes follow from what it holds, and from nothing that the engine did before.

An engine packs what it has at hand: in the order and with the folders that its history left there, dated by its clock.
Written anew, a layer has

    only what is new or another thing than below, the date apart; with each such path the folders that it lies in
    paths in the order of a walk, a removed one as `.wh.NAME` in its place
    one moment for everything, 1980-01-01; numbers of owners, no names
    a file of several names under the first one, the others leading to it
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable
from typing import IO

from sage_edge.image.layer_files import WHITEOUT, LayerNode, LayerTree, changes, folders, in_order
from sage_edge.image.wheels import LONG_AGO
from sage_edge.names import Digest

_CHUNK_BYTES = 1 << 20
_END = bytes(2 * tarfile.BLOCKSIZE)


def write(below: LayerTree, above: LayerTree, contents: Callable[[int], IO[bytes]], into: IO[bytes]) -> Digest:
    """Write the layer that makes `above` of `below`; return its digest.

    contents: the tar file of a layer by its number, whose nodes name where their bytes begin.
    """
    target = _Hashed(into)
    changed = changes(below, above)
    marks = {_mark(path): path for path in changed.removed}
    paths = {*changed.written, *marks}
    paths |= {folder for path in paths for folder in folders(path)}
    names: dict[LayerNode, str] = {}
    for path in in_order(paths):
        if path in marks:
            target.write(_header(path, tarfile.REGTYPE, 0, (0, 0)))
        else:
            _write_node(target, path, above[path], names, contents)
    target.write(_END)
    return Digest(f"sha256:{target.state.hexdigest()}")


class _Hashed:
    """A file, and the SHA-256 of what was written to it."""

    def __init__(self, into: IO[bytes]) -> None:
        self._into, self.state = into, hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.state.update(data)
        self._into.write(data)


def _mark(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{WHITEOUT}{name}"


def _write_node(
    target: _Hashed, path: str, node: LayerNode, names: dict[LayerNode, str], contents: Callable[[int], IO[bytes]]
) -> None:
    first = names.setdefault(node, path)
    if first != path and not node.is_folder:
        target.write(_header(path, tarfile.LNKTYPE, node.mode, node.owner, leads_to=first))
        return
    target.write(
        _header(path, node.kind, node.mode, node.owner, node.size, node.leads_to, node.device, dict(node.attributes))
    )
    if node.size:
        _copy(target, node, contents(node.layer))


def _copy(target: _Hashed, node: LayerNode, source: IO[bytes]) -> None:
    source.seek(node.offset)
    left = node.size
    while left and (chunk := source.read(min(left, _CHUNK_BYTES))):
        target.write(chunk)
        left -= len(chunk)
    target.write(bytes(-node.size % tarfile.BLOCKSIZE))


def _header(
    path: str,
    kind: bytes,
    mode: int,
    owner: tuple[int, int],
    size: int = 0,
    leads_to: str = "",
    device: tuple[int, int] = (0, 0),
    attributes: dict[str, str] | None = None,
) -> bytes:
    info = tarfile.TarInfo(path)
    info.type, info.mode, info.size, info.linkname, info.mtime = kind, mode, size, leads_to, int(LONG_AGO)
    (info.uid, info.gid), (info.devmajor, info.devminor) = owner, device
    info.pax_headers = attributes or {}
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
