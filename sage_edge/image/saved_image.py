"""An image as an engine saves it to a file, read in place and written anew with other layers.

    manifest.json              [{"Config": NAME, "RepoTags": […], "Layers": [NAME, …]}], the lowest layer first
    NAME of the config         architecture, config, created, history, rootfs.diff_ids: the SHA-256 of each layer
    NAME of each layer         a tar file (layer_files); NAME is blobs/sha256/HEX, before Docker 25 ID/layer.tar

The image's id is the SHA-256 of its config.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import posixpath
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sage_edge import files
from sage_edge.image.errors import ImageUnreadable
from sage_edge.names import Digest

MOST_CONFIG_BYTES = 4_000_000
_CHUNK_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"
_KEPT = ("architecture", "variant", "os", "created", "config", "history", "rootfs")
"""What of a config makes the image; an engine adds what it remembers of the build."""


@dataclass(frozen=True)
class LayerFile:
    """A layer that was written anew, in a file."""

    digest: Digest
    path: Path


class SavedImage:
    """One image in a saved file, which stays open."""

    def __init__(self, tar: tarfile.TarFile, scratch: Path) -> None:
        self._tar, self._scratch = tar, scratch
        self._open_layers: dict[int, IO[bytes]] = {}
        self._members = {member.name: member for member in tar}
        manifest = self._document("manifest.json")
        if not isinstance(manifest, list) or len(manifest) != 1:
            raise ImageUnreadable("manifest.json", "it does not speak of one image")
        self._layers = [str(name) for name in manifest[0]["Layers"]]
        self.config: Mapping[str, Any] = self._document(str(manifest[0]["Config"]))
        self.diff_ids = [Digest(digest) for digest in self.config["rootfs"]["diff_ids"]]
        if len(self.diff_ids) != len(self._layers):
            raise ImageUnreadable("manifest.json", "it names another number of layers than the image's config")

    @property
    def made_by(self) -> list[str]:
        """By which step each layer was made, as the recipe says it."""
        filled = [step for step in self.config.get("history") or () if not step.get("empty_layer")]
        words = [str(step.get("created_by") or step.get("comment") or "") for step in filled]
        return [*words, *[""] * len(self._layers)][: len(self._layers)]

    def layer(self, number: int) -> IO[bytes]:
        """Return the tar file of a layer, at its beginning; it stays open until `close`. Raises ImageUnreadable."""
        if number not in self._open_layers:
            stream = self._open(self._layers[number])
            packed = stream.read(2) == _GZIP
            stream.seek(0)
            plain = self._open_layers[number] = _unpacked(stream, self._scratch) if packed else stream
            if _digest(plain) != self.diff_ids[number]:
                raise ImageUnreadable(f"layer {number}", "it is not the one that the image's config names")
        self._open_layers[number].seek(0)
        return self._open_layers[number]

    def close(self) -> None:
        """Close what was opened."""
        while self._open_layers:
            self._open_layers.popitem()[1].close()

    def rewritten(self, layers: Mapping[int, LayerFile]) -> tuple[Digest, bytes]:
        """Return (id, config) of this image with some of its layers written anew."""
        diff_ids = [str(layers[n].digest) if n in layers else str(old) for n, old in enumerate(self.diff_ids)]
        config = {key: self.config[key] for key in _KEPT if key in self.config}
        config["rootfs"] = {"type": "layers", "diff_ids": diff_ids}
        packed = json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        return files.digest(packed), packed

    def packed(self, tag: str, layers: Mapping[int, LayerFile]) -> Iterator[bytes]:
        """Yield the saved file of that image, as `docker load` takes it."""
        image, config = self.rewritten(layers)
        names = [f"{number:03d}.tar" for number in range(len(self._layers))]
        manifest = [{"Config": f"{image[7:]}.json", "RepoTags": [tag], "Layers": names}]
        yield from _member(f"{image[7:]}.json", len(config), (config,))
        for number, name in enumerate(names):
            if number in layers:
                with layers[number].path.open("rb") as stream:
                    yield from _file(name, stream)
            else:
                yield from _file(name, self.layer(number))
        listing = json.dumps(manifest).encode()
        yield from _member("manifest.json", len(listing), (listing,))
        yield bytes(2 * tarfile.BLOCKSIZE)

    def _document(self, name: str) -> Any:
        with self._open(name) as stream:
            text = stream.read(MOST_CONFIG_BYTES + 1)
        if len(text) > MOST_CONFIG_BYTES:
            raise ImageUnreadable(name, f"it has more than {MOST_CONFIG_BYTES} bytes")
        try:
            return json.loads(text)
        except ValueError as odd:
            raise ImageUnreadable(name, f"it is no JSON: {odd}") from None

    def _open(self, name: str) -> IO[bytes]:
        member = self._members.get(name)
        if member is not None and member.issym():  # before Docker 25 a layer that stands twice is a link
            member = self._members.get(posixpath.normpath(f"{posixpath.dirname(name)}/{member.linkname}"))
        stream = self._tar.extractfile(member) if member is not None else None
        if stream is None:
            raise ImageUnreadable(name, "the engine has not saved it")
        return stream


def _unpacked(stream: IO[bytes], scratch: Path) -> IO[bytes]:
    """An engine with containerd's store keeps layers packed; nobody can jump in a packed one."""
    plain = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - SavedImage closes it
    with gzip.GzipFile(fileobj=stream) as unpacking:
        shutil.copyfileobj(unpacking, plain, _CHUNK_BYTES)
    plain.seek(0)
    return plain


def _digest(stream: IO[bytes]) -> Digest:
    state = hashlib.sha256()
    while chunk := stream.read(_CHUNK_BYTES):
        state.update(chunk)
    return Digest(f"sha256:{state.hexdigest()}")


def _file(name: str, stream: IO[bytes]) -> Iterator[bytes]:
    size = stream.seek(0, 2)
    stream.seek(0)
    yield from _member(name, size, iter(lambda: stream.read(_CHUNK_BYTES), b""))


def _member(name: str, size: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    yield info.tobuf(tarfile.GNU_FORMAT)
    yield from chunks
    yield bytes(-size % tarfile.BLOCKSIZE)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[SavedImage]:
    """Yield the image in a file for the body. Raises ImageUnreadable."""
    try:
        with tarfile.open(path, "r:") as tar:
            image = SavedImage(tar, path.parent)
            try:
                yield image
            finally:
                image.close()
    except (tarfile.TarError, KeyError, ValueError, OSError, EOFError) as odd:
        raise ImageUnreadable(str(path.name), f"it is no saved image: {odd}") from None


def numbers(made_by: Sequence[str], word: str) -> range:
    """Return the layers from the first one whose step has a word in it."""
    first = next((number for number, step in enumerate(made_by) if word in step), len(made_by))
    return range(first, len(made_by))
