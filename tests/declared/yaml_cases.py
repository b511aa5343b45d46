"""Words without quotes and what YAML 1.2's core schema makes of them, and every field that may hold one."""

from __future__ import annotations

import copy
import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.fields import FieldInfo

from sage_edge import clock
from sage_edge.clock import Duration
from sage_edge.declared import Declared
from sage_edge.models.card import CardStep
from tests import house

PACKAGE = Path(__file__).resolve().parents[2] / "sage_edge"

CASES = Path(__file__).resolve().parents[1] / "cases" / "declared"

MEANINGS: Mapping[str, object] = json.loads((CASES / "words.json").read_text("utf-8"))
"""Word → what it is. Most of those that stay text YAML 1.1 would read as something else."""

REFUSED: Sequence[str] = json.loads((CASES / "refused-words.json").read_text("utf-8"))
"""Numbers that none of ours can be."""


def is_held(held: object, written: object) -> bool:
    """Whether a field holds what was written: no type for another, but a whole number for a number.

    Blanks around a line of text may go: a block of text ends with a newline.
    """
    if isinstance(held, CardStep):
        return held.value is None and held.name == written
    if isinstance(held, Duration):
        return isinstance(written, str) and Duration.parse(written) == held
    if isinstance(held, str):
        return isinstance(written, str) and str(held) in (written, written.strip(), _as_moment(written))
    if isinstance(held, BaseModel):
        return is_held({key: getattr(held, key) for key in sorted(held.model_fields_set)}, written)
    if isinstance(held, tuple | list):
        return isinstance(written, list) and len(held) == len(written) and all(map(is_held, held, written))
    if isinstance(held, dict):
        return (
            isinstance(written, dict)
            and list(held) == list(written)
            and all(is_held(held[k], written[k]) for k in held)
        )
    if type(held) is float and type(written) is int:
        return held == float(written)
    return type(held) is type(written) and held == written


def _as_moment(written: str) -> str | None:
    try:
        return clock.text(clock.parse(written))
    except ValueError:
        return None


@dataclass(frozen=True)
class DeclaredField:
    """One field of one model, and the same field alone in a model with the same manners."""

    kind: type[BaseModel]
    key: str
    alone: type[BaseModel]

    def __str__(self) -> str:
        return f"{self.kind.__name__}.{self.key}"


def models() -> list[type[BaseModel]]:
    """Every model that a declaration of ours is made of, found by its class: a new one is in the table by itself."""
    for source in house.load(PACKAGE):
        if "import Declared" in source.text:
            importlib.import_module(source.module)
    pending: list[Any] = [kind for kind in _below(Declared) if kind.__module__.startswith("sage_edge.")]
    known: dict[type[BaseModel], None] = {}
    while pending:
        part = pending.pop()
        if isinstance(part, type) and issubclass(part, BaseModel) and part not in known:
            known[part] = None
            part.model_rebuild()
            pending += [info.annotation for info in part.model_fields.values()]
        pending += [*getattr(part, "__args__", ())]
    return sorted(known, key=lambda kind: (kind.__module__, kind.__name__))


def fields() -> Iterator[DeclaredField]:
    """Yield every field of every such model."""
    for kind in models():
        for name, info in kind.model_fields.items():
            yield DeclaredField(kind, info.alias or name, _alone(kind, name, info))


def _below(kind: type[Declared]) -> Iterator[type[Declared]]:
    for below in kind.__subclasses__():
        yield below
        yield from _below(below)


def _alone(kind: type[BaseModel], name: str, info: FieldInfo) -> type[BaseModel]:
    field: Any = (info.annotation, copy.copy(info))
    if issubclass(kind, Declared):
        return create_model("Alone", __base__=Declared, **{name: field})
    return create_model("Alone", __config__=ConfigDict(**kind.model_config), **{name: field})
