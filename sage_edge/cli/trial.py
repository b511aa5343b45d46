"""`sage-edge trial`: list, show, accept, decline, simulate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from sage_edge.agent import build, by_hand
from sage_edge.cli import render, rest
from sage_edge.cli.choice import unique
from sage_edge.cli.environment import (
    as_option,
    clock_at,
    committed,
    json_option,
    log,
    paths,
    release,
    stop_on_signals,
)
from sage_edge.cli.lazy_group import Listed
from sage_edge.errors import DeclarationError, Fault
from sage_edge.hints import sage
from sage_edge.inventory import guard, identity
from sage_edge.names import Digest
from sage_edge.records.trial import Trial
from sage_edge.sessions import trials
from sage_edge.trials import TrialPapers

if TYPE_CHECKING:  # numpy is for who simulates
    from sage_edge.analysis.trials.simulate import Played


@click.group(cls=Listed, help="Randomised trials: what is offered, what runs, what they showed.")
def command() -> None:
    """Group of the trial commands."""


@command.command("list")
@as_option
@json_option
def list_(as_host: str | None, as_json: bool) -> None:
    """List every trial that was offered to any host, and how it stands."""
    from sage_edge.analysis.trials import in_words

    papers = _papers(as_host)
    ordered = sorted(papers.trials.items(), key=lambda item: item[1].created)
    if as_json:
        render.document("sage-edge/trials/1", [_document(papers, digest) for digest, _ in ordered])
    elif ordered:
        rows = [
            (digest.short, trial.design.name, trial.to, trial.design.track, in_words.state(papers, digest))
            for digest, trial in ordered
        ]
        render.table(("id", "trial", "to", "sessions", "state"), rows)
    else:
        log("no trial was offered yet")


@command.command()
@click.argument("trial")
@as_option
@json_option
def show(trial: str, as_host: str | None, as_json: bool) -> None:
    """Explain one trial, named by its id, the beginning of that, or its name."""
    from sage_edge.analysis.trials import in_words

    papers = _papers(as_host)
    digest = _named(papers.trials, trial)
    if as_json:
        render.document("sage-edge/trial/1", _document(papers, digest))
    else:
        render.table(
            ("trial", f"{papers.trials[digest].design.name} {digest.short}"), list(in_words.lines(papers, digest))
        )


@command.command()
@click.argument("trial")
@click.option("--because", required=True, help="Why; it is published with the decision.")
@as_option
def accept(trial: str, because: str, as_host: str | None) -> None:
    """Accept an offered trial as a whole, named by its id, the beginning of that, or its name."""
    _decide(trial, because, as_host, accepted=True)


@command.command()
@click.argument("trial")
@click.option("--because", required=True, help="Why; it is published with the decision.")
@rest.until_option
@as_option
def decline(trial: str, because: str, until: str | None, as_host: str | None) -> None:
    """Decline an offered trial; without --until it rests for eight sessions."""
    _decide(trial, because, as_host, accepted=False, until=until)


@command.command()
@click.argument("trial")
@click.option("--trials", "count", type=click.IntRange(100, 100_000), default=10_000, show_default=True)
def simulate(trial: str, count: int) -> None:
    """Make up trials of a declared design: how often it is fooled, and what it finds. Exit code 2 if it is no good."""
    from sage_edge import curriculum
    from sage_edge import trials as declared
    from sage_edge.analysis.trials import checks
    from sage_edge.analysis.trials import simulate as simulation
    from sage_edge.inventory.load import load

    fleet = paths().fleet
    cards = declared.load(fleet)
    card = cards[unique("declared trial", trial, cards, hint=f"they are declared in {fleet / 'trials'}")]
    file = f"fleet/trials/{card.name}.yaml"
    wrong = [
        Fault(file, key, text) for key, text in checks.faults(card, curriculum.load(fleet), load(fleet).kinds.letters)
    ]
    if wrong:
        raise DeclarationError(wrong)
    done = simulation.simulate(card, count)
    groups = (("no effect", done.nulls), ("effect", done.effects), ("hoped for", (done.hoped,)))
    rows = [_row(label, played) for label, group in groups for played in group]
    render.table(("made", "how", "supported", "not supported", "cannot tell", "sessions"), rows)
    bad = simulation.faults(done, card.hoped)
    click.echo(f"\n{count} trials of each, looked at after every block; fooled at worst in {done.worst.supported:.1%}")
    if bad:
        raise DeclarationError([Fault(file, "", text) for text in bad])


def _row(label: str, played: Played) -> tuple[str, ...]:
    shares = (f"{share:.1%}" for share in (played.supported, played.not_supported, played.cannot_tell))
    return label, played.name, *shares, f"{played.sessions:.0f}"


def _decide(named: str, because: str, as_host: str | None, *, accepted: bool, until: str | None = None) -> None:
    here = paths()
    me = guard.require(here, "decide", as_host)
    agent = build.build(here, me, clock_at(None), stop_on_signals(), release(), log, None, committed=committed())
    agent.post.open()
    papers = trials.papers(agent.post, me.fleet)
    waiting = {digest: trial for digest, trial in papers.to(me.host.name).items() if digest not in papers.decisions}
    rest_until = rest.until(until, agent.clock.now()) if until else None
    by_hand.decide_trial(agent, _named(waiting, named), because, accepted=accepted, rest_until=rest_until)


def _papers(as_host: str | None) -> TrialPapers:
    here = paths()
    fleet, host, card = identity.claim(here, as_host)
    me = identity.confirm(here, fleet, host, card)
    agent = build.build(here, me, clock_at(None), stop_on_signals(), release(), log, None, committed=committed())
    return trials.papers(agent.post, fleet, every_look=True)


def _named(known: Mapping[Digest, Trial], given: str) -> Digest:
    """The trial of an id, its beginning, or a name; of several that have that name the newest."""
    of_name = [digest for digest, trial in known.items() if trial.design.name == given]
    if of_name:
        return max(of_name, key=lambda digest: known[digest].created)
    by_id = {digest.partition(":")[2]: digest for digest in known}
    return by_id[unique("trial", given.removeprefix("sha256:"), by_id, hint=sage("trial list"))]


def _document(papers: TrialPapers, digest: Digest) -> dict[str, object]:
    decision = papers.decisions.get(digest)
    return {
        "id": digest,
        "trial": papers.trials[digest].model_dump(mode="json"),
        "decision": decision.model_dump(mode="json") if decision else None,
        "looks": [look.model_dump(mode="json") for look in papers.looks.get(digest, ())],
    }
