"""`sage-edge fleet`: check, show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import click

from sage_edge import curriculum
from sage_edge.analysis import recommend
from sage_edge.analysis.claims import declarations
from sage_edge.analysis.theories import declarations as theories
from sage_edge.analysis.trials import checks
from sage_edge.cli import render
from sage_edge.cli.environment import json_option, paths
from sage_edge.cli.lazy_group import Listed
from sage_edge.curriculum import Curriculum
from sage_edge.declared import Reader
from sage_edge.errors import DeclarationError
from sage_edge.inventory import guard
from sage_edge.inventory import load as loading
from sage_edge.inventory.fleet import Fleet
from sage_edge.models.card import ModelCard
from sage_edge.models.cards import read_cards
from sage_edge.models.lock import read_lock
from sage_edge.names import ModelRef
from sage_edge.sizes import counted
from sage_edge.trials import TrialCard, catalogue
from sage_edge.verify import references


@click.group(cls=Listed, help="Check and show the declarations below fleet/.")
def command() -> None:
    """Group of the fleet commands."""


@command.command()
def check() -> None:
    """Read every declaration, and show all faults at once. Exit code 2 when there are any."""
    reader = Reader(paths().fleet)
    fleets = loading.read_all(reader)
    fleet = fleets.get(None)
    lessons = curriculum.read(reader)
    cards = _cards(reader)
    if fleet is not None and cards is not None:
        for unknown in references.faults(fleets, cards):
            reader.fault(reader.folder / unknown.file.partition("/")[2], unknown.key, unknown.message)
    if fleet is not None and lessons is not None:
        for name, role in fleet.roles.items():
            for fault in recommend.faults(role.rules, lessons):
                reader.fault(reader.folder / "roles" / f"{name}.yaml", "rules", fault)
    trials = catalogue.read(reader)
    if fleet is not None and lessons is not None:
        _check_trials(reader, trials, lessons, fleet)
    claims = declarations.read(reader) if (reader.folder / declarations.FILE).exists() else None
    theories.read(reader, claims, trials)
    if reader.faults or fleet is None or lessons is None or cards is None:
        raise DeclarationError(reader.faults)
    counts = ", ".join(
        counted(len(things), name)
        for things, name in (
            (fleet.hosts, "host"),
            (fleet.roles, "role"),
            (fleet.boards, "board"),
            (cards, "model"),
            (trials, "trial"),
        )
    )
    click.echo(f"{fleet.name}: {counts}, curriculum {lessons.digest.short}: all declarations hold together")


def _check_trials(reader: Reader, trials: Mapping[str, TrialCard], lessons: Curriculum, fleet: Fleet) -> None:
    for name, card in trials.items():
        for key, message in checks.faults(card, lessons, fleet.kinds.letters):
            reader.fault(reader.folder / catalogue.FOLDER / f"{name}.yaml", key, message)
    for name, role in fleet.roles.items():
        path = reader.folder / "roles" / f"{name}.yaml"
        for number, item in enumerate(role.agenda):
            if item.trial not in trials:
                message = f"no trial named '{item.trial}'; there are: {', '.join(sorted(trials)) or 'none'}"
                reader.fault(path, f"agenda[{number}].trial", message)
        for number, rule in enumerate(role.rules):
            for message in checks.of_rule(rule, trials, lessons):
                reader.fault(path, f"rules[{number}].trial", message)


def _cards(reader: Reader) -> Mapping[ModelRef, ModelCard] | None:
    """The cards of all models, or None after noting what is wrong with them; the lock has to be readable, too."""
    try:
        read_lock(reader.folder)
    except DeclarationError as wrong:
        reader.faults += wrong.faults
    try:
        return read_cards(reader.folder)
    except DeclarationError as wrong:
        reader.faults += wrong.faults
        return None


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
