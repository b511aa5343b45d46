"""`sage-edge theory`: list, show."""

from __future__ import annotations

from collections.abc import Mapping

import click

from sage_edge.agent import build
from sage_edge.analysis.theories import declarations, in_words, papers, versions
from sage_edge.analysis.theories.declarations import TheoryCard
from sage_edge.cli import render
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
from sage_edge.hints import sage
from sage_edge.inventory import identity
from sage_edge.names import Slug
from sage_edge.records.theory import Theory


@click.group(cls=Listed, help="What researchers hold to be so, and what speaks for and against it.")
def command() -> None:
    """Group of the theory commands."""


@command.command("list")
@as_option
@json_option
def list_(as_host: str | None, as_json: bool) -> None:
    """List every theory and how it stands, by what its researcher published last."""
    published, cards = versions.newest(_published(as_host)), declarations.load(paths().fleet)
    if as_json:
        render.document("sage-edge/theories/1", [paper.model_dump(mode="json") for paper in published.values()])
        return
    rows = [in_words.row(paper) for paper in published.values()]
    rows += [in_words.declared(name, card.statement, card.today) for name, card in _waiting(cards, published)]
    if rows:
        render.table(("theory", "stands", "for", "against", "version", "it says"), sorted(rows), wrapped=5)
    else:
        log("no theory is declared or published")


@command.command()
@click.argument("theory")
@as_option
@json_option
def show(theory: str, as_host: str | None, as_json: bool) -> None:
    """Explain one theory, named by the beginning of its name: what it predicts, and what came of that."""
    every = _published(as_host)
    name = Slug(unique("theory", theory, {paper.name: paper for paper in every}, hint=sage("theory list")))
    author = [paper for paper in every if paper.name == name][-1].author
    of_it = [paper for paper in every if (paper.author, paper.name) == (author, name)]
    if as_json:
        render.document("sage-edge/theory/1", [paper.model_dump(mode="json") for paper in of_it])
    else:
        render.table(("theory", name), list(in_words.lines(of_it[-1], of_it[:-1])), wrapped=1)


def _waiting(cards: Mapping[Slug, TheoryCard], published: Mapping[Slug, Theory]) -> list[tuple[Slug, TheoryCard]]:
    return [(name, card) for name, card in cards.items() if name not in published]


def _published(as_host: str | None) -> tuple[Theory, ...]:
    here = paths()
    fleet, host, card = identity.claim(here, as_host)
    me = identity.confirm(here, fleet, host, card)
    agent = build.build(here, me, clock_at(None), stop_on_signals(), release(), log, None, committed=committed())
    return papers.published(agent.post, fleet)
