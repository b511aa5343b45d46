"""Whether what one declaration names, another one declares: hosts and models, models and hosts. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from sage_edge.errors import Fault
from sage_edge.inventory.fleet import Fleet
from sage_edge.models.card import HostSource, ModelCard, stem
from sage_edge.names import ModelRef


def faults(fleet: Fleet, cards: Mapping[ModelRef, ModelCard]) -> Iterator[Fault]:
    """Yield each name that nobody declares, with the file and the key where it stands."""
    for name, host in fleet.hosts.items():
        if host.model is not None and host.model not in cards:
            why = f"no card in fleet/models declares {host.model}"
            yield Fault(_file("hosts", name), "model", f"{why}{_nearest(host.model, list(cards))}")
    for ref, card in cards.items():
        for key, source in (("source", card.source), ("adapter", card.adapter)):
            if isinstance(source, HostSource) and source.host not in fleet.hosts:
                why = f"no host named {source.host}{_nearest(source.host, list(fleet.hosts))}"
                yield Fault(_file("models", stem(ref)), f"{key}.host", why)


def _file(folder: str, name: str) -> str:
    return (PurePosixPath("fleet") / folder / f"{name}.yaml").as_posix()


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; is {near[0]} meant?" if near else f"; there are: {', '.join(sorted(known)) or 'none'}"
