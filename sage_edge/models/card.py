"""The model cards of `fleet/models/`: what a model is, where it comes from, and by which steps it is made.

    fleet/models/qwen2.5-0.5b_introspective_v2.1-q8_0.yaml      the ref, its `/` and `:` written `_`

    format: 1
    ref: qwen2.5-0.5b/introspective:v2.1-q8_0
    container: gguf
    base: qwen2.5-0.5b/instruct:bf16
    adapter: {host: sprout}                          or {hub: owner/name@<40 hex>}, {directory: path}
    steps: [merge, convert, {quantise: q8_0}]
    …

A card whose hub revision nobody has looked up says `hub: owner/name@unresolved`: it can be read and planned, not used.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from typing_extensions import Self

from sage_edge import clock
from sage_edge.declared import Declared, Reader
from sage_edge.errors import UsageError
from sage_edge.hints import Hint, sage
from sage_edge.models.errors import ModelNotFound
from sage_edge.models.manifest import ListedFile, Manifest, ModelContainer
from sage_edge.names import Digest, HostName, ModelRef

StepName = Literal["merge", "convert", "quantise"]
UNRESOLVED = "unresolved"

_HUB = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)@([0-9a-f]{40}|unresolved)")
_ORDER: tuple[StepName, ...] = ("merge", "convert", "quantise")
_WANTED = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.jinja", "*.txt", "tokenizer*", "LICENSE*")
_WANTED_GGUF = ("*.gguf", "LICENSE*")
_BLOCK = 256
_KINDS = ("hub", "directory", "host", "shipped")


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
    """The store of that board, to copy from."""

    host: HostName

    def __str__(self) -> str:
        return f"host: {self.host}"


class ShippedSource(Declared):
    """A shelf that comes with the package: nothing is to be fetched."""

    shipped: str = Field(min_length=1)

    def __str__(self) -> str:
        return f"shipped: {self.shipped}"


def _kind(value: object) -> str | None:
    """The tag of a source; no key has its name, so that faults are named by what is written."""
    if isinstance(value, Mapping):
        return next((f"from {kind}" for kind in _KINDS if kind in value), None)
    return next((f"from {kind}" for kind in _KINDS if hasattr(value, kind)), None)


ModelSource = Annotated[
    Annotated[HubSource, Tag("from hub")]
    | Annotated[DirectorySource, Tag("from directory")]
    | Annotated[HostSource, Tag("from host")]
    | Annotated[ShippedSource, Tag("from shipped")],
    Discriminator(_kind),
]


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
    source: ModelSource | None = None
    files: tuple[str, ...] = ()
    base: ModelRef | None = None
    base_weights: Digest | None = None
    adapter: ModelSource | None = None
    steps: tuple[StepName, ...] = ()
    context_length: int = Field(gt=0)
    chat_template: Digest | None = None
    minimum_memory_bytes: int = Field(gt=0)
    download_bytes: int | None = Field(default=None, gt=0)
    validated: bool
    validation: str
    source_of_facts: str

    @model_validator(mode="before")
    @classmethod
    def _quantise(cls, content: Any) -> Any:
        """`{quantise: q8_0}` among the steps is the step and its kind."""
        steps = content.get("steps") if isinstance(content, Mapping) else None
        if not isinstance(steps, (list, tuple)):
            return content
        kinds = [step["quantise"] for step in steps if isinstance(step, Mapping) and list(step) == ["quantise"]]
        if not kinds:
            return content
        named = ["quantise" if isinstance(step, Mapping) and list(step) == ["quantise"] else step for step in steps]
        return {"quantisation": kinds[0], **content, "steps": named}

    @model_validator(mode="after")
    def _holds(self) -> Self:
        for fault in _contradictions(self):
            raise ValueError(fault)
        return self

    @property
    def wanted(self) -> tuple[str, ...]:
        """Glob patterns of the files that are wanted from a hub or a folder."""
        return self.files or (_WANTED_GGUF if self.container == "gguf" and not self.steps else _WANTED)

    def wants(self, path: str) -> bool:
        """Whether a file of the source belongs to the model."""
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self.wanted)


def _contradictions(card: ModelCard) -> list[str]:
    """What one card says against itself."""
    steps, faults = card.steps, []
    if list(steps) != [step for step in _ORDER if step in steps]:
        faults.append(f"steps: expected each at most once, in the order {', '.join(_ORDER)}, got {', '.join(steps)}")
    if "merge" in steps and (card.base is None or card.adapter is None):
        faults.append("steps: merge needs a base and an adapter")
    if "merge" not in steps and card.adapter is not None:
        faults.append("adapter: given, but no step merges it")
    if ("convert" in steps or "quantise" in steps) and card.container != "gguf":
        faults.append(f"container: convert and quantise make gguf, got {card.container}")
    if "merge" in steps and "convert" not in steps and card.container == "gguf":
        faults.append("steps: merge makes safetensors; add convert to get gguf")
    if "quantise" in steps and card.quantisation is None:
        faults.append("steps: quantise needs its kind, like {quantise: q8_0}")
    if card.source is None and card.base is None:
        faults.append("source: a model needs a source, or a base to be made from")
    if card.base_weights is not None and card.base is None:
        faults.append("base_weights: given, but there is no base")
    return faults + _k_quant(card)


def _k_quant(card: ModelCard) -> list[str]:
    """K-quants work in blocks of 256; narrower matrices silently fall back to other types (facts §3.1)."""
    kind, hidden = card.quantisation or "", card.hidden_size
    if "quantise" not in card.steps or not re.match(r"i?q\d+_k", kind) or hidden is None or hidden % _BLOCK == 0:
        return []
    why = f"{kind} needs rows of a multiple of {_BLOCK}, this model has {hidden}"
    return [f"quantisation: {why} (llama.cpp would fall back tensor by tensor); take q8_0 or q4_0"]


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


def read_card(fleet: Path, ref: ModelRef) -> ModelCard | None:
    """Return one card without reading the others, None where there is none. Raises DeclarationError."""
    path = card_path(fleet, ref)
    if not path.is_file():
        return None
    reader = Reader(fleet)
    card = reader.read(path, ModelCard)
    if card is not None and card.ref != ref:
        reader.fault(path, "ref", f"{card.ref} belongs into {stem(card.ref)}.yaml")
    reader.finish()
    return card


def read_cards(fleet: Path) -> dict[ModelRef, ModelCard]:
    """Return ref → card for `fleet/models/*.yaml`; empty without that folder.

    Raises DeclarationError with all faults of all cards.
    """
    if not (fleet / "models").is_dir():
        return {}
    reader = Reader(fleet)
    cards: dict[ModelRef, ModelCard] = {}
    for name, card in reader.read_all("models", ModelCard).items():
        if name != stem(card.ref):
            reader.fault(fleet / "models" / f"{name}.yaml", "ref", f"{card.ref} belongs into {stem(card.ref)}.yaml")
        cards[card.ref] = card
    for card in cards.values():
        for key, message in _relations(card, cards):
            reader.fault(card_path(fleet, card.ref), key, message)
    reader.finish()
    return cards


def _relations(card: ModelCard, cards: Mapping[ModelRef, ModelCard]) -> list[tuple[str, str]]:
    """What one card says against another."""
    if card.base is None:
        return []
    base = cards.get(card.base)
    if base is None:
        return [("base", f"no card declares {card.base}")]
    faults = []
    if base.container != "safetensors":
        faults.append(("base", f"{base.ref} is {base.container}; only safetensors can be merged or converted"))
    if base.architecture != card.architecture:
        faults.append(("architecture", f"{card.architecture}, its base {base.ref} is {base.architecture}"))
    if _is_circle(card, cards):
        faults.append(("base", f"{card.ref} is among its own bases"))
    return faults


def _is_circle(card: ModelCard, cards: Mapping[ModelRef, ModelCard]) -> bool:
    at, seen = card.base, {card.ref}
    while at is not None and at in cards:
        if at in seen:
            return True
        seen.add(at)
        at = cards[at].base
    return False
