"""`sage-edge clock`: trust."""

from __future__ import annotations

import click

from sage_edge.agent import build, clock_doubt
from sage_edge.cli.environment import as_option, clock_at, committed, log, paths, release, stop_on_signals
from sage_edge.cli.lazy_group import Listed
from sage_edge.inventory import identity


@click.group(cls=Listed, help="What a person says of this machine's clock.")
def command() -> None:
    """Group of the clock commands."""


@command.command()
@click.option("--because", required=True, help="Why; it is published with the worklog.")
@as_option
def trust(because: str, as_host: str | None) -> None:
    """Say that this machine's clock is right now, against whatever was seen of it before.

    For a clock that is in doubt though it is right: its host once saw a later time, its release bears a wrong date, or
    nothing keeps it in step. Set the clock first. Where it is believed already, nothing changes.
    """
    here = paths()
    me = identity.whoami(here, as_host)
    agent = build.build(here, me, clock_at(None), stop_on_signals(), release(), log, None, committed=committed())
    if not clock_doubt.end(agent, because):
        click.echo("the clock is believed already; nothing was changed")
