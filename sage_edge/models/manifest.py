"""The manifest of one model: the complete list of its files, each with size, digest and role.

    manifests/<family>/<name>/<variant>.json        format 1

    {"format": 1, "ref": "qwen2.5-0.5b/introspective:v2.1-q8_0", "container": "gguf",
     "files": [{"path": "model.gguf", "size_bytes": 531000000, "digest": "sha256:…", "role": "weights"}],
     "parents": ["sha256:…"],           manifests of the base and the adapter that it was made from
     "made_by": {"peft": "0.21.2"},     versions of the tools that made it
     "seed": null, "source": "hub: Qwen/…@…", "created": "2026-11-20T06:00:00.000+00:00",
     "architecture": "qwen2", "parameters": 494032768, "context_length": 32768,
     "chat_template": "sha256:…", "minimum_memory_bytes": 800000000}

The last five are what resolving needs to know, copied from the card: so it reads no YAML.
A manifest is known by its digest, which is over its canonical JSON (keys sorted, no spaces) without `created`:
the same bytes made again by the same tools are the same manifest.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator
from typing_extensions import Self

from sage_edge import clock, files
from sage_edge.declared import Declared
from sage_edge.names import Digest, ModelRef

FileRole = Literal["weights", "config", "tokenizer", "template", "adapter", "licence", "other"]
ModelContainer = Literal["gguf", "safetensors"]

_LONGEST_PATH = 1024
_ROLES: tuple[tuple[FileRole, tuple[str, ...]], ...] = (
    ("adapter", ("adapter_*",)),
    ("config", ("*.index.json", "config.json", "generation_config.json", "quant*_config.json")),
    ("weights", ("*.gguf", "*.safetensors")),
    ("tokenizer", ("tokenizer*", "vocab.*", "merges.txt", "added_tokens.json", "special_tokens_map.json")),
    ("template", ("chat_template*",)),
    ("licence", ("LICEN[SC]E*", "NOTICE*")),
)


def inside(path: str) -> str:
    """Return a listed path if it stays below its folder. Raises ValueError: absolute, `..`, empty parts, `\\`."""
    parts = path.split("/")
    odd = any(part in ("", ".", "..") for part in parts) or "\\" in path or not path.isprintable()
    if odd or len(path) > _LONGEST_PATH or PurePosixPath(path).is_absolute():
        raise ValueError(f"expected a path below the model's folder, got {path!r:.200}")
    return path


def _moment(text: str) -> str:
    return clock.text(clock.parse(text))


class ListedFile(Declared):
    """One file of a model. `path` is relative to the model's folder, with slashes."""

    path: Annotated[str, AfterValidator(inside)]
    size_bytes: int = Field(ge=0)
    digest: Digest
    role: FileRole


class Manifest(Declared):
    """Everything that belongs to one model, by digest."""

    format: Literal[1] = 1
    ref: ModelRef
    container: ModelContainer
    files: tuple[ListedFile, ...] = Field(min_length=1)
    parents: tuple[Digest, ...] = ()
    made_by: dict[str, str] = Field(default_factory=dict)
    seed: int | None = None
    source: str
    created: Annotated[str, AfterValidator(_moment)]
    architecture: str
    parameters: int | None = Field(default=None, gt=0)
    context_length: int | None = Field(default=None, gt=0)
    chat_template: Digest | None = None
    minimum_memory_bytes: int = Field(gt=0)

    @model_validator(mode="after")
    def _listing(self) -> Self:
        paths = [file.path for file in self.files]
        if len(set(paths)) != len(paths):
            raise ValueError("a file is listed twice")
        folders = {parent.as_posix() for path in paths for parent in PurePosixPath(path).parents}
        if clash := sorted(folders & set(paths)):
            raise ValueError(f"{clash[0]} is listed as a file and as a folder")
        if not any(file.role in ("weights", "adapter") for file in self.files):
            raise ValueError("no weights are listed")
        return self

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(file.size_bytes for file in self.files)

    def of_role(self, *roles: FileRole) -> tuple[ListedFile, ...]:
        """Return the files of these roles, by path."""
        return tuple(sorted((file for file in self.files if file.role in roles), key=lambda file: file.path))

    def digest(self) -> Digest:
        """SHA-256 over the canonical JSON without `created`; files by path."""
        content = self.model_dump(mode="json", exclude={"created"})
        content["files"].sort(key=lambda file: file["path"])
        return files.digest(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())

    def weights_digest(self) -> Digest:
        """What the weights are known by: see `weights_digest`. An adapter's manifest answers for its adapter files."""
        weights = self.of_role("weights") or self.of_role("adapter")
        return weights_digest(file.digest for file in weights)

    def pretty(self) -> bytes:
        """The bytes of the manifest's file."""
        return (json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n").encode()


def weights_digest(digests: Iterable[Digest]) -> Digest:
    """Return one file's digest as it is; for several (shards), the SHA-256 over the sorted digests, one a line."""
    ordered = sorted(set(digests))
    if len(ordered) == 1:
        return ordered[0]
    return files.digest("".join(f"{digest}\n" for digest in ordered).encode())


def parse(data: bytes) -> Manifest:
    """Return the manifest that some JSON holds. Raises ValueError, in one line, if it holds none."""
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ValueError(f"no manifest: {place}: {first['msg']}") from None


def role_of(path: str) -> FileRole:
    """Return what a file of a model is for, by its name."""
    name = PurePosixPath(path).name
    return next((role for role, patterns in _ROLES if any(fnmatch.fnmatchcase(name, p) for p in patterns)), "other")
