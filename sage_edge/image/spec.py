"""What `images/` declares: one card per image, and the bases by digest.

images/images.lock           bases: name → image, digest (or `unresolved`), source
images/<name>/image.yaml     ImageCard; what a built image says of itself is inventory.image.Label
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sage_edge import files
from sage_edge.declared import Declared, Reader, yaml_text
from sage_edge.errors import DeclarationError, UsageError
from sage_edge.hints import invoke, sage
from sage_edge.image.errors import BaseUnresolved
from sage_edge.inventory.board_card import L4TRange
from sage_edge.inventory.image import Platform
from sage_edge.names import Digest, ModelRef, RoleName, Slug

RequirementsFile = Annotated[str, Field(pattern=r"^requirements(-[a-z0-9]+)?\.txt$")]
UNRESOLVED = "unresolved"
_HINT = ("mend the file, then: ", invoke("image.build", host="HOST"))


def _known_or_not(digest: str) -> str:
    return digest if digest == UNRESOLVED else str(Digest(digest))


class BaseImage(Declared):
    """An image that ours is built upon. digest: of the registry's manifest, or `unresolved`."""

    image: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*(:[0-9]+)?/[a-z0-9._/-]+:[A-Za-z0-9_.-]+$")
    digest: Annotated[str, AfterValidator(_known_or_not)]
    source: str

    @property
    def pinned(self) -> str | None:
        """What a build names: `image@sha256:…`; None while nobody knows the digest."""
        return None if self.digest == UNRESOLVED else f"{self.image}@{self.digest}"


class ImageLock(Declared):
    """images/images.lock."""

    format: Literal[1]
    bases: dict[Slug, BaseImage]


class Compiler(Declared):
    """What llama.cpp's binding is compiled with inside a build: what is asked for, and its hashed requirements."""

    requirements: RequirementsFile
    needs: tuple[str, ...]


class Variant(Declared):
    """How an image is built for one platform.

    python: the base's; None: whatever the base has, so the requirements hold for every Python from 3.10.
    extras, bake: instead of the card's. pins: packages in another version than requirements/constraints.txt says.
    """

    arch: Literal["linux/arm64", "native"]
    requirements: RequirementsFile
    gpu_layers: int = Field(ge=-1, strict=True)
    python: str | None = Field(default=None, pattern=r"^3\.\d+$")
    extras: tuple[Slug, ...] | None = None
    bake: tuple[ModelRef, ...] | None = None
    pins: dict[Slug, str] = Field(default_factory=dict)
    compiler: Compiler | None = None


class ImageCard(Declared):
    """One image.

    bake: models in layers of their own. l4t: hosts that it may run on. entry: what `sage-edge` is to do in it.
    """

    format: Literal[1]
    name: Slug
    role: RoleName
    board: Slug
    summary: str
    l4t: L4TRange
    compute_capability: str
    extras: tuple[Slug, ...]
    builder: Slug
    runtime: Slug
    bake: tuple[ModelRef, ...]
    entry: tuple[str, ...]
    platforms: dict[Platform, Variant]

    def baked(self, platform: Platform) -> tuple[ModelRef, ...]:
        """The models that the image of this platform carries."""
        own = self.platforms[platform].bake
        return self.bake if own is None else own

    def brings(self, platform: Platform) -> tuple[Slug, ...]:
        """The extras of pyproject.toml that the image of this platform has."""
        own = self.platforms[platform].extras
        return self.extras if own is None else own


def read_cards(images: Path) -> dict[str, ImageCard]:
    """Return every image's card by name. Raises DeclarationError with every fault."""
    reader = Reader(images)
    cards: dict[str, ImageCard] = {}
    for path in sorted(images.glob("*/image.yaml")):
        card = reader.read(path, ImageCard)
        if card is None:
            continue
        if card.name != path.parent.name:
            reader.fault(path, "name", f"expected {path.parent.name!r}, the folder's name, got {card.name!r}")
        cards[card.name] = card
    if reader.faults:
        raise DeclarationError(reader.faults, hint=_HINT)
    return cards


def card_for(images: Path, role: str) -> ImageCard:
    """Return the image for a role. Raises UsageError when there is none."""
    cards = read_cards(images)
    card = next((card for card in cards.values() if card.role == role), None)
    if card is None:
        known = ", ".join(f"{card.name} for {card.role}s" for card in cards.values())
        raise UsageError(f"no image for the role {role}; there are: {known}", hint=sage("fleet show"))
    return card


def read_lock(images: Path) -> dict[Slug, BaseImage]:
    """Return the bases by name. Raises DeclarationError."""
    reader = Reader(images)
    lock = reader.read(images / "images.lock", ImageLock)
    if lock is None:
        raise DeclarationError(reader.faults, hint=_HINT)
    return dict(lock.bases)


def require_pinned(bases: Mapping[Slug, BaseImage], name: Slug) -> str:
    """Return a base by digest. Raises BaseUnresolved, UsageError."""
    if name not in bases:
        raise UsageError(f"images/images.lock knows no base {name!r}", hint=f"there are: {', '.join(sorted(bases))}")
    pinned = bases[name].pinned
    if pinned is None:
        raise BaseUnresolved(name, bases[name].image)
    return pinned


def resolve_in_place(images: Path, name: str, digest: Digest, source: str) -> None:
    """Write a base's digest into images.lock, and where it comes from; every other character stays."""
    path = images / "images.lock"
    changed = path.read_text("utf-8")
    for key, old, new in (("digest", r"\S+", digest), ("source", ".*", source)):
        line = rf"(^  {re.escape(name)}:\n(?:    (?!{key}:).*\n)*?    {key}: ){old}"
        changed = re.sub(line, rf"\g<1>{new}", changed, count=1, flags=re.MULTILINE)
    base = yaml_text.load(changed)["bases"][name]
    if (base["digest"], base["source"]) != (digest, source):
        raise UsageError(
            f"images/images.lock has no lines for the digest and source of {name}", hint="write it by hand"
        )
    files.write_atomic(path, changed.encode("utf-8"))
