"""Our images, really built: for this machine's processor, once a run, apart from a developer's own."""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sage_edge.image import build as images
from sage_edge.image import spec
from sage_edge.image.build import BuildOrder
from sage_edge.image.built import BuiltImage
from sage_edge.sim import image as sim_image
from tests.seedlings import SEEDLING

ROOT = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "README.md", "sage_edge", "images", "requirements")
"""What an image is made of, and what packing our code needs."""

OWNER = "sage-test-images"


def linked(root: Path, sources: Path = ROOT) -> Path:
    """Make a root with these sources and this checkout's packages; what is built there is its own."""
    for name in PARTS:
        (root / name).symlink_to(sources / name)
    return shelved(root)


def copied(root: Path, sources: Path | None = None) -> Path:
    """Make a root whose sources are copies, to be changed; by default of what the run began with."""
    sources = sources or snapshot()
    for name in PARTS:
        if (sources / name).is_dir():
            shutil.copytree(sources / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(sources / name, root / name)
    return shelved(root)


def shelved(root: Path) -> Path:
    """Share the packages, which take minutes to get and are named after what they are."""
    (ROOT / ".sage" / "wheels").mkdir(parents=True, exist_ok=True)
    (root / ".sage").mkdir()
    (root / ".sage" / "wheels").symlink_to(ROOT / ".sage" / "wheels")
    return root


@functools.cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes with this process."""
    return tempfile.TemporaryDirectory(prefix="sage-images-")


@functools.cache
def snapshot() -> Path:
    """A copy of this checkout: whoever works on it meanwhile does not change what the tests of a run compare."""
    return copied(Path(_scratch().name), ROOT)


@functools.cache
def as_shipped(store: Path) -> BuiltImage:
    """Build Sprout's image with the model that its card bakes, from a store, once a run."""
    return build(snapshot(), order("sprout", bake=None, owner=f"{OWNER}-shipped"), store=store)


@functools.cache
def built(name: str) -> BuiltImage:
    """Build one of our images, once a run, from nothing."""
    return build(snapshot(), order(name, fresh=True))


def order(name: str, **changed: Any) -> BuildOrder:
    """What to build: upon the base of the stand-ins, which needs no registry; Sprout with no model but the seedling."""
    card = spec.read_cards(ROOT / "images")[name]
    bake = tuple(ref for ref in card.baked("cpu") if ref == SEEDLING)
    base = changed.pop("base", None) or sim_image.ensure_base(lambda line: None)
    return BuildOrder(card, "cpu", base, **{"owner": OWNER, "bake": bake, **changed})


def build(root: Path, wanted: BuildOrder, fleet: Path = ROOT / "fleet", store: Path | None = None) -> BuiltImage:
    """Build an image from a root."""
    return images.build(root, fleet, store or root / "no-store", wanted, lambda line: None)


@contextlib.contextmanager
def thrown_away(image: BuiltImage) -> Iterator[BuiltImage]:
    """Remove an image's tag after the body."""
    try:
        yield image
    finally:
        subprocess.run(("docker", "rmi", "--force", image.tag), capture_output=True, check=False)


def run(
    image: BuiltImage, *words: str, entry: str | None = None, flags: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run words in a container of an image, as it will run: read-only, without rights, without a network."""
    line = ["docker", "run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL", "--tmpfs=/tmp"]
    line += ["--tmpfs=/srv/sage/state:uid=10001,gid=10001", *flags, *([f"--entrypoint={entry}"] if entry else [])]
    return subprocess.run([*line, image.id, *words], capture_output=True, text=True, check=False, timeout=120)


def inspect(image: BuiltImage) -> dict[str, Any]:
    """What the engine says of an image."""
    said = subprocess.run(("docker", "image", "inspect", image.id), capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(said.stdout)[0]
    return told


def layers(image: BuiltImage) -> dict[str, int]:
    """Layer → bytes, the lowest first."""
    words = ("docker", "history", "--no-trunc", "--human=false", "--format", "{{.Size}}", image.id)
    sizes = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    filled = [int(size) for size in reversed(sizes) if int(size)]
    digests = [str(one) for one in inspect(image)["RootFS"]["Layers"]]
    return dict(zip(digests, [*filled, *[0] * len(digests)], strict=False))
