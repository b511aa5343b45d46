"""`sage-edge model prepare`: from a name to a locked model, with the plan shown first."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from sage_edge import hints, sanitize, sizes
from sage_edge.cli import progress_bar
from sage_edge.cli.completion import models, offered
from sage_edge.cli.environment import cut_short, json_option, log, paths, stop_on_signals
from sage_edge.errors import SageError
from sage_edge.hints import NextCommand
from sage_edge.models.card import ModelCard, find
from sage_edge.models.card_sources import HostSource
from sage_edge.models.cards import read_cards
from sage_edge.models.lock import read_lock
from sage_edge.models.model_inventory import is_prepared
from sage_edge.models.prepare.plan import PlannedStage, downloads, measurements, plan
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from sage_edge.paths import Paths
from sage_edge.sizes import counted

if TYPE_CHECKING:
    from sage_edge.models.manifest import Manifest
    from sage_edge.models.prepare.prepare_context import PrepareContext


@click.command("prepare")
@click.argument("ref", shell_complete=offered(models))
@click.option("--dry-run", is_flag=True, help="Print the plan and stop.")
@click.option("--yes", is_flag=True, help="Do not ask at a terminal before the plan is carried out.")
@json_option
def command(ref: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Fetch, merge, convert, quantise, prove and lock what is missing of a model."""
    place = paths()
    store = Store(place.models)
    if is_prepared(ref, place.fleet, store):
        _show(ModelRef(ref), (), as_json)
        return
    cards = read_cards(place.fleet)
    name = find(ref, cards)
    steps = plan(name, cards, store, read_lock(place.fleet), home=place.fleet.parent)
    _show(name, steps, as_json)
    if dry_run or not steps:
        return
    if not yes and sys.stdin.isatty():
        click.confirm("Carry it out?", abort=True, err=True)
    with _told_as_typed(name, "model prepare"):
        _carry_out(name, place, cards)
    _conclude(name, store, as_json)


@click.command("pull")
@click.argument("ref", shell_complete=offered(models))
@click.option("--dry-run", is_flag=True, help="Print the plan and stop.")
@json_option
def pull(ref: str, dry_run: bool, as_json: bool) -> None:
    """Fetch the files that a model is made of, and make nothing of them yet.

    What its card names is fetched, copied or imported, an adapter and its base included; `prepare` does the rest.
    """
    place = paths()
    cards = read_cards(place.fleet)
    name = find(ref, cards)
    steps = downloads(plan(name, cards, Store(place.models), read_lock(place.fleet), home=place.fleet.parent))
    _show(name, steps, as_json, done="has all of its files here; nothing to fetch")
    if steps and not dry_run:
        with _told_as_typed(name, "model pull"):
            _carry_out(name, place, cards, fetch_only=True)
        log(f"next: {hints.text(hints.sage('model prepare', name))}")


@contextlib.contextmanager
def _told_as_typed(ref: ModelRef, verb: str) -> Iterator[None]:
    """Put the command that was typed into the next step of a refusal; what lies below names `prepare`, or no model."""

    def typed(command: NextCommand) -> NextCommand:
        return hints.sage(verb, *command.words[2:]) if command.words[:2] == ("model", "prepare") else command

    try:
        yield
    except SageError as refusal:
        refusal.hint = hints.mapped(hints.filled(refusal.hint, "REF", ref), typed)
        raise


def _carry_out(name: ModelRef, place: Paths, cards: Mapping[ModelRef, ModelCard], *, fetch_only: bool = False) -> None:
    from sage_edge.models.download.hub import Hub  # what does the work is loaded when there is work
    from sage_edge.models.prepare import run
    from sage_edge.models.prepare.prepare_context import PrepareContext

    hub, store, stop = Hub.from_env(os.environ), Store(place.models), stop_on_signals()
    with progress_bar.of_bytes() as progress:
        alone = PrepareContext(
            place.fleet, cards, store, hub, stop=stop, log=log, on_wait=progress.note, progress=progress
        )
        context = alone if find_spec("fabric") is None else replace(alone, copy=_over_ssh(alone))
        (run.pull if fetch_only else run.prepare)(name, context)


def _over_ssh(context: PrepareContext) -> Callable[[HostSource, ModelRef], Manifest]:
    """What brings a model from another board: a workstation has it, a board does not."""
    from sage_edge.model_sync import sync

    def copy(source: HostSource, ref: ModelRef) -> Manifest:
        def says(_: str, total: int, done: int) -> None:
            context.progress(done, total)

        with cut_short(context.stop):  # a mute board answers nobody
            return sync.fetch(ref, source.host, context.fleet, context.store, says)[0]

    return copy


def _show(
    ref: ModelRef, steps: tuple[PlannedStage, ...], as_json: bool, done: str = "is prepared; nothing is missing"
) -> None:
    if not steps and not as_json:
        click.echo(f"{ref} {done}")
        return
    from sage_edge.cli import render  # a third of what this command takes when there is nothing to do

    size, minutes = sum(step.size_bytes for step in steps), sum(step.minutes for step in steps)
    if as_json:
        rows = [
            {"step": s.name, "makes": s.makes, "bytes": s.size_bytes, "minutes": round(s.minutes, 2), "basis": s.basis}
            for s in steps
        ]
        render.document("sage-edge/preparation/1", {"ref": ref, "bytes": size, "steps": rows})
    else:
        render.table(
            ("step", "makes", "bytes", "minutes", "estimated from"),
            [(s.name, s.makes, _bytes(s.size_bytes), _minutes(s.minutes), s.basis) for s in steps],
        )
        click.echo(
            f"{ref}: {counted(len(steps), 'step')}, {_bytes(size) or 'no bytes'} to write, {_minutes(minutes)} minutes"
        )


def _bytes(size: int) -> str:
    return sizes.text(size) if size else ""


def _minutes(minutes: float) -> str:
    return f"{minutes:.1f}" if minutes >= 0.1 else "< 0.1"


def _conclude(ref: ModelRef, store: Store, as_json: bool) -> None:

    manifest = store.manifest(ref)
    if manifest is None or as_json:
        return
    for what, result in measurements(manifest):
        click.echo(f"{what}: {sanitize.terminal(result)}")
    click.echo(f"{ref} is prepared and locked: {manifest.size_bytes} bytes, {manifest.weights_digest()}")
