"""What a person at the workstation does about trials that are offered to a host: list, accept, decline, withdraw."""

from __future__ import annotations

import click

from sage_edge.cli import render
from sage_edge.names import Digest
from sage_edge.records.directive import TrialAct
from sage_edge.workstation import directed_acts
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.directed_acts import ActAsked, PersonsDesk

HEADS = ("id", "from", "trial", "sessions", "state")
WHAT = "trial"


def listed(here: FleetContext, host: str, *, as_json: bool) -> int:
    """Print the trials that were offered to a host, and what was decided."""
    at = directed_acts.opened(here, host, "trial.list")
    known = at.papers.trials
    rows = [
        (
            digest.short,
            trial.author,
            trial.design.name,
            trial.design.track,
            directed_acts.state(at.papers, digest, known.decisions.get(digest)),
        )
        for digest, trial in known.to(at.to).items()
    ]
    if as_json:
        render.document("sage-edge/offered-trials/1", [dict(zip(HEADS, row, strict=True)) for row in rows])
    elif rows:
        render.table(HEADS, rows)
    else:
        click.echo(f"no trial was offered to {at.to}", err=True)
    return 0


def decided(here: FleetContext, asked: ActAsked, *, accept: bool) -> int:
    """Direct a host to accept or decline an offered trial as a whole; the same act twice is one directive."""
    directed_acts.check(asked, "accept" if accept else "decline")
    at = directed_acts.opened(here, asked.host, asked.task("accept" if accept else "decline"))
    about = _named(at, asked)
    act = TrialAct(kind="accept-trial" if accept else "decline-trial", trial=about)
    return directed_acts.give(at, asked, about, act, at.papers.trials.decisions.get(about))


def withdrawn(here: FleetContext, asked: ActAsked) -> int:
    """Take back what was directed about a trial and has no answer yet."""
    return directed_acts.take_back(here, asked, TrialAct)


def _named(at: PersonsDesk, asked: ActAsked) -> Digest:
    return directed_acts.meant(WHAT, asked, list(at.papers.trials.to(at.to)), at.to)
