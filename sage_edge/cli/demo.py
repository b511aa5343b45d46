"""`sage-edge demo`."""

from __future__ import annotations

from pathlib import Path

import click

from sage_edge.cli import render
from sage_edge.cli.environment import paths, tell
from sage_edge.demo import play


@click.command("demo")
@click.option("--into", type=click.Path(path_type=Path), default=Path(".sage/demo"), show_default=True, help="Folder.")
def command(into: Path) -> None:
    """Raise a small mind and let a second host study it, all in one folder.

    Makes a hub and two hosts with cards and states of their own, and lets the real agent commands do the rest.
    """
    done = play.play(paths().fleet, into, tell)
    click.echo()
    render.table(("when", "host", "what happened"), done.story)
    click.echo(f"\nsummary: {done.summary}")
