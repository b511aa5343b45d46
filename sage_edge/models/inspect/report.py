"""The report of an inspection: what a folder or a file is, seen without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from sage_edge import files, hints, sanitize
from sage_edge.hints import Hint, sage
from sage_edge.models.errors import AdapterWithoutBase, ModelError, ModelIncomplete
from sage_edge.models.inspect.adapter import AdapterBase
from sage_edge.models.inspect.dimensions import Dimensions
from sage_edge.models.inspect.voice import Voice
from sage_edge.models.manifest import ModelContainer
from sage_edge.names import Digest

THIS = "THIS"
"""Stands in a command of a hint for the path that was inspected."""


class ModelKind(Enum):
    """What it is; the first two can be resolved, the third can be merged."""

    COMPLETE = "complete"
    SHARDED = "sharded-complete"
    ADAPTER = "adapter-only"
    TOKENIZER = "tokenizer-only"  # a tokenizer, and neither config nor weights
    PARTIAL = "partial"  # `missing` names what is not there
    POINTER = "LFS-pointer"  # Git LFS pointers stand where weights should be
    PICKLE = "pickle-only"  # refused: loading one runs what it holds
    REFUSED = "refused"  # a rule forbids it: code of its own, links that leave the folder
    DAMAGED = "damaged"  # all is there, and contradicts itself
    UNSUPPORTED = "not supported"  # whole, and of a form that nobody here reads; `mend` says what to take instead
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class InspectReport:
    """The finding. `missing`: files, or bytes of them. `faults`: why it is refused. `notes`: what else was seen.

    weight_bytes: of all tensors that are there. parameters: numbers in them (packed ones count as they are packed).
    family: the architecture as config or GGUF name it. base: what an adapter points at. mend: what to do, where the
    kind alone does not tell; THIS in its commands stands for the path. voice: what it speaks with, by its own words.
    mixture: kind of numbers → tensors. fallen: matrices of another kind than its quantisation means.
    """

    path: Path
    kind: ModelKind
    container: ModelContainer | None = None
    missing: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    weight_bytes: int = 0
    parameters: int = 0
    family: str | None = None
    quantisation: str | None = None
    dimensions: Dimensions | None = None
    chat_template: str | None = None
    base: AdapterBase | None = None
    mend: Hint = ""
    voice: Voice = field(default_factory=Voice)
    mixture: Mapping[str, int] = field(default_factory=dict)
    fallen: tuple[str, ...] = ()

    @property
    def is_model(self) -> bool:
        """Whether it is a whole model."""
        return self.kind in (ModelKind.COMPLETE, ModelKind.SHARDED)

    @property
    def template(self) -> Digest | None:
        """The digest of the chat template; None without one."""
        return None if self.chat_template is None else files.digest(self.chat_template.encode())

    @property
    def is_adapter(self) -> bool:
        """Whether it is a whole adapter; its base is another matter."""
        return self.kind is ModelKind.ADAPTER and not self.missing and not self.faults

    def refusal(self, what: str | None = None, hint: Hint | None = None) -> ModelError | None:
        """Why it cannot be used as a model, as the error to raise; None when it can.

        what: how to call it, by default as its folder. hint: what to do next, by default something about that folder.
        """
        if self.is_model:
            return None
        name, then = what or plain(self.path.name), hint or self._hint()
        if self.kind is ModelKind.ADAPTER and self.base is not None and not self.missing:
            return AdapterWithoutBase(plain(self.base.name), plain(self.base.written) or "nothing", hint=then)
        missing = _some(self.missing)
        if missing and not self.faults:
            return ModelIncomplete(name, missing, hint=then)
        reasons = "; ".join((*_some(self.faults), *(f"{lack} is missing" for lack in missing)))
        return ModelError(f"{name} is {self.kind.value}: {reasons or 'nothing of a model is there'}", hint=then)

    def _hint(self) -> Hint:
        usual = _AGAIN if self.kind is ModelKind.ADAPTER and self.missing else _HINTS.get(self.kind, _AGAIN)
        return hints.filled(self.mend or usual, THIS, str(self.path))


def taken_instead(what: str) -> Hint:
    """Return what to do where another file, or another form of it, is to be taken; nothing for nothing."""
    return (f"{what}, then: ", sage("model inspect", "PATH")) if what else ""


def plain(text: str) -> str:
    """Text of a stranger's file for one line of a message: printable, at most 300 letters."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return sanitize.one_line(cut)


def _some(sentences: tuple[str, ...]) -> tuple[str, ...]:
    more = len(sentences) - _MOST_SAID
    return (*map(plain, sentences[:_MOST_SAID]), *([f"… and {more} more"] if more > 0 else ()))


_LONGEST, _MOST_SAID = 300, 12
_AGAIN: Hint = ("get what is missing or damaged again, then: ", sage("model inspect", THIS))
_HINTS: Mapping[ModelKind, Hint] = {
    ModelKind.ADAPTER: ("name the base on the card of the merged model, then: ", sage("model prepare", "REF")),
    ModelKind.POINTER: ("git lfs pull in that folder, then: ", sage("model inspect", THIS)),
    ModelKind.PICKLE: ("take the same model as safetensors, then: ", sage("model inspect", "PATH")),
    ModelKind.UNKNOWN: ("name the model's own folder or file: ", sage("model inspect", "PATH")),
}
