"""`sage-edge fleet`: check, show."""

from __future__ import annotations

from dataclasses import asdict

import click

from sage_edge import curriculum
from sage_edge.analysis import rules
from sage_edge.cli import render
from sage_edge.cli.surroundings import json_option, paths
from sage_edge.declared import Reader
from sage_edge.errors import DeclarationError
from sage_edge.inventory import guard, loading


@click.group(help="Check and show the declarations below fleet/.")
def command() -> None:
    """Group of the fleet commands."""


@command.command()
def check() -> None:
    """Read every declaration, and show all faults at once. Exit code 2 when there are any."""
    reader = Reader(paths().fleet)
    fleet = loading.read(reader, None)
    lessons = curriculum.read(reader)
    if fleet is None or lessons is None:
        raise DeclarationError(reader.faults)
    for name, role in fleet.roles.items():
        for fault in rules.faults(role.rules, lessons):
            reader.fault(reader.folder / "roles" / f"{name}.yaml", "rules", fault)
    reader.finish()
    click.echo(
        f"{fleet.name}: {len(fleet.hosts)} hosts, {len(fleet.roles)} roles, {len(fleet.boards)} boards, "
        f"curriculum {lessons.digest.short}: all declarations hold together"
    )


@command.command()
@json_option
def show(as_json: bool) -> None:
    """Show who may do what."""
    rows = guard.table(loading.load(paths().fleet))
    if as_json:
        render.document("sage-edge/fleet/1", [asdict(row) for row in rows])
    else:
        render.table(
            ("host", "role", "board", "abilities"), [(r.host, r.role, r.board, ", ".join(r.abilities)) for r in rows]
        )
        for row in rows:
            if row.model or row.schedule:
                click.echo(f"\n{row.host}: model {row.model or 'none'}; {row.schedule or 'no sessions'}")
