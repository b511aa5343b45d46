"""Whether what one declaration names, another one declares: hosts and models, engines and kinds. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from sage_edge import sizes
from sage_edge.declared import Reader
from sage_edge.engines import registry
from sage_edge.errors import Fault
from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.host_entry import EngineSettings, Host
from sage_edge.models.card import ModelCard, stem
from sage_edge.models.card_sources import HostSource
from sage_edge.names import ModelRef

DeclaredPlace = tuple[str, str, str]
"""Folder, stem and key of a declaration: `("hosts", "sprout", "engine.kind")`."""


def faults(fleets: Mapping[str | None, Fleet], cards: Mapping[ModelRef, ModelCard]) -> Iterator[Fault]:
    """Yield each name that nobody declares, with the file and the key where it stands.

    fleets: overlay → the fleet under it, None → without one. What is wrong only under an overlay is the overlay's.
    """
    plain = dict(_faults(fleets[None], cards))
    for (folder, name, key), why in plain.items():
        yield Fault(_file(folder, name), key, why)
    for overlay, fleet in fleets.items():
        for (folder, name, key), why in _faults(fleet, cards):
            if overlay is not None and plain.get((folder, name, key)) != why:
                yield Fault(_file("overlays", overlay), f"{folder}.{name}.{key}", why)


def _faults(fleet: Fleet, cards: Mapping[ModelRef, ModelCard]) -> Iterator[tuple[DeclaredPlace, str]]:
    for name, host in fleet.hosts.items():
        held = {key: ref for key, ref in _held(host) if ref is not None}
        for key, ref in held.items():
            if ref not in cards:
                why = f"no card in fleet/models declares {ref}"
                yield ("hosts", name, key), f"{why}{_nearest(ref, list(cards))}"
        if held and (too_much := _beyond(fleet, name, [cards[ref] for ref in held.values() if ref in cards])):
            yield ("hosts", name, next(reversed(held))), too_much
        if host.engine is not None:
            for key, why in _engine(host.engine):
                yield ("hosts", name, f"engine.{key}"), why
    for ref, card in cards.items():
        for key, source in (("source", card.source), ("adapter", card.adapter)):
            if isinstance(source, HostSource) and source.host not in fleet.hosts:
                why = f"no host named {source.host}{_nearest(source.host, list(fleet.hosts))}"
                yield ("models", stem(ref), f"{key}.host"), why


def _held(host: Host) -> Iterator[tuple[str, ModelRef | None]]:
    """Yield the key and the model of each process of a host that holds one."""
    yield "model", host.model
    yield "serve.model", None if host.serve is None else host.serve.model


def _beyond(fleet: Fleet, name: str, held: Sequence[ModelCard]) -> str:
    """Return why a host's board cannot hold its models at once; empty where it can."""
    needs, board = sum(card.minimum_memory_bytes for card in held), fleet.board_of(name)
    if needs <= board.memory_bytes:
        return ""
    each = " and ".join(f"{card.ref} ({sizes.text(card.minimum_memory_bytes)})" for card in held)
    return f"{each} at once are {sizes.text(needs)}; its board {board.name} has {sizes.text(board.memory_bytes)}"


def _engine(engine: EngineSettings) -> Iterator[tuple[str, str]]:
    if engine.kind not in registry.KINDS:
        yield "kind", f"no engine of the kind {engine.kind}{_nearest(engine.kind, list(registry.KINDS))}"
        return
    options = Reader(Path())
    options.check(Path(), engine.options, registry.KINDS[engine.kind].options)
    for fault in options.faults:
        yield f"options.{fault.key}", fault.message


def _file(folder: str, name: str) -> str:
    return (PurePosixPath("fleet") / folder / f"{name}.yaml").as_posix()


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; is {near[0]} meant?" if near else f"; there are: {', '.join(sorted(known)) or 'none'}"
