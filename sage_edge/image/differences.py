"""In what two images differ: the layer, by the step that made it, and the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sage_edge.image import engine, layer_files, repack, saved_image
from sage_edge.image.errors import ImageAbsent, ImagesDiffer
from sage_edge.image.layer_files import LayerNode, LayerTree
from sage_edge.image.saved_image import SavedImage
from sage_edge.names import Digest

_TRAITS = ("kind", "mode", "owner", "size", "content", "leads_to", "device", "attributes")


def require_equal(first: str, other: str, scratches: Path) -> Digest:
    """Return the id of two images of this engine that are one.

    Raises ImagesDiffer, which names layers and files; ImageAbsent, ImageUnreadable.
    """
    with engine.connect() as docker:
        ids = []
        for name in (first, other):
            image = docker.image(name)
            if image is None:
                raise ImageAbsent(name)
            ids.append(image.id)
        if ids[0] == ids[1]:
            return ids[0]
        with (
            repack.saved(docker, ids[0], scratches) as here,
            repack.saved(docker, ids[1], scratches) as there,
            saved_image.opened(here) as mine,
            saved_image.opened(there) as theirs,
        ):
            raise ImagesDiffer(first, other, tuple(differences(mine, theirs)))


def differences(first: SavedImage, other: SavedImage) -> Iterator[str]:
    """Yield a sentence for each file of each layer, and for each thing that the images say, in which two differ."""
    steps = zip(first.made_by, first.diff_ids, other.made_by, other.diff_ids)  # noqa: B905 - what is over is named below
    trees: tuple[LayerTree, LayerTree] = ({}, {})
    for number, (step, digest, other_step, other_digest) in enumerate(steps):
        where = f"layer {number} ({step})"
        if step != other_step:
            yield f"{where}: the other's is made by ({other_step})"
            return
        above = tuple(layer_files.read(image.layer(number), trees[n], number) for n, image in enumerate((first, other)))
        if digest != other_digest:
            named = tuple(f"{where}: {line}" for line in _files(above[0], above[1]))
            yield from named or (f"{where}: it holds the same files, packed otherwise",)
        trees = above[0], above[1]
    if len(first.diff_ids) != len(other.diff_ids):
        yield f"one has {len(first.diff_ids)} layers, the other {len(other.diff_ids)}"
    for key in sorted({*first.config, *other.config} - {"rootfs"}):
        yield from _said(key, first.config.get(key), other.config.get(key))


def _files(first: LayerTree, other: LayerTree) -> Iterator[str]:
    for path in layer_files.in_order({*first, *other}):
        if path not in first or path not in other:
            yield f"/{path}: only the {'first' if path in first else 'second'} has it"
        elif first[path].traits != other[path].traits:
            yield f"/{path}: another {_which(first[path], other[path])}"


def _which(first: LayerNode, other: LayerNode) -> str:
    return ", ".join(trait.replace("_", " ") for trait in _TRAITS if getattr(first, trait) != getattr(other, trait))


def _said(key: str, first: object, other: object) -> Iterator[str]:
    if isinstance(first, dict) and isinstance(other, dict):
        for inner in sorted({*first, *other}):
            yield from _said(f"{key}.{inner}", first.get(inner), other.get(inner))
    elif first != other:
        yield f"what they say: {key}: {str(first)[:120]} and {str(other)[:120]}"
