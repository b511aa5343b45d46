"""The model cards of `fleet/models/`: what a model is, where it comes from, and by which steps it is made.

    fleet/models/qwen2.5-0.5b_introspective_v2.1-q8_0.yaml      the ref, its `/` and `:` written `_`

    format: 1
    ref: qwen2.5-0.5b/introspective:v2.1-q8_0
    container: gguf
    base: qwen2.5-0.5b/instruct:bf16
    adapter: {host: sprout}                          or another source: see `card_sources`
    steps: [merge, convert, {quantise: q8_0}]
    files: ["*.json", "tokenizer/*"]                 where the usual ones will not do; `*` never crosses a `/`
    …

A card whose hub revision nobody has looked up says `hub: owner/name@unresolved`: it can be read and planned, not used.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    JsonValue,
    field_serializer,
    model_validator,
)
from typing_extensions import Self

from sage_edge import clock
from sage_edge.declared import Declared
from sage_edge.errors import UsageError
from sage_edge.hints import Hint, sage
from sage_edge.models.card_sources import ModelSource, PackageSource
from sage_edge.models.errors import ModelNotFound
from sage_edge.models.manifest import ListedFile, Manifest, ModelContainer
from sage_edge.names import Digest, ModelRef

_WANTED = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.jinja", "*.txt", "tokenizer*", "LICENSE*")
_WANTED_GGUF = ("*.gguf", "LICENSE*")


class CardStep(Declared):
    """One of a card's steps: a stage's name, and the value behind it where it takes one, as in `{quantise: q8_0}`."""

    name: str
    value: JsonValue = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}: {self.value}"


def _step(content: Any) -> Any:
    """Read a step as it is written on a card."""
    if isinstance(content, str):
        return {"name": content}
    if isinstance(content, Mapping) and len(content) == 1:
        ((name, value),) = content.items()
        return {"name": name, "value": value}
    if isinstance(content, CardStep):
        return content
    raise ValueError("expected a name like merge, or one with its value like {quantise: q8_0}")


class ModelCard(Declared):
    """Facts about one model. Sizes in bytes; `hidden_size` in numbers per token."""

    format: Literal[1]
    ref: ModelRef
    summary: str
    licence: str
    architecture: str
    parameters: int = Field(gt=0)
    hidden_size: int | None = Field(default=None, gt=0)
    container: ModelContainer
    quantisation: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_-]*$")
    mixture: dict[str, Annotated[int, Field(gt=0)]] | None = Field(
        default=None,
        description="kind of numbers → tensors, where rows of a width unfit for the quantisation fall back",
    )
    source: ModelSource | None = None
    files: tuple[str, ...] = ()
    base: ModelRef | None = None
    base_weights: Digest | None = None
    adapter: ModelSource | None = None
    adapter_base: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?$",
        description="what the adapter calls its base, where that is none of the base's own names",
    )
    steps: tuple[Annotated[CardStep, BeforeValidator(_step)], ...] = ()
    context_length: int = Field(gt=0)
    chat_template: Digest | None = None
    minimum_memory_bytes: int = Field(gt=0)
    download_bytes: int | None = Field(default=None, gt=0)
    validated: bool
    validation: str
    source_of_facts: str

    @model_validator(mode="before")
    @classmethod
    def _quantised(cls, content: Any) -> Any:
        """A step `{quantise: q8_0}` says the quantisation, too."""
        steps = content.get("steps") if isinstance(content, Mapping) else None
        steps = steps if isinstance(steps, list | tuple) else ()
        kinds = [step["quantise"] for step in steps if isinstance(step, Mapping) and list(step) == ["quantise"]]
        return {"quantisation": kinds[0], **content} if kinds else content

    @model_validator(mode="after")
    def _holds(self) -> Self:
        for fault in _contradictions(self):
            raise ValueError(fault)
        return self

    @field_serializer("steps")
    def _written(self, steps: tuple[CardStep, ...]) -> list[JsonValue]:
        """As on the card; a value that `quantisation` says already is left out."""
        bare = (None, self.quantisation)
        return [step.name if step.value in bare else {step.name: step.value} for step in steps]

    @property
    def wanted(self) -> tuple[str, ...]:
        """Glob patterns of the files that are wanted from a hub or a folder; `*` stands for no `/`."""
        return self.files or (_WANTED_GGUF if self.container == "gguf" and not self.steps else _WANTED)

    def wants(self, path: str) -> bool:
        """Whether a file of the source belongs to the model."""
        return any(_matches(path, pattern) for pattern in self.wanted)


def _matches(path: str, pattern: str) -> bool:
    """Whether a path is one of a pattern, folder by folder: what lies in `onnx/` is not what lies above it."""
    parts, globs = path.split("/"), pattern.split("/")
    return len(parts) == len(globs) and all(map(fnmatch.fnmatchcase, parts, globs))


def _contradictions(card: ModelCard) -> list[str]:
    """What one card says against itself, its steps apart."""
    faults = []
    if card.source is None and card.base is None:
        faults.append("source: a model needs a source, or a base to be made from")
    if card.base_weights is not None and card.base is None:
        faults.append("base_weights: given, but there is no base")
    if card.adapter_base is not None and card.adapter is None:
        faults.append("adapter_base: given, but there is no adapter")
    if isinstance(card.adapter, PackageSource):
        faults.append("adapter: a package gives one GGUF file, which is no adapter")
    if isinstance(card.source, PackageSource) and card.files:
        faults.append("files: given, but its source names its file already")
    return faults


def listing(
    card: ModelCard,
    files: Iterable[ListedFile],
    *,
    source: str,
    created: datetime,
    parents: Iterable[Digest] = (),
    made_by: Mapping[str, str] | None = None,
    seed: int | None = None,
    chat_template: Digest | None = None,
) -> Manifest:
    """Return the manifest of what a card declares, made of these files.

    parents: manifests of the base and the adapter. chat_template: what was found in the files, if it was looked for;
    otherwise the card's stands. Raises ValueError when the two disagree: the files belong to another card.
    """
    if chat_template is not None and card.chat_template not in (None, chat_template):
        raise ValueError(f"its chat template has digest {chat_template}, its card says {card.chat_template}")
    return Manifest(
        ref=card.ref,
        container=card.container,
        files=tuple(sorted(files, key=lambda file: file.path)),
        parents=tuple(parents),
        made_by=dict(made_by or {}),
        seed=seed,
        source=source,
        created=clock.text(created),
        architecture=card.architecture,
        parameters=card.parameters,
        context_length=card.context_length,
        chat_template=chat_template or card.chat_template,
        minimum_memory_bytes=card.minimum_memory_bytes,
    )


def with_bases(ref: ModelRef, cards: Mapping[ModelRef, ModelCard]) -> Iterator[ModelRef]:
    """Yield a declared model, its base, the base's base, and so on."""
    at: ModelRef | None = ref
    while at is not None and at in cards:
        yield at
        at = cards[at].base


def find(name: str, cards: Iterable[ModelRef]) -> ModelRef:
    """Return the ref that a person means: the ref itself, or `family/name` where it has one variant.

    Raises ModelNotFound, which lists what there is, and UsageError for what is no name at all, like a path.
    """
    declared = sorted(cards)
    meant = [ref for ref in declared if name in (ref, ref.partition(":")[0])]
    if not meant and not any(ModelRef.grammar.fullmatch(text) for text in (name, f"{name}:variant")):
        is_path = re.match(r"[./~\\]|\w:\\", name) is not None
        look: Hint = ("a model has a name; to look at a folder: ", sage("model inspect", name))
        raise UsageError(
            f"expected {ModelRef.expected}, got {name!r:.200}", hint=look if is_path else sage("model list")
        )
    if len(meant) != 1:
        raise ModelNotFound(name, meant or declared)
    return meant[0]


def stem(ref: ModelRef) -> str:
    """The name of a card's file without `.yaml`; family and name hold no `_`, so no two refs share one."""
    return ref.replace("/", "_", 1).replace(":", "_", 1)


def card_path(fleet: Path, ref: ModelRef) -> Path:
    """Where the card of a model lies below `fleet/`."""
    return fleet / "models" / f"{stem(ref)}.yaml"
