"""`sage-edge model list` and `show`: what is declared, what of it is here, and why the rest is not."""

from __future__ import annotations

import click

from sage_edge import hints, sanitize, sizes
from sage_edge.cli import render
from sage_edge.cli.completion import models, offered
from sage_edge.cli.environment import json_option, paths
from sage_edge.models.card import ModelCard, find
from sage_edge.models.lock import read_lock
from sage_edge.models.manifest import Manifest
from sage_edge.models.model_inventory import ModelEntry, entry_of, list_models
from sage_edge.models.prepare.plan import measurements
from sage_edge.models.prepare.stage import MEASURED
from sage_edge.models.resolve import Library


def library() -> Library:
    """All models that this machine can have."""
    here = paths()
    return Library(here.fleet, here.models)


@click.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List every model that is declared or here, and whether it can be loaded."""
    items = list_models(library())
    if as_json:
        render.document("sage-edge/models/2", [_as_json(item) for item in items])
        return
    rows = [(item.ref, item.state, _size(item), f"{item.parameters / 1e6:.1f} M", _summary(item)) for item in items]
    render.table(("model", "state", "size", "parameters", "what it is"), rows)


def _size(item: ModelEntry) -> str:
    if item.model is not None:
        return sizes.text(item.model.size_bytes)
    expected = item.card.download_bytes if item.card is not None else None
    return f"({sizes.text(expected)})" if expected else "?"


def _summary(item: ModelEntry) -> str:
    doubt = "; never validated" if item.card is not None and not item.card.validated else ""
    return f"{item.summary}{doubt}"


def _as_json(item: ModelEntry) -> dict[str, object]:
    return {
        "ref": item.ref,
        "state": item.state,
        "digest": item.model.digest if item.model else None,
        "size_bytes": item.model.size_bytes if item.model else None,
        "parameters": item.parameters,
        "summary": item.summary,
        "validated": item.card.validated if item.card else None,
        "why": item.refusal.message if item.refusal else None,
        "next": hints.text(item.refusal.hint) if item.refusal else None,
    }


@click.command()
@click.argument("ref", shell_complete=offered(models))
@json_option
def show(ref: str, as_json: bool) -> None:
    """Show a model's card, its lock, its files, and why it cannot be loaded here."""
    shelves = library()
    name = find(ref, shelves.names())
    item = entry_of(shelves, name)
    manifest = shelves.store.manifest(name)
    entry = read_lock(shelves.fleet).get(name)
    if as_json:
        card = item.card.model_dump(mode="json") if item.card else None
        listed = manifest.model_dump(mode="json") if manifest else None
        locked = {"manifest": entry.manifest, "revision": entry.revision} if entry else None
        render.document("sage-edge/model/1", {**_as_json(item), "card": card, "lock": locked, "manifest": listed})
        return
    render.line(f"{name} · {item.state}", "bold")
    lines = [("what", item.summary), *_card_lines(item.card)]
    lines.append(("lock", f"{entry.manifest} {entry.revision or ''}".strip() if entry else "no line in models.lock"))
    if item.model is not None:
        lines += [("digest", item.model.digest), ("path", str(item.model.path))]
    lines += [("measured", f"{what.removeprefix(MEASURED)}: {result}") for what, result in _measured(manifest)]
    if item.refusal is not None:
        lines += [("why not", item.refusal.message), ("next", hints.text(item.refusal.hint))]
    for key, value in lines:
        click.echo(f"{key:>10}  {sanitize.terminal(value)}")
    if manifest is not None:
        rows = [(file.path, file.role, str(file.size_bytes), file.digest) for file in manifest.files]
        render.table(("file", "role", "bytes", "digest"), rows)


def _measured(manifest: Manifest | None) -> tuple[tuple[str, str], ...]:
    return () if manifest is None else tuple(measurements(manifest))


def _card_lines(card: ModelCard | None) -> list[tuple[str, str]]:
    if card is None:
        return []
    steps = ", ".join(map(str, card.steps))
    lines = [
        ("source", str(card.source) if card.source else f"made from {card.base}"),
        ("adapter", str(card.adapter) if card.adapter else ""),
        ("its base", card.adapter_base or ""),
        ("steps", steps),
        ("licence", card.licence),
        ("memory", f"at least {sizes.text(card.minimum_memory_bytes)}"),
        ("validated", f"{'yes' if card.validated else 'no'}: {card.validation}"),
        ("facts", card.source_of_facts),
    ]
    return [(key, value) for key, value in lines if value]
