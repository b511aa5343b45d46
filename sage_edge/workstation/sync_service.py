"""What `invoke sync` does: parses names, carries a model, prints what happened.

It is no `sage-edge` command: a board holds no code that reaches into another machine.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from sage_edge import hints, sizes
from sage_edge.cli import render
from sage_edge.errors import UsageError
from sage_edge.model_sync.sync import SyncOrder, bring, sync
from sage_edge.models.card import find
from sage_edge.models.cards import read_cards
from sage_edge.models.store.store import Store
from sage_edge.names import HostName, ModelRef
from sage_edge.workstation.context import FleetContext, paths

_USAGE = hints.invoke("sync", host="thor", model="qwen2.5-0.5b/introspective:v2.1-q8_0")


@dataclass(frozen=True)
class SyncAsked:
    """What a person typed. limit_mb: megabytes (10^6 bytes) a second; empty for none, as for hosts."""

    host: str = ""
    model: str = ""
    from_host: str = ""
    limit_mb: str = ""
    merge_there: bool = True


def carry(here: FleetContext, asked: SyncAsked, *, as_json: bool = False) -> int:
    """Copy a model to a host's store, and return the exit code. Without a host: only from `from_host` to this machine.

    Raises UsageError for names and numbers that are none, and everything that `sync` raises.
    """
    fleet, store, limit = here.fleet, Store(paths().models), _limit(asked.limit_mb)
    origin = fleet.host(asked.from_host).name if asked.from_host else None
    model = _ref(asked.model, fleet.folder)
    if not asked.host and origin is not None:
        crossed = bring(model, origin, fleet.folder, store, _Progress(), limit)
        _brought(model, origin, crossed, as_json=as_json)
        return 0
    order = SyncOrder(model, fleet.host(asked.host).name, origin, limit, asked.merge_there)
    if order.source == order.host:
        raise UsageError(f"{order.host} cannot be both ends of a copy", hint=_USAGE)
    done = sync(order, fleet.folder, store, _Progress())
    if as_json:
        render.document("sage-edge/carried/1", asdict(done))
    else:
        click.echo(_sentence(done.host, done.ref, done.how, done.files, done.crossed_bytes, done.seconds))
        if done.why:
            click.echo(f"the files went because {done.why}", err=True)
    return 0


def _brought(ref: ModelRef, source: HostName, crossed: int, *, as_json: bool) -> None:
    if as_json:
        render.document("sage-edge/brought/1", {"ref": ref, "source": source, "crossed_bytes": crossed})
    else:
        click.echo(f"this machine has {ref} as {source} has it ({sizes.text(crossed)} over the wire)")


def _sentence(host: HostName, ref: ModelRef, how: str, files: int, crossed: int, seconds: float) -> str:
    cost = (
        "nothing was sent" if not crossed else f"{files} file{'s' * (files != 1)}, {sizes.text(crossed)} over the wire"
    )
    return f"{host} has {ref}: {how} ({cost}, {seconds:.1f} s)"


def _ref(text: str, fleet: Path) -> ModelRef:
    """A whole name, whether a card declares it or not; else the declared model that is meant."""
    if ModelRef.grammar.fullmatch(text):
        return ModelRef(text)
    try:
        return find(text, read_cards(fleet))
    except UsageError as wrong:
        raise UsageError(wrong.message, hint=_USAGE) from None


def _limit(text: str) -> int | None:
    try:
        limit = None if not text else int(float(text) * 1_000_000)
    except (ValueError, OverflowError):
        limit = 0
    if limit is not None and limit < 1024:
        raise UsageError(f"expected megabytes a second, like 5 or 0.5, got {text!r}", hint=_USAGE)
    return limit


class _Progress:
    """Shows where a copy is, on stderr: one line that grows on a terminal, a line per stage elsewhere."""

    def __init__(self) -> None:
        self._live, self._stage = sys.stderr.isatty(), ""

    def __call__(self, what: str, total: int, done: int) -> None:
        if self._live and total:
            click.echo(f"\r{what}: {sizes.text(done)} of {sizes.text(total)}\033[K", nl=done >= total, err=True)
        elif what != self._stage:
            click.echo(f"{what}{f': {sizes.text(total)}' if total else ''}", err=True)
        self._stage = what
