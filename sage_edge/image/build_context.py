"""What a build is given: its recipe, and a folder for each named context.

<scratch>/Dockerfile    the image's own with images/shared/runtime.Dockerfile, the half that all images share;
                        its weights step written once for each file of the baked models
          inside/       the main context: smoke.py, healthy.py and image.yaml, what the image says of itself
          models/       layer-000/… for each layer what it adds to the image's store: blobs/sha256-…, manifests/…,
                        trees/…; a name in trees/ is a link to its blob
          own/          our code as a wheel
and, where they lie: steps (images/shared/steps), wheels (wheelhouse)
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from sage_edge.declared import yaml_text
from sage_edge.errors import UsageError
from sage_edge.hints import sage
from sage_edge.image import wheels
from sage_edge.image.spec import ImageCard
from sage_edge.inventory.image import ImageLabel, Platform
from sage_edge.models.resolve import SHIPPED, Library
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, ModelRef

_INCLUDE = "# include: images/shared/runtime.Dockerfile\n"
_MODELS = "from=models,source="
_CREATED = "1980-01-01T00:00:00.000+00:00"
"""When a baked manifest says that it was made: the moment of its preparation would make two images of one model."""

_LAYER = f"{_MODELS}layer-000"
"""What the recipe's one weights step names."""


def lay_out(
    root: Path, scratch: Path, card: ImageCard, platform: Platform, library: Library, models: Sequence[ModelRef]
) -> Mapping[str, Path]:
    """Fill `scratch` for a build, and return named context → folder, wheels apart.

    Raises what resolving a model raises, DigestMismatch for one that was changed, WheelsMissing.
    """
    inside, kept, own = (scratch / name for name in ("inside", "models", "own"))
    for folder in (inside, kept, own):
        folder.mkdir()
    images = root / "images"
    shutil.copyfile(images / card.name / "smoke.py", inside / "smoke.py")
    shutil.copyfile(images / "shared" / "healthy.py", inside / "healthy.py")
    (inside / "image.yaml").write_text(label(card, platform, models), "utf-8")
    for ref in models:
        take_model(library, ref, kept)
    wheels.pack_own(root, own)
    text = dockerfile(images, card.name)
    layers = sorted(path.name for path in kept.iterdir())
    (scratch / "Dockerfile").write_text(recipe(text, layers), "utf-8")
    return {"models": kept, "own": own, "steps": images / "shared" / "steps"}


def label(card: ImageCard, platform: Platform, models: Sequence[ModelRef]) -> str:
    """Return what an image will say of itself, as YAML."""
    card_inside = ImageLabel(
        format=1,
        role=card.role,
        board=card.board,
        platform=platform,
        l4t=card.l4t,
        compute_capability=card.compute_capability,
        gpu_layers=card.platforms[platform].gpu_layers,
        model=models[0] if models else None,
    )
    return yaml_text.dump(card_inside.model_dump(mode="json", by_alias=True))


def take_model(library: Library, ref: ModelRef, into: Path) -> None:
    """Put a verified model into a folder, a subfolder for each layer; a shipped one comes with our own code.

    Every shard is a layer, so is all the rest with the manifest. A model of several files gets its tree, too: a
    container cannot make one in an image that it only reads. Raises UsageError for a model outside of the store.
    """
    model = library.resolve(ref, deep=True)
    if model.path.is_relative_to(SHIPPED):
        return
    manifest = library.store.manifest(ref)
    if not model.parts or manifest is None:
        raise UsageError(
            f"{ref} lies beside the store, not in it, so it cannot be baked",
            hint=sage("model import", str(model.path.parent), ref=str(ref)),
        )
    names: dict[Digest, list[str]] = {}
    for file in manifest.files:
        names.setdefault(file.digest, []).append(file.path)
    shards = dict.fromkeys(file.digest for file in manifest.of_role("weights"))
    for digests in (*([shard] for shard in shards), [digest for digest in names if digest not in shards]):
        layer = Store(into / f"layer-{len(list(into.iterdir())):03d}")
        for digest in digests:
            _give(library.store.blob(digest), layer.blob(digest))
            if model.path.is_relative_to(library.store.trees):
                _name(layer, layer.tree_path(manifest), digest, names[digest])
    written = layer.manifest_path(ref)
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_bytes(manifest.model_copy(update={"created": _CREATED}).pretty())  # no part of its digest


def _name(layer: Store, tree: Path, digest: Digest, names: Sequence[str]) -> None:
    for name in names:
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(os.path.relpath(layer.blob(digest), path.parent))


def _give(path: Path, to: Path) -> None:
    """A hard link where that can be, else a copy: a model may have 30 GB."""
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        to.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, to)


def dockerfile(images: Path, name: str) -> str:
    """Return an image's Dockerfile with the half that all images share where it is included."""
    own, include, rest = (images / name / "Dockerfile").read_text("utf-8").partition(_INCLUDE)
    if not include:
        raise RuntimeError(f"a Dockerfile of ours has one line {_INCLUDE.strip()}")
    return own + (images / "shared" / "runtime.Dockerfile").read_text("utf-8") + rest


def recipe(dockerfile: str, layers: Sequence[str]) -> str:
    """Return a Dockerfile whose weights step stands once for each layer; never, where there are none."""
    steps = _instructions(dockerfile)
    if sum(_LAYER in step for step in steps) != 1:
        raise RuntimeError(f"a Dockerfile of ours has one step with {_LAYER}")
    written = []
    for step in steps:
        repeated = layers if _LAYER in step else ("",)
        written += [step.replace(_LAYER, f"{_MODELS}{layer}") for layer in repeated]
    return "".join(written)


def _instructions(dockerfile: str) -> list[str]:
    """Split into instructions and comments, each with the lines that continue it."""
    steps = [""]
    for line in dockerfile.splitlines(keepends=True):
        steps[-1] += line
        if not line.endswith("\\\n"):
            steps.append("")
    return steps
