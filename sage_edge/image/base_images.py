"""What an image is built upon: by digest from images.lock, or for a CPU whatever Debian or Ubuntu is here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sage_edge.errors import UsageError
from sage_edge.hints import invoke
from sage_edge.image import spec
from sage_edge.image.engine import DockerClient
from sage_edge.image.errors import EngineRefused, OtherArchitecture, UnknownBase
from sage_edge.image.spec import ImageCard
from sage_edge.inventory.image import Platform
from sage_edge.names import Slug

PYTHONS = {"bookworm": "3.11", "trixie": "3.13", "jammy": "3.10", "noble": "3.12"}
"""The Python of each distribution by its codename: an image has no other, and its packages are fetched before."""


@dataclass(frozen=True)
class BuildBases:
    """What the stages of a build start from: the one that compiles, and the one that runs."""

    builder: str
    runtime: str


def chosen(images: Path, card: ImageCard, platform: Platform, named: str | None) -> BuildBases:
    """Return what to build upon. named: an image that is here; only for the cpu platform.

    Raises BaseUnresolved, UsageError.
    """
    if named is not None and platform != "cpu":
        raise UsageError(
            f"images/{card.name} for {platform} is built upon {card.builder} and {card.runtime} alone",
            hint=(
                "--base is for a machine without a GPU: ",
                invoke("image.build", host="HOST", platform="cpu", base="IMAGE"),
            ),
        )
    if named is not None:
        return BuildBases(named, named)
    lock = spec.read_lock(images)
    if platform == "cpu":
        pinned = spec.require_pinned(lock, Slug("cpu"))
        return BuildBases(pinned, pinned)
    return BuildBases(spec.require_pinned(lock, card.builder), spec.require_pinned(lock, card.runtime))


def python_of(docker: DockerClient, base: str) -> str:
    """Return the Python that a base's own packages bring, like 3.11. Raises UnknownBase, NoEngine."""
    try:
        cat = docker.run_confined(base, "cat", "/etc/os-release")
    except EngineRefused as refused:
        raise UnknownBase(f"cannot build upon {base}: {refused.why}", hint=("an image that is here: ", _HERE)) from None
    codename = re.search(r'^VERSION_CODENAME="?([a-z]+)"?$', cat.text, re.MULTILINE)
    release = codename[1] if codename else "no release that it names"
    if release not in PYTHONS:
        known = ", ".join(PYTHONS)
        raise UnknownBase(
            f"{base} is {release}, whose Python is not known here; known: {known}",
            hint=("name another one: ", _HERE),
        )
    return PYTHONS[release]


def require_processor(docker: DockerClient, base: str, processor: str) -> None:
    """Return if a base that is here is for a processor, like arm64; empty: this machine's. Raises OtherArchitecture."""
    stored, here = docker.image(base), processor or docker.info.arch
    if stored is not None and stored.arch != _ARCH.get(here, here):
        raise OtherArchitecture(base, stored.arch, here, hint=("an image that is for it: ", _HERE))


_ARCH = {"x86_64": "amd64", "aarch64": "arm64"}
"""A processor as an engine names its own, and as images name it."""

_HERE = invoke("image.build", host="HOST", base="IMAGE")
