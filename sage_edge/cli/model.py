"""`sage-edge model`: list, verify."""

from __future__ import annotations

import click

from sage_edge.cli import render
from sage_edge.cli.surroundings import json_option, paths
from sage_edge.errors import UsageError
from sage_edge.models.resolve import SHIPPED, known, resolve
from sage_edge.names import ModelRef


@click.group(help="The models on this machine.")
def command() -> None:
    """Group of the model commands."""


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the models that can be resolved here."""
    cards = [card for _, card in known((SHIPPED, paths().models)).values()]
    if as_json:
        keep = {"ref", "sha256", "size_bytes", "parameters", "context_length", "what_it_is", "what_it_is_not"}
        render.document("sage-edge/models/1", [card.model_dump(mode="json", include=keep) for card in cards])
    else:
        rows = [(c.ref, f"{c.size_bytes / 1e6:.1f} MB", f"{c.parameters / 1e6:.1f} M", c.what_it_is) for c in cards]
        render.table(("model", "size", "parameters", "what it is"), rows)


@command.command()
@click.argument("ref", required=False)
def verify(ref: str | None) -> None:
    """Hash a model's bytes, or every model's, and hold them against its card."""
    shelves = (SHIPPED, paths().models)
    try:
        wanted = [ModelRef(ref)] if ref else sorted(known(shelves))
    except ValueError as wrong:
        raise UsageError(str(wrong), hint="sage-edge model list") from None
    for name in wanted:
        model = resolve(name, shelves)
        model.check()
        click.echo(f"{model.ref} is whole: {model.size_bytes} bytes, {model.digest}")
