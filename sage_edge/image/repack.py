"""Writing the layers of a built image anew, so that equal inputs are one image whatever the engine did before.

An engine packs a layer as its history left it: upon one that it has built twice it compares folders instead of taking
the one that it wrote, and so packs other paths in another order; a removed file carries the time of the build. Here
each layer of our own recipe is read and written again (layer_writer); those of the base stay, byte by byte, so that a
board that has them is not sent them again. What comes out is loaded under the same tag, and what the engine had packed
is given up; the build's cache is not touched.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sage_edge import files
from sage_edge.image import layer_files, layer_writer, saved_image
from sage_edge.image.engine import DockerClient
from sage_edge.image.errors import BuildFailed
from sage_edge.image.saved_image import LayerFile, SavedImage
from sage_edge.names import Digest

OUR_FIRST_STEP = "/steps/settle"
"""Stands in the first step of every recipe of ours, and in no base."""

_CHUNK_BYTES = 1 << 20


def repack(docker: DockerClient, image: Digest, tag: str, scratches: Path) -> None:
    """Write the layers of an image anew and load it as `tag`. scratches: where a copy has room.

    Raises ImageUnreadable, EngineRefused; BuildFailed where the engine does not keep what it was given.
    """
    with saved(docker, image, scratches) as here, saved_image.opened(here) as old:
        layers = written(old, here.parent)
        wanted, _ = old.rewritten(layers)
        if wanted == image:
            return
        docker.load(old.packed(tag, layers))
    loaded = docker.image(tag)
    if loaded is None or loaded.id == image:
        raise BuildFailed(f"the engine did not take {tag} with its layers in order", hint="docker images; docker info")
    docker.discard(image)


@contextlib.contextmanager
def saved(docker: DockerClient, image: str, scratches: Path) -> Iterator[Path]:
    """Save an image to a file for the body, in a folder with nothing else."""
    files.make_folder(scratches)
    with tempfile.TemporaryDirectory(prefix="image-", dir=scratches) as scratch:
        here = Path(scratch) / "image.tar"
        with here.open("wb") as file, files.storing(here):
            shutil.copyfileobj(docker.saved(image), file, _CHUNK_BYTES)
        yield here


def written(image: SavedImage, scratch: Path) -> dict[int, LayerFile]:
    """Write each layer of our own recipe into a folder; return those that come out otherwise, by number."""
    ours = saved_image.numbers(image.made_by, OUR_FIRST_STEP)
    below: layer_files.LayerTree = {}
    anew = {}
    for number, digest in enumerate(image.diff_ids):
        above = layer_files.read(image.layer(number), below, number)
        if number in ours:
            path = scratch / f"layer-{number:03d}.tar"
            with path.open("wb") as file, files.storing(path):
                now = layer_writer.write(below, above, image.layer, file)
            if now != digest:
                anew[number] = LayerFile(now, path)
            else:
                path.unlink()
        below = above
    return anew
