"""`sage-edge model`: list, show, inspect, prepare, verify, lock, gc, import."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sage_edge.cli import complain, inspection, preparation, render
from sage_edge.cli.surroundings import json_option, paths, tell
from sage_edge.clock import SystemClock
from sage_edge.errors import ModelNotFound, SageError, UsageError
from sage_edge.models import collecting, importing, lock
from sage_edge.models.cards import Card, find, read_cards
from sage_edge.models.resolve import Library
from sage_edge.models.survey import Item, look, survey
from sage_edge.names import ModelRef

yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")


@click.group(help="The models on this machine.")
def command() -> None:
    """Group of the model commands."""


command.add_command(inspection.inspect)
command.add_command(preparation.command)


def _library() -> Library:
    here = paths()
    return Library(here.fleet, here.models)


def _ref(text: str, library: Library) -> ModelRef:
    """The ref that a person means. Raises UsageError for what is no ref, ModelNotFound."""
    names = library.names()
    try:
        return find(text, names)
    except ModelNotFound:
        try:
            ModelRef(text)
        except ValueError as wrong:
            if not any(name.startswith(f"{text}:") for name in names):
                raise UsageError(str(wrong), hint="sage-edge model list") from None
        raise


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List every model that is declared or on this machine, and whether it can be loaded here."""
    items = survey(_library())
    if as_json:
        render.document("sage-edge/models/2", [_as_json(item) for item in items])
        return
    rows = [(item.ref, item.state, _size(item), f"{item.parameters / 1e6:.1f} M", _summary(item)) for item in items]
    render.table(("model", "state", "size", "parameters", "what it is"), rows)


def _size(item: Item) -> str:
    if item.model is not None:
        return _human(item.model.size_bytes)
    expected = item.card.download_bytes if item.card is not None else None
    return f"({_human(expected)})" if expected else "?"


def _summary(item: Item) -> str:
    doubt = "; never validated" if item.card is not None and not item.card.validated else ""
    return f"{item.summary}{doubt}"


