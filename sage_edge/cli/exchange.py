"""`sage-edge exchange`: init."""

from __future__ import annotations

from pathlib import Path

import click

from sage_edge.cli.environment import paths
from sage_edge.cli.lazy_group import Listed
from sage_edge.cli.place import Place
from sage_edge.exchange import hub, writers
from sage_edge.inventory.load import load


@click.group(cls=Listed, help="The hub where the hosts' branches meet.")
def command() -> None:
    """Group of the exchange commands."""


@command.command()
@click.argument("path", type=Place())
def init(path: Path) -> None:
    """Make PATH a bare hub that refuses what breaks the exchange's rules."""
    hub.init(path, writers.folders(load(paths().fleet)))
    click.echo(path)
