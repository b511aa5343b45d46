"""Every kind of engine by its name: a host declares one in `engine.kind`.

A new kind is one module here with its KIND, imported below and named in KINDS. No library behind an engine is imported
before the engine is opened.
"""

from __future__ import annotations

from collections.abc import Mapping

from sage_edge.engines import llamacpp, openai_engine, scripted, transformers_engine
from sage_edge.engines.base import Engine, EngineKind, Settings
from sage_edge.engines.errors import UnknownEngine

KINDS: Mapping[str, EngineKind] = {
    kind.name: kind for kind in (llamacpp.KIND, transformers_engine.KIND, openai_engine.KIND, scripted.KIND)
}


def find(name: str) -> EngineKind:
    """Return a kind by its name. Raises UnknownEngine, which names those there are."""
    if name not in KINDS:
        raise UnknownEngine(name, tuple(KINDS))
    return KINDS[name]


def open_engine(kind: str, settings: Settings) -> Engine:
    """Return an engine of a kind, not yet loaded.

    Raises UnknownEngine, LibraryMissing, and ValueError for options that are not this kind's.
    """
    return find(kind).open(settings)