def _human(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e10 else f"{size_bytes / 1e6:.1f} MB"


def _as_json(item: Item) -> dict[str, object]:
    return {
        "ref": item.ref,
        "state": item.state,
        "digest": item.model.digest if item.model else None,
        "size_bytes": item.model.size_bytes if item.model else None,
        "parameters": item.parameters,
        "summary": item.summary,
        "validated": item.card.validated if item.card else None,
        "why": item.refusal.message if item.refusal else None,
        "next": item.refusal.hint if item.refusal else None,
    }


@command.command()
@click.argument("ref")
@json_option
def show(ref: str, as_json: bool) -> None:
    """Show a model's card, its lock, its files, and why it cannot be loaded here if it cannot."""
    library = _library()
    name = _ref(ref, library)
    item = look(library, name)
    manifest = library.store.manifest(name)
    entry = lock.read_lock(library.fleet).get(name)
    if as_json:
        card = item.card.model_dump(mode="json") if item.card else None
        listed = manifest.model_dump(mode="json") if manifest else None
        locked = {"manifest": entry.manifest, "revision": entry.revision} if entry else None
        render.document("sage-edge/model/1", {**_as_json(item), "card": card, "lock": locked, "manifest": listed})
        return
    click.secho(f"{name} · {item.state}", bold=True)
    lines = [("what", item.summary), *_card_lines(item.card)]
    lines.append(("lock", f"{entry.manifest} {entry.revision or ''}".strip() if entry else "no line in models.lock"))
    if item.model is not None:
        lines += [("digest", item.model.digest), ("path", str(item.model.path))]
    if item.refusal is not None:
        lines += [("why not", item.refusal.message), ("next", item.refusal.hint)]
    for key, value in lines:
        click.echo(f"{key:>10}  {render.inert(value)}")
    if manifest is not None:
        rows = [(file.path, file.role, str(file.size_bytes), file.digest) for file in manifest.files]
        render.table(("file", "role", "bytes", "digest"), rows)


def _card_lines(card: Card | None) -> list[tuple[str, str]]:
    if card is None:
        return []
    steps = ", ".join(f"quantise to {card.quantisation}" if step == "quantise" else step for step in card.steps)
    lines = [
        ("source", str(card.source) if card.source else f"made from {card.base}"),
        ("adapter", str(card.adapter) if card.adapter else ""),
        ("steps", steps),
        ("licence", card.licence),
        ("memory", f"at least {_human(card.minimum_memory_bytes)}"),
        ("validated", f"{'yes' if card.validated else 'no'}: {card.validation}"),
        ("facts", card.source_of_facts),
    ]
    return [(key, value) for key, value in lines if value]


@command.command()
@click.argument("ref", required=False)
@click.option("--deep", is_flag=True, help="Read and hash every byte, not only listings and sizes.")
def verify(ref: str | None, deep: bool) -> None:
    """Hold a model, or every model that is on this machine, against its lock, its listing and its files.

    Every model is looked at; the exit code is the worst that was found.
    """
    library = _library()
    names = [_ref(ref, library)] if ref else [item.ref for item in survey(library) if item.is_here]
    worst = 0
    for name in names:
        try:
            model = library.resolve(name, deep=deep)
        except SageError as refusal:
            complain(refusal)
            worst = max(worst, refusal.code)
        else:
            how = "is whole, every byte read" if deep else "is complete by its listing (--deep reads every byte)"
            click.echo(f"{model.ref} {how}: {model.size_bytes} bytes, {model.digest}")
    if worst:
        click.get_current_context().exit(worst)


@command.command("lock")
@yes_option
def lock_(yes: bool) -> None:
    """Write into fleet/models.lock what this machine's store holds, after showing the difference."""
    library = _library()
    before = lock.read_lock(library.fleet)
    after = lock.refreshed(before, read_cards(library.fleet), library.store.manifests())
    changes = lock.differences(before, after)
    if not changes:
        tell("models.lock says what the store holds; nothing to do")
        return
    for change in changes:
        click.echo(str(change))
    _agree(f"write {len(changes)} changes to {lock.lock_path(library.fleet)}?", "sage-edge model lock --yes", yes)
    lock.write_lock(library.fleet, after)
    tell(f"{lock.lock_path(library.fleet)} is written")


@command.command()
@click.option("--forget", multiple=True, metavar="REF", help="Give up this model, too.")
@click.option("--partial", is_flag=True, help="Remove unfinished downloads, too; they could have been resumed.")
@yes_option
def gc(forget: tuple[str, ...], partial: bool, yes: bool) -> None:
    """Show what the store holds and nothing names, and remove it when told to."""
    library = _library()
    held = library.store.refs()
    shown = collecting.leftovers(library.store, [find(name, held) for name in forget], partial=partial)
    for ref in shown.forgotten:
        click.echo(f"name  {ref}")
    for thing in shown.things:
        click.echo(f"{thing.size_bytes:>14}  {thing.path.relative_to(library.store.root)}")
    if not shown.forgotten and not shown.things:
        tell("everything in the store belongs to a model; nothing to free")
        return
    tell(f"{_human(shown.size_bytes)} would be free")
    _agree("remove all of this?", " ".join(["sage-edge model gc --yes", *(f"--forget {ref}" for ref in forget)]), yes)
    gone = collecting.collect(library.store, shown)
    tell(f"{_human(gone.size_bytes)} are free")


@command.command("import")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--ref", "name", required=True, metavar="REF", help="Which declared model the folder holds.")
def import_(folder: Path, name: str) -> None:
    """Copy a folder's model into the store under a declared name. The folder stays as it is."""
    library = _library()
    cards = read_cards(library.fleet)
    card = cards[find(name, cards)]
    manifest = importing.import_folder(folder, card, library.store, SystemClock().now())
    click.echo(
        f"{card.ref} is in the store: {len(manifest.files)} files, {manifest.size_bytes} bytes, {manifest.digest()}"
    )
    tell("next: sage-edge model lock")


def _agree(question: str, how: str, yes: bool) -> None:
    """Return if a person agrees. Raises UsageError where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nothing was changed, because nobody can be asked here", hint=how)
    click.confirm(question, abort=True, err=True)
