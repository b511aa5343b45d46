"""What an image is built upon: by digest from images.lock, or for a CPU whatever Debian or Ubuntu is here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sage_edge.errors import ExitCode, UsageError
from sage_edge.image import engine, spec
from sage_edge.image.spec import ImageCard
from sage_edge.inventory.image import Platform
from sage_edge.names import Slug
from sage_edge.remote.errors import DeployError

PYTHONS = {"bookworm": "3.11", "trixie": "3.13", "jammy": "3.10", "noble": "3.12"}
"""The Python of each distribution by its codename: an image has no other, and its packages are fetched before."""

PULL_S = 1800.0


@dataclass(frozen=True)
class Upon:
    """What the two kinds of stage start from, as a build names it."""

    builder: str
    runtime: str


class UnknownBase(DeployError):
    """Nothing can be built upon this image."""

    code = ExitCode.USAGE


def chosen(images: Path, card: ImageCard, platform: Platform, named: str | None) -> Upon:
    """Return what to build upon. named: an image that is here; only for the cpu platform.

    Raises BaseUnresolved, UsageError.
    """
    if named is not None and platform != "cpu":
        raise UsageError(
            f"images/{card.name} for {platform} is built upon {card.builder} and {card.runtime} alone",
            hint="--base is for a machine without a GPU: invoke image.build --host HOST --platform cpu --base IMAGE",
        )
    if named is not None:
        return Upon(named, named)
    lock = spec.read_lock(images)
    if platform == "cpu":
        pinned = spec.demand(lock, Slug("cpu"))
        return Upon(pinned, pinned)
    return Upon(spec.demand(lock, card.builder), spec.demand(lock, card.runtime))


def python_of(base: str) -> str:
    """Return the Python that a base's own packages bring, like 3.11. Raises UnknownBase, NoEngine."""
    words = ("run", "--rm", "--network=none", "--entrypoint=cat", base, "/etc/os-release")
    done = engine.docker(*words, timeout_s=PULL_S)
    if done.code != 0:
        raise UnknownBase(
            f"cannot build upon {base}: {engine.last_words(done)}",
            hint="an image that is here: invoke image.build --host HOST --base IMAGE",
        )
    named = re.search(r'^VERSION_CODENAME="?([a-z]+)"?$', done.text, re.MULTILINE)
    found = named[1] if named else "no release that it names"
    if found not in PYTHONS:
        known = ", ".join(PYTHONS)
        raise UnknownBase(
            f"{base} is {found}, whose Python is not known here; known: {known}",
            hint="name another one: invoke image.build --host HOST --base IMAGE",
        )
    return PYTHONS[found]
