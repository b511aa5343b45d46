"""A document against what the image itself says: every package that only one of the two names, by name."""

from __future__ import annotations

from collections.abc import Iterable

from sage_edge.hints import invoke
from sage_edge.image.engine import DockerClient
from sage_edge.image.errors import EngineRefused, OtherArchitecture, SbomDiffers, SbomUnreadable
from sage_edge.image.sbom import debian, python_packages
from sage_edge.image.sbom.parts import SoftwarePart

MOST_BYTES = 8_000_000
"""Of what an image says to one question: two hundred packages are a hundred kilobytes."""

ASK_S = 300.0
_FOREIGN = "exec format error"


def require_equal(docker: DockerClient, tag: str, image: str, named: Iterable[SoftwarePart]) -> None:
    """Ask dpkg and pip inside an image, and return if they name what a document does, models apart.

    Raises SbomDiffers; OtherArchitecture where the image cannot run here; SbomUnreadable.
    """
    says = debian.asked(_answer(docker, tag, image, debian.QUERY))
    says |= python_packages.asked(_answer(docker, tag, image, python_packages.QUERY))
    parts = {part for part in named if part.kind != "model"}
    if parts != says:
        raise SbomDiffers(tag, _shown(parts - says), _shown(says - parts))


def _shown(parts: Iterable[SoftwarePart]) -> list[str]:
    return [str(part) for part in sorted(parts)]


def _answer(docker: DockerClient, tag: str, image: str, words: tuple[str, ...]) -> str:
    try:
        done = docker.run_confined(image, *words, timeout_s=ASK_S, most_bytes=MOST_BYTES)
    except EngineRefused as refused:
        if _FOREIGN in refused.why:
            raise _other(docker, tag, image) from None
        raise
    if done.code != 0:
        if _FOREIGN in done.complaint:
            raise _other(docker, tag, image)
        last = (done.complaint.splitlines() or [f"it ends with {done.code}"])[-1]
        raise SbomUnreadable(f"what {words[0]} says in {tag}", last)
    return done.text


def _other(docker: DockerClient, tag: str, image: str) -> OtherArchitecture:
    stored = docker.image(image)
    unasked = ("read it without asking it: ", invoke("image.sbom", host="HOST", unasked=True))
    arch = stored.arch if stored else "another processor"
    return OtherArchitecture(tag, arch, docker.info.arch, hint=unasked)
