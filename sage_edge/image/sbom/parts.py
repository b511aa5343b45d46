"""One thing that an image is made of, by name, version and licence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sage_edge.image.errors import SbomUnreadable
from sage_edge.image.sbom.licences import UNKNOWN, Licence

PartKind = Literal["deb", "python", "model"]

_GRAMMAR: Mapping[PartKind, tuple[re.Pattern[str], re.Pattern[str]]] = {
    "deb": (re.compile(r"[a-z0-9][a-z0-9+.-]{0,199}"), re.compile(r"[A-Za-z0-9][A-Za-z0-9.+:~-]{0,199}")),
    "python": (re.compile(r"[a-z0-9][a-z0-9-]{0,199}"), re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,199}")),
    "model": (re.compile(r"[a-z0-9][a-z0-9._/-]{0,199}"), re.compile(r"[a-z0-9][a-z0-9._-]{0,199}")),
}
"""What names and versions may look like (Debian policy 5.6, PEP 503 and 440, ModelRef): nothing else is printed."""


@dataclass(frozen=True, order=True)
class SoftwarePart:
    """One part. arch: of a Debian package, which may be there twice; digest: of a model's manifest or file."""

    kind: PartKind
    name: str
    version: str
    arch: str = ""
    licence: Licence = field(default=UNKNOWN, compare=False)
    digest: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for text, grammar in zip((self.name, self.version), _GRAMMAR[self.kind], strict=True):
            if not grammar.fullmatch(text):
                raise SbomUnreadable(f"{text!r:.120}", f"it is no name or version of a {self.kind} package")
        if not re.fullmatch(r"[a-z0-9-]{0,40}", self.arch):
            raise SbomUnreadable(f"{self.arch!r:.120}", "it is no architecture")

    def __str__(self) -> str:
        return f"{self.name} {self.version}" + (f" for {self.arch}" if self.arch else "")


def python_name(name: str) -> str:
    """Return a Python package's name as the index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
