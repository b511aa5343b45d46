"""Which intervention is in force for a session: a running trial's arm, an accepted recommendation, else `observe`."""

from __future__ import annotations

from collections.abc import Iterator

from sage_edge.clock_trust import ClockTrust
from sage_edge.curriculum import Curriculum, check_parameters
from sage_edge.errors import SageError
from sage_edge.exchange.post import Post
from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.identity import Me
from sage_edge.inventory.session_kinds import SessionKind
from sage_edge.names import Digest, HostName, SessionId
from sage_edge.records import paper_paths
from sage_edge.records.base import parse
from sage_edge.records.study import Decision, Recommendation
from sage_edge.records.transcript import Intervention
from sage_edge.records.trial import TrialPlace
from sage_edge.sessions import trials

OBSERVE = "observe"


def recommendations(post: Post, fleet: Fleet) -> dict[Digest, Recommendation]:
    """Return fingerprint → recommendation for every verified one, whomever it is addressed to."""
    known: dict[Digest, Recommendation] = {}
    for author in fleet.owners("recommend"):
        for _, content in post.read(author, "recommendations"):
            paper = _recommendation(content, author)
            if paper is not None:
                known[paper.fingerprint()] = paper
    return known


def addressed(post: Post, fleet: Fleet, host: HostName) -> dict[Digest, Recommendation]:
    """Return fingerprint → recommendation for every verified one that is addressed to a host."""
    return {digest: paper for digest, paper in recommendations(post, fleet).items() if paper.to == host}


def _recommendation(content: bytes, author: HostName) -> Recommendation | None:
    try:
        paper = parse(Recommendation, content)
    except ValueError:  # a paper of a newer format or a wrong hand: it takes no effect
        return None
    return paper if paper.author == author else None


def decisions(post: Post, host: HostName) -> dict[Digest, Decision]:
    """Return recommendation → a host's decision on it. Raises ValueError for a paper that is none."""
    papers = (content for path, content in post.read(host, "decisions") if not paper_paths.is_answer(path))
    return {decision.recommendation: decision for decision in (parse(Decision, content) for content in papers)}


def unanswered(post: Post, fleet: Fleet, host: HostName) -> dict[Digest, Recommendation]:
    """Return fingerprint → recommendation for every one to a host that it has not decided on yet."""
    answered = decisions(post, host)
    return {digest: paper for digest, paper in addressed(post, fleet, host).items() if digest not in answered}


def covers(paper: Recommendation, kind: SessionKind, session: SessionId, trust: ClockTrust) -> bool:
    """Whether a recommendation speaks of a session and is still valid."""
    return (
        paper.track == kind.name
        and paper.first.number <= session.number <= paper.last.number
        and not trust.is_over(paper.valid_until)
    )


def in_force(
    post: Post, me: Me, curriculum: Curriculum, kind: SessionKind, session: SessionId, trust: ClockTrust
) -> tuple[Intervention, TrialPlace | None]:
    """Return the intervention for a session, and its place in a trial, if it is part of one.

    A trial comes first: in it the arm that was allocated, and `observe` where that is not declared here any more.
    Outside of one it is that of the newest accepted recommendation that covers the session, or `observe`.
    """
    in_trial = trials.papers(post, me.fleet).place(me.host.name, session)
    if in_trial is not None:
        trial, place = in_trial
        return trials.given(trial.design.arm(place.arm), curriculum) or _plain(curriculum), place
    for digest, paper in _accepted(post, me):
        if covers(paper, kind, session, trust) and (intervention := admissible(paper, curriculum)) is not None:
            return intervention.model_copy(update={"recommendation": digest}), None
    return _plain(curriculum), None


def _plain(curriculum: Curriculum) -> Intervention:
    plain = [card for card in curriculum.interventions if card.name == OBSERVE][-1]  # the newest of its versions
    return Intervention(name=plain.name, version=plain.version, parameters={})


def admissible(paper: Recommendation, curriculum: Curriculum) -> Intervention | None:
    """Return the declared intervention that a recommendation asks for, typed and checked, or None.

    The paper comes from another host: nothing in it takes effect beyond a declared name, version and parameters.
    """
    try:
        card = curriculum.intervention(paper.intervention, paper.intervention_version)
        parameters = check_parameters(card, paper.parameters)
    except (SageError, ValueError):
        return None
    return Intervention(name=card.name, version=card.version, parameters=parameters)


def _accepted(post: Post, me: Me) -> Iterator[tuple[Digest, Recommendation]]:
    known = addressed(post, me.fleet, me.host.name)
    verdicts = sorted(decisions(post, me.host.name).values(), key=lambda decision: decision.created, reverse=True)
    for decision in verdicts:
        if decision.verdict == "accepted" and decision.recommendation in known:
            yield decision.recommendation, known[decision.recommendation]
