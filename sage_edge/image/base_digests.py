"""Asking a registry which bytes a tag means now. `invoke image.lock` does it, on demand; a build never does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sage_edge.errors import ExitCode, UsageError
from sage_edge.image import engine, spec
from sage_edge.image.spec import UNRESOLVED, Base
from sage_edge.names import Digest, Slug
from sage_edge.remote.errors import DeployError

ASK_S = 60.0
BOARDS = "arm64"
"""What a base for a board has to be there for, as registries name it."""


class NoAnswer(DeployError):
    """The registry could not be asked."""

    code = ExitCode.UNREACHABLE

    def __init__(self, image: str, why: str) -> None:
        self.image = image
        super().__init__(
            f"nobody says which bytes {image} is: {why}",
            hint="is the network there? then the same again; on a machine without one: invoke image.build --base IMAGE",
        )


class NoSuchImage(DeployError):
    """The registry answered, and has no such image, or none for a board."""

    def __init__(self, image: str, why: str) -> None:
        self.image = image
        super().__init__(f"{image}: {why}", hint="correct its name in images/images.lock, then: invoke image.lock")


@dataclass(frozen=True)
class Found:
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


def look_up(images: Path, name: str | None) -> tuple[Found, ...]:
    """Return what the tags of one base mean, or those of all that are unresolved. Writes nothing.

    Raises UsageError for an unknown name, NoAnswer, NoSuchImage, NoEngine.
    """
    bases = spec.read_lock(images)
    if name is not None and name not in bases:
        raise UsageError(f"images/images.lock knows no base {name!r}", hint=f"there are: {', '.join(sorted(bases))}")
    chosen = [Slug(name)] if name else [one for one, base in bases.items() if base.digest == UNRESOLVED]
    return tuple(_found(one, bases[one]) for one in chosen)


def _found(name: Slug, base: Base) -> Found:
    digest, architectures = ask(base.image)
    if name != "cpu" and BOARDS not in architectures:
        there = ", ".join(sorted(architectures)) or "nothing that it names"
        raise NoSuchImage(base.image, f"it is there for {there}, a board needs {BOARDS}")
    return Found(name, base.image, base.digest, digest)


def ask(image: str) -> tuple[Digest, frozenset[str]]:
    """Return an image's digest, of the index where there is one, and the architectures that it is there for."""
    words = ("buildx", "imagetools", "inspect", image, "--format", "{{json .}}")
    done = engine.docker(*words, timeout_s=ASK_S)
    if done.code != 0:
        why = engine.last_words(done)
        if why.endswith(": not found"):
            raise NoSuchImage(image, "the registry has none of that name")
        raise NoAnswer(image, why)
    told = json.loads(done.text)
    return Digest(told["manifest"]["digest"]), frozenset(_architectures(told))


def _architectures(told: Mapping[str, Any]) -> Iterable[str]:
    listed = told["manifest"].get("manifests")
    if listed is None:
        return [str(told["image"]["architecture"])]
    # beside images an index may list proofs of where they come from, for a platform called unknown
    return [one["platform"]["architecture"] for one in listed if one.get("platform", {}).get("os") == "linux"]
