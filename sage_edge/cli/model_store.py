"""`sage-edge model verify`, `lock`, `gc`, `import`: what keeps a store in order; nothing goes without being shown."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import click

from sage_edge import hints, sizes
from sage_edge.cli import progress_bar, render
from sage_edge.cli.completion import models, offered
from sage_edge.cli.environment import log
from sage_edge.cli.model_list import library
from sage_edge.cli.place import Place
from sage_edge.clock import SystemClock
from sage_edge.errors import SageError, UsageError
from sage_edge.hints import Hint, NextCommand, sage
from sage_edge.models import resolve
from sage_edge.models.card import find
from sage_edge.models.cards import read_cards
from sage_edge.models.download.ranges import counting
from sage_edge.models.errors import ModelError
from sage_edge.models.lock import changing, differences, lock_path, read_lock, refreshed, write_lock
from sage_edge.models.model_inventory import list_models
from sage_edge.models.prepare import import_folder, smoke
from sage_edge.models.prepare.stages import can_be_made_again, parts_of
from sage_edge.models.store import gc as collecting
from sage_edge.models.store.gc import Leftovers
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from sage_edge.sizes import counted

yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")


@click.command()
@click.argument("ref", required=False, shell_complete=offered(models))
@click.option("--deep", is_flag=True, help="Read and hash every byte, not only listings and sizes.")
def verify(ref: str | None, deep: bool) -> None:
    """Hold models against their lock, their listing and their files.

    One model, or all that are here; the exit code is the worst that was found.
    """
    shelves = library()
    names = [find(ref, shelves.names())] if ref else [item.ref for item in list_models(shelves) if item.is_here]
    worst = 0
    for name in names:
        try:
            model = shelves.resolve(name)
            if deep:
                with progress_bar.of_bytes() as progress:
                    model.check(counting(progress, model.size_bytes))
        except SageError as refusal:
            render.complain(refusal)
            worst = max(worst, refusal.code)
        else:
            how = "is whole, every byte read" if deep else "is complete by its listing (--deep reads every byte)"
            click.echo(f"{model.ref} {how}: {model.size_bytes} bytes, {model.digest}")
    if worst:
        click.get_current_context().exit(worst)


@click.command("lock")
@yes_option
def lock(yes: bool) -> None:
    """Show what would change in fleet/models.lock, then change it."""
    shelves = library()
    before = read_lock(shelves.fleet)
    after = refreshed(before, read_cards(shelves.fleet), shelves.store.manifests())
    changes = differences(before, after)
    if not changes:
        log("models.lock says what the store holds; nothing to do")
        return
    for change in changes:
        click.echo(str(change))
    _agree(f"write {len(changes)} changes to {lock_path(shelves.fleet)}?", sage("model lock", yes=True), yes)
    with changing(shelves.store.root):
        if read_lock(shelves.fleet) != before:
            raise UsageError("fleet/models.lock was changed meanwhile; nothing is written", hint=sage("model lock"))
        write_lock(shelves.fleet, after)
    log(f"{lock_path(shelves.fleet)} is written")


@click.command()
@click.option("--parts", is_flag=True, help="Give up what models were made of on the way; it can be made again.")
@click.option("--partial", is_flag=True, help="Remove unfinished downloads, too; they could have been resumed.")
@yes_option
def gc(parts: bool, partial: bool, yes: bool) -> None:
    """Show what the store holds and nothing names, and remove it when told to."""
    shelves = library()
    spare = [ref for ref in shelves.store.refs() if can_be_made_again(ref)]
    given_up = {*spare} if parts else set[ModelRef]()
    shown = collecting.leftovers(shelves.store, given_up, partial=partial)
    if spare and not parts:
        with_them = collecting.leftovers(shelves.store, {*given_up, *spare}, partial=partial).size_bytes
        more = sizes.text(with_them - shown.size_bytes)
        them_too = hints.text(sage("model gc", parts=True))
        log(f"{counted(len(spare), 'step')} on the way to finished models: {more} more: {them_too}")
    if not shown.forgotten and not shown.things:
        log("everything in the store belongs to a model; nothing to free")
        return
    _remove(shelves.store, shown, sage("model gc", yes=True, parts=parts, partial=partial), yes)


@click.command()
@click.argument("refs", nargs=-1, required=True, metavar="REF…", shell_complete=offered(models))
@yes_option
def rm(refs: tuple[str, ...], yes: bool) -> None:
    """Show what giving models up would free, then give them up.

    A model's name goes with those of the parts that it was made of; what other models share with it stays.
    """
    store = library().store
    _demand_none_ships(refs, store)
    names = [find(ref, store.refs()) for ref in refs]
    given_up = {*names, *(part for name in names for part in parts_of(name, store.refs()))}
    shown = collecting.removal(store, given_up)
    _remove(store, shown, sage("model rm", *names, yes=True), yes)


def _demand_none_ships(names: Iterable[str], store: Store) -> None:
    for name in names:
        if shipped := {ref for ref in resolve.known() if name in (ref, ref.partition(":")[0])} - set(store.refs()):
            raise ModelError(
                f"{min(shipped)} ships with the program and cannot be removed",
                hint=("see what takes room here: ", sage("model list")),
            )


def _remove(store: Store, shown: Leftovers, again: NextCommand, yes: bool) -> None:
    for ref in shown.forgotten:
        click.echo(f"name  {ref}")
    for thing in shown.things:
        click.echo(f"{thing.size_bytes:>14}  {thing.path.relative_to(store.root)}")
    log(f"this would free {sizes.text(shown.size_bytes)}")
    _agree("remove all of this?", again, yes)
    gone = collecting.collect(store, shown)
    log(f"freed {sizes.text(gone.size_bytes)}")


@click.command("import")
@click.argument("folder", type=Place(), metavar="DIR")
@click.option(
    "--ref",
    "name",
    required=True,
    metavar="REF",
    shell_complete=offered(models),
    help="Which declared model the folder holds.",
)
def import_(folder: Path, name: str) -> None:
    """Copy a folder's model into the store under a declared name. The folder stays as it is."""
    shelves = library()
    card = import_folder.card_of(name, read_cards(shelves.fleet))
    ask = smoke.ask if find_spec("llama_cpp") else None
    with progress_bar.of_bytes() as progress:
        manifest = import_folder.import_folder(folder, card, shelves.store, SystemClock().now(), ask, progress)
    click.echo(
        f"{card.ref} is in the store: {counted(len(manifest.files), 'file')}, "
        f"{counted(manifest.size_bytes, 'byte')}, {manifest.digest()}"
    )
    if ask is None and manifest.container == "gguf":
        log("llama.cpp is not installed here, so nobody has let it speak")
    whole = manifest.of_role("weights")
    after = sage("model lock") if whole else sage("model prepare", card.ref.removesuffix(".adapter"))
    log(f"next: {hints.text(after)}")


def _agree(question: str, how: Hint, yes: bool) -> None:
    """Return if a person agrees. Raises UsageError where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nothing was changed, because nobody can be asked here", hint=how)
    click.confirm(question, abort=True, err=True)
