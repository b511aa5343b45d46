"""What becomes of the directives to a host: a decision, or an answer that says why not. Pure.

Those about trials are settled in `trial_directives`, by the same rules.

Only a person's workstation, whose role may `direct` and `deploy`, accepts or declines in a person's place; a board that
may direct cannot lift a policy that asks for a person. Each directive is answered once; a withdrawal counts as long as
its directive has no answer, and its own answer is written first, so that a kill between the two changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sage_edge import sanitize
from sage_edge.agent import decisions
from sage_edge.agent.decisions import DecisionGround
from sage_edge.inventory.fleet import Fleet
from sage_edge.names import Digest
from sage_edge.records.directive import Directive, DirectiveAnswer, RecommendationAct
from sage_edge.records.study import Decision, Recommendation
from sage_edge.trials import TrialPapers

WITHDRAWN = "its author has withdrawn it before it was carried out"
"""Why a directive that was taken back in time is not carried out."""


@dataclass(frozen=True)
class DirectedPapers:
    """What a host knows of directives to it.

    given: digest → directive, each author's in the order of the commits. answers: this host's, by directive.
    recommendations: all verified ones, to whomever. decisions: this host's, by recommendation. trials: all papers.
    """

    given: Mapping[Digest, Directive]
    answers: Mapping[Digest, DirectiveAnswer]
    recommendations: Mapping[Digest, Recommendation]
    decisions: Mapping[Digest, Decision]
    trials: TrialPapers = field(default_factory=TrialPapers)

    @property
    def open(self) -> Mapping[Digest, Directive]:
        """The directives that have no answer yet."""
        on_advice = (decision.directive for decision in self.decisions.values())
        on_trials = (decision.directive for decision in self.trials.decisions.values())
        answered = {*self.answers, *on_advice, *on_trials}
        return {digest: directive for digest, directive in self.given.items() if digest not in answered}


def settle(ground: DecisionGround, fleet: Fleet, papers: DirectedPapers) -> Mapping[Digest, Decision | DirectiveAnswer]:
    """Return directive → reply for every open one, in the order in which they are to be written.

    While the clock is in doubt a directive with a deadline stays open; what a person wants at once needs no clock.
    """
    replies: dict[Digest, Decision | DirectiveAnswer] = dict(withdrawals(ground, fleet, papers))
    gone = withdrawn(papers, withdrawals(ground, fleet, papers))
    decided = dict(papers.decisions)
    for digest, paper in datable(ground, papers).items():
        if isinstance(paper.act, RecommendationAct):
            reply = _carried_out(ground, fleet, papers, digest, paper, paper.act, decided, digest in gone)
            replies[digest] = reply
            if isinstance(reply, Decision):
                decided[reply.recommendation] = reply
    return replies


def datable(ground: DecisionGround, papers: DirectedPapers) -> Mapping[Digest, Directive]:
    """Return the open directives that can be settled now: one with a deadline waits while the clock is in doubt."""
    doubt = ground.trust.doubt is not None
    return {digest: paper for digest, paper in papers.open.items() if not (doubt and paper.deadline is not None)}


def withdrawals(ground: DecisionGround, fleet: Fleet, papers: DirectedPapers) -> Mapping[Digest, DirectiveAnswer]:
    """Return withdrawal → answer for every open one that can be settled."""
    return {
        digest: answer(
            ground,
            digest,
            against_act(ground, fleet, paper) or _too_late(paper, papers),
            done="the directive that it names is withdrawn",
        )
        for digest, paper in datable(ground, papers).items()
        if paper.withdraws
    }


def withdrawn(papers: DirectedPapers, new: Mapping[Digest, DirectiveAnswer]) -> frozenset[Digest]:
    """Return the directives that their authors took back in time. new: answers to withdrawals, about to be written."""
    answers = {**papers.answers, **new}
    taken = (paper.withdraws for digest, paper in papers.given.items() if _is_done(answers.get(digest)))
    return frozenset(digest for digest in taken if digest is not None)


def _carried_out(
    ground: DecisionGround,
    fleet: Fleet,
    papers: DirectedPapers,
    digest: Digest,
    directive: Directive,
    act: RecommendationAct,
    decided: Mapping[Digest, Decision],
    is_withdrawn: bool,
) -> Decision | DirectiveAnswer:
    about = papers.recommendations.get(act.recommendation)
    against = (
        against_act(ground, fleet, directive)
        or (WITHDRAWN if is_withdrawn else "")
        or _against_recommendation(ground, about, decided.get(act.recommendation))
    )
    if against or about is None:
        return answer(ground, digest, against)
    reply = decisions.of_person(
        ground,
        act.recommendation,
        about,
        sanitize.page(directive.because),
        accepted=act.kind == "accept",
        directive=digest,
    )
    return reply if isinstance(reply, Decision) else answer(ground, digest, reply)


def is_persons(fleet: Fleet, host: str) -> bool:
    """Whether a host is a person's workstation, whose directives are a person's acts."""
    role = fleet.role_of(host)
    return role.may("direct") and role.may("deploy")


def against_act(ground: DecisionGround, fleet: Fleet, directive: Directive) -> str:
    """Return why a directive is not carried out, whatever it is about; empty where nothing stands against it."""
    return _against_author(fleet, directive) or _against_deadline(ground, directive)


def _against_author(fleet: Fleet, directive: Directive) -> str:
    role = fleet.role_of(directive.author)
    if not role.may("direct"):
        return f"the role of {directive.author} may not direct"
    if not is_persons(fleet, directive.author):
        return f"{directive.author} is no person's workstation, and nobody else decides in a person's place"
    return ""


def _against_deadline(ground: DecisionGround, directive: Directive) -> str:
    late = directive.deadline is not None and ground.trust.is_over(directive.deadline)
    return "it came too late: its deadline is over" if late else ""


def _against_recommendation(ground: DecisionGround, about: Recommendation | None, earlier: Decision | None) -> str:
    if about is None:
        return "it names a recommendation that is not known here"
    if about.to != ground.me:
        return f"the recommendation that it names is for {about.to}"
    if earlier is not None:
        return f"that recommendation was {earlier.verdict} by {earlier.decided_by} before"
    return ""


def _too_late(withdrawal: Directive, papers: DirectedPapers) -> str:
    """Why a withdrawal does nothing; its directive is one of the same author, to this host, without an answer."""
    named = papers.given.get(withdrawal.withdraws) if withdrawal.withdraws else None
    if named is None or named.author != withdrawal.author:
        return "it names no directive of its author to this host"
    if named.withdraws:
        return "what it names is a withdrawal, which cannot be withdrawn"
    if named.fingerprint() not in papers.open:
        return "it came too late: the directive that it names was answered before"
    return ""


def _is_done(answer: DirectiveAnswer | None) -> bool:
    return answer is not None and answer.verdict == "done"


def answer(ground: DecisionGround, digest: Digest, against: str, *, done: str = "") -> DirectiveAnswer:
    """Return the answer to a directive that led to no decision. against: why not; empty: it is `done`."""
    return DirectiveAnswer(
        author=ground.me,
        directive=digest,
        verdict="declined" if against else "done",
        reason=against or done,
        created=ground.trust.at,
    )
