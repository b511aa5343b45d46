"""The papers about trials, read from the verified branches, and what an arm comes to at this host."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from sage_edge.curriculum import Curriculum, check_parameters
from sage_edge.errors import SageError
from sage_edge.exchange.post import Post
from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.roles import Ability
from sage_edge.names import Digest
from sage_edge.records import paper_paths
from sage_edge.records.base import parse
from sage_edge.records.transcript import Intervention
from sage_edge.records.trial import Trial, TrialArm, TrialDecision, TrialLook
from sage_edge.trials import TrialPapers

R = TypeVar("R", Trial, TrialDecision, TrialLook)


def papers(post: Post, fleet: Fleet, *, every_look: bool = False) -> TrialPapers:
    """Return what is known of trials; a paper of a wrong hand, place or newer format takes no effect.

    every_look: not only the newest one at each trial; there is one a block.
    """
    trials = {paper.fingerprint(): paper for paper in _all(post, fleet, "recommend", "trials", Trial)}
    decisions = {
        paper.trial: paper
        for paper in _all(post, fleet, "decide", "trial-decisions", TrialDecision)
        if paper.trial in trials and trials[paper.trial].to == paper.author
    }
    looks: dict[Digest, list[TrialLook]] = {}
    for look in _all(post, fleet, "analyse", "trial-looks", TrialLook, None if every_look else _newest):
        if look.trial in trials and trials[look.trial].author == look.author:
            looks.setdefault(look.trial, []).append(look)
    ordered = {digest: tuple(sorted(all_, key=lambda look: look.order)) for digest, all_ in looks.items()}
    return TrialPapers(trials, decisions, ordered)


def given(arm: TrialArm, curriculum: Curriculum) -> Intervention | None:
    """Return an arm's intervention, typed and checked; None for one that this host's curriculum does not declare."""
    try:
        card = curriculum.intervention(arm.intervention, arm.version)
        return Intervention(name=card.name, version=card.version, parameters=check_parameters(card, arm.parameters))
    except (SageError, ValueError):
        return None


def _newest(paths: Iterable[str]) -> frozenset[str]:
    """The last look at each trial: names end with the number of blocks, in three digits, or with `end`."""
    return frozenset({path.rpartition("-")[0]: path for path in sorted(paths)}.values())


def _all(
    post: Post,
    fleet: Fleet,
    ability: Ability,
    folder: str,
    kind: type[R],
    chosen: Callable[[Iterable[str]], frozenset[str]] | None = None,
) -> Iterator[R]:
    for author in fleet.owners(ability):
        only = chosen(post.names(author, folder)) if chosen else None
        for path, content in post.read(author, folder, only):
            paper = _paper(content, kind)
            if paper is not None and paper.author == author and paper_paths.of(paper) == path:
                yield paper


def _paper(content: bytes, kind: type[R]) -> R | None:
    try:
        return parse(kind, content)
    except ValueError:  # of a newer format or a wrong hand: it takes no effect
        return None
