"""`sage-edge exchange`: init, repair, trust."""

from __future__ import annotations

from pathlib import Path

import click

from sage_edge.agent import build
from sage_edge.cli.environment import as_option, clock_at, log, paths, release, stop_on_signals
from sage_edge.cli.lazy_group import Listed
from sage_edge.cli.place import Place
from sage_edge.errors import UsageError
from sage_edge.exchange import hub, writers
from sage_edge.exchange.errors import NotTrustable
from sage_edge.exchange.own_branch import Whose
from sage_edge.hints import Hint, sage
from sage_edge.inventory import identity
from sage_edge.inventory.load import load
from sage_edge.records.worklog import Quarantine
from sage_edge.sizes import counted


@click.group(cls=Listed, help="The hub where the hosts' branches meet, and what is read of them.")
def command() -> None:
    """Group of the exchange commands."""


@command.command()
@click.argument("path", type=Place())
def init(path: Path) -> None:
    """Make PATH a bare hub that refuses what breaks the exchange's rules."""
    hub.init(path, writers.folders(load(paths().fleet)))
    click.echo(path)


@command.command()
@click.option("--because", required=True, help="Why; it is published with the repair.")
@click.option("--keep", is_flag=True, help="Commits that break no rule are this host's own: take them back.")
@click.option("--disown", is_flag=True, help="They are somebody else's: pass over them, too.")
@as_option
def repair(because: str, keep: bool, disown: bool, as_host: str | None) -> None:
    """End that the hub holds commits of somebody else on this host's branch.

    One commit more, whose tree is this host's papers, says which ones nobody is to read. Nothing is taken away.
    """
    if keep and disown:
        raise UsageError("--keep and --disown exclude each other", hint=sage("exchange repair", help=True))
    whose: Whose = "own" if keep else "foreign" if disown else ""
    agent = _agent(as_host)
    done = agent.post.repair(because, whose)
    if not (done.kept or done.passed_over):
        click.echo("nothing to repair: the hub holds nothing of this host but what it wrote")
        return
    what = [f"{counted(done.kept, 'commit')} taken back"] if done.kept else []
    what += [f"{counted(done.passed_over, 'commit')} passed over by {(done.commit or '')[:12]}"] if done.commit else []
    agent.record("branch-repaired", f"{', '.join(what)}: {because}")


@command.command()
@click.argument("host")
@click.argument("commit")
@click.option("--because", required=True, help="Why; it is published with the decision.")
@as_option
def trust(host: str, commit: str, because: str, as_host: str | None) -> None:
    """End a quarantine: read the branch of HOST up to COMMIT, whatever rule it breaks."""
    agent = _agent(as_host)
    paper, left = agent.post.trust(host, commit, because)
    agent.record("branch-trusted", f"{host} up to {paper.commit[:12]}, which breaks {paper.rule}: {because}")
    for case in left:
        raise NotTrustable(host, f"what comes behind it breaks a rule, too: {case}", hint=_trust(case))


def _trust(case: Quarantine) -> Hint:
    return ("judge that, too: ", sage("exchange trust", case.host, case.commit[:12], because="REASON"))


def _agent(as_host: str | None) -> build.Agent:
    here = paths()
    return build.build(here, identity.whoami(here, as_host), clock_at(None), stop_on_signals(), release(), log, None)
