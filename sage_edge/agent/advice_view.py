"""The advice to a host for people: what it was, what was decided, what became of it, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sage_edge.agent import advice_rest
from sage_edge.agent.build import Agent
from sage_edge.analysis.prediction_ruling import in_words, verdict_today
from sage_edge.names import Digest
from sage_edge.records.base import parse
from sage_edge.records.study import Check, Decision, Measure, Recommendation
from sage_edge.sessions import interventions


@dataclass(frozen=True)
class AdvicePapers:
    """The recommendations to a host in the order of their making, its decisions, and the checks of their authors.

    resting: why what was accepted has no effect for now.
    """

    advice: Mapping[Digest, Recommendation]
    decisions: Mapping[Digest, Decision]
    checks: Mapping[Digest, Check]
    resting: Mapping[Digest, str] = field(default_factory=dict)

    def decision(self, digest: Digest) -> str:
        """Return what was decided, and by whom."""
        decided = self.decisions.get(digest)
        rests = ", rests" if digest in self.resting else ""
        return f"{decided.verdict} by {decided.decided_by}{rests}" if decided else "open"

    def outcome(self, digest: Digest) -> str:
        """Return what became of the prediction."""
        checked = self.checks.get(digest)
        return in_words(checked) if checked else "none yet"

    def lines(self, digest: Digest) -> Iterator[tuple[str, str]]:
        """Yield a label and a sentence about one recommendation, line by line."""
        paper = self.advice[digest]
        decided, checked = self.decisions.get(digest), self.checks.get(digest)
        given = " ".join(f"{name}={value}" for name, value in paper.parameters.items())
        asked = f"{paper.intervention} v{paper.intervention_version} {given}".rstrip()
        yield "from", f"{paper.author}, {paper.created:%Y-%m-%d %H:%M} UTC, by the rule {paper.rule}"
        yield "asks for", f"{asked} in {paper.first} to {paper.last}"
        yield "because", "; ".join(map(_number, paper.because)) or "it does not say"
        yield "predicts", f"{paper.prediction.scorer} {paper.prediction.quantity} {paper.prediction.told}"
        yield "decision", f"{self.decision(digest)}: {decided.reason}" if decided else "open"
        if digest in self.resting:
            yield "for now", self.resting[digest]
        yield "outcome", f"{self.outcome(digest)}: {checked.reason}" if checked else "none yet"
        yield "earlier", self._earlier(digest) or "this rule advised nothing before"
        yield "against", self._against(paper)

    def _earlier(self, digest: Digest) -> str:
        paper = self.advice[digest]
        before = [
            f"{known.first} to {known.last}: {self.decision(other)}, {self.outcome(other)}"
            for other, known in self.advice.items()
            if other != digest and known.rule == paper.rule and known.created < paper.created
        ]
        return "; ".join(before)

    def _against(self, paper: Recommendation) -> str:
        """Advice is never more than a hint: who got it was not drawn."""
        few = min((measure.n for measure in paper.because), default=0)
        refuted = sum(
            verdict_today(check) == "refuted" and self.advice[digest].rule == paper.rule
            for digest, check in self.checks.items()
        )
        words = ["exploratory: chance did not decide who gets it", f"it rests on {few} answers of one session"]
        return "; ".join([*words, f"its rule was refuted before: {refuted}"] if refuted else words)


def of(agent: Agent) -> AdvicePapers:
    """Return what is known of the advice to this host."""
    post, fleet, host = agent.post, agent.me.fleet, agent.me.host.name
    advice = interventions.addressed(post, fleet, host)
    ordered = dict(sorted(advice.items(), key=lambda item: item[1].created))
    checks: dict[Digest, Check] = {}
    for author in fleet.owners("analyse"):
        for _, content in post.read(author, "checks"):
            check = _check(content)
            if check is not None and check.author == author and check.recommendation in advice:
                checks[check.recommendation] = check
    decisions = interventions.decisions(post, host)
    return AdvicePapers(ordered, decisions, checks, advice_rest.at(agent, decisions, ordered))


def _check(content: bytes) -> Check | None:
    try:
        return parse(Check, content)
    except ValueError:  # of a newer format or a wrong hand
        return None


def _number(measure: Measure) -> str:
    name = f"{measure.scorer}/{measure.version} {measure.quantity}"
    if measure.value is None:
        return f"{name}: nothing counted"
    between = "" if measure.low is None else f" ({measure.low:.2f} to {measure.high:.2f})"
    return f"{name} {measure.value:.2f}{between} of {measure.n}"
