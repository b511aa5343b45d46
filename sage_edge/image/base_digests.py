"""Which bytes the tag of a base image means now, asked of its registry by `invoke image.lock`; never by a build."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sage_edge.errors import UsageError
from sage_edge.image import engine, spec
from sage_edge.image.engine import DockerClient
from sage_edge.image.errors import EngineRefused, NoAnswer, NoSuchImage
from sage_edge.image.spec import UNRESOLVED, BaseImage
from sage_edge.names import Digest, Slug

BOARDS = "arm64"
"""What a base for a board has to be there for, as registries name it."""

_UNKNOWN = re.compile(r"not found|manifest unknown|name unknown", re.IGNORECASE)


@dataclass(frozen=True)
class BaseLookup:
    """One base: the digest that images.lock has (or `unresolved`), and the one that its tag means now."""

    name: Slug
    image: str
    before: str
    now: Digest

    @property
    def kind(self) -> str:
        """`new`, `same`, or `moved`: the tag means other bytes than those that are locked."""
        if self.before == UNRESOLVED:
            return "new"
        return "same" if self.before == self.now else "moved"


def look_up(images: Path, name: str | None) -> tuple[BaseLookup, ...]:
    """Return what the tags of one base mean, or those of all that are unresolved. Writes nothing.

    Raises UsageError for an unknown name, NoAnswer, NoSuchImage, DockerError.
    """
    bases = spec.read_lock(images)
    if name is not None and name not in bases:
        raise UsageError(f"images/images.lock knows no base {name!r}", hint=f"there are: {', '.join(sorted(bases))}")
    chosen = [Slug(name)] if name else [key for key, base in bases.items() if base.digest == UNRESOLVED]
    if not chosen:
        return ()
    with engine.connect() as docker:
        return tuple(_look_up(docker, key, bases[key]) for key in chosen)


def _look_up(docker: DockerClient, name: Slug, base: BaseImage) -> BaseLookup:
    digest, architectures = ask(docker, base.image)
    if name != "cpu" and BOARDS not in architectures:
        there = ", ".join(sorted(architectures)) or "nothing that it names"
        raise NoSuchImage(base.image, f"it is there for {there}, a board needs {BOARDS}")
    return BaseLookup(name, base.image, base.digest, digest)


def ask(docker: DockerClient, image: str) -> tuple[Digest, frozenset[str]]:
    """Return an image's digest, of the index where there is one, and the architectures that it is there for.

    Raises NoSuchImage when the registry has none of that name, NoAnswer for every other refusal.
    """
    try:
        digest, platforms = docker.distribution(image)
    except EngineRefused as refused:
        if _UNKNOWN.search(refused.why):
            raise NoSuchImage(image, "the registry has none of that name") from None
        raise NoAnswer(image, refused.why) from None
    # beside images an index may list proofs of where they come from, for a platform called unknown
    return digest, frozenset(architecture for system, architecture in platforms if system == "linux")
