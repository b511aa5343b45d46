"""The parts of a saved image, read from its files; nothing of it is run, so any architecture can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sage_edge.image import layer_files
from sage_edge.image.errors import SbomUnreadable
from sage_edge.image.layer_files import LayerTree
from sage_edge.image.saved_image import SavedImage
from sage_edge.image.sbom import baked, debian, python_packages
from sage_edge.image.sbom.parts import SoftwarePart
from sage_edge.models.card import ModelCard
from sage_edge.names import ModelRef

MOST_BYTES = 64_000_000
"""No file that lists packages is longer; Debian's own has a hundred kilobytes."""


@dataclass(frozen=True)
class ImageContents:
    """What an image is made of, in order. distribution: what its os-release calls itself, like debian."""

    parts: tuple[SoftwarePart, ...]
    distribution: str


def read(image: SavedImage, cards: Mapping[ModelRef, ModelCard]) -> ImageContents:
    """Return what an image is made of. cards: who knows the licences of models.

    Raises ImageUnreadable; SbomUnreadable for files that list packages and cannot be read.
    """
    tree = _tree(image)
    release = _text(image, tree, "etc/os-release") or ""
    named = re.search(r'^ID="?([a-z][a-z0-9._-]*)"?$', release, re.MULTILINE)
    return ImageContents(tuple(sorted(_parts(image, tree, cards))), named[1] if named else "unknown")


def _tree(image: SavedImage) -> LayerTree:
    tree: LayerTree = {}
    for number in range(len(image.diff_ids)):
        tree = layer_files.read(image.layer(number), tree, number)
    return tree


def _parts(image: SavedImage, tree: LayerTree, cards: Mapping[ModelRef, ModelCard]) -> Iterator[SoftwarePart]:
    status = _text(image, tree, debian.STATUS)
    if status is None:
        raise SbomUnreadable(f"/{debian.STATUS}", "the image has none")
    yield from debian.parts(status, lambda name: _text(image, tree, f"usr/share/doc/{name}/copyright"))
    for path in tree:
        if python_packages.METADATA.fullmatch(path):
            yield python_packages.part(_text(image, tree, path) or "")
        elif baked.MANIFEST.fullmatch(path):
            yield baked.stored(_text(image, tree, path) or "", cards)
        elif baked.SHIPPED.fullmatch(path):
            yield baked.shipped(_text(image, tree, path) or "")


def _text(image: SavedImage, tree: LayerTree, path: str) -> str | None:
    """Return the text of a file, over one link at most, as a package's documentation may be another's."""
    node = tree.get(path) or _through_folder(tree, path)
    if node is not None and node.leads_to:
        node = tree.get(_target(path, node.leads_to))
    if node is None or node.is_folder or node.leads_to:
        return None
    if node.size > MOST_BYTES:
        raise SbomUnreadable(f"/{path}", f"it has {node.size} bytes")
    stream = image.layer(node.layer)
    stream.seek(node.offset)
    return stream.read(node.size).decode("utf-8", "replace")


def _through_folder(tree: LayerTree, path: str) -> layer_files.LayerNode | None:
    folder, _, name = path.rpartition("/")
    link = tree.get(folder)
    return tree.get(f"{_target(folder, link.leads_to)}/{name}") if link is not None and link.leads_to else None


def _target(path: str, leads_to: str) -> str:
    """Where a symbolic link leads, as a path without a slash at its ends."""
    parts = [] if leads_to.startswith("/") else path.split("/")[:-1]
    for word in leads_to.split("/"):
        if word == "..":
            parts = parts[:-1]
        elif word not in ("", "."):
            parts.append(word)
    return "/".join(parts)
