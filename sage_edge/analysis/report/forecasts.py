"""Predictions and what became of them, read from the hosts' branches of an exchange.

A paper counts on its author's own branch only: a recommendation by whom it says, a decision by the addressee, a check
by the author of the recommendation. What cannot be read is told, not believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sage_edge.analysis.calibration import AnsweredPrediction
from sage_edge.analysis.corpus import Problem
from sage_edge.exchange import branch_reader, rules
from sage_edge.exchange.commands import VERIFIED, Clone
from sage_edge.names import Digest, HostName
from sage_edge.records import paper_paths
from sage_edge.records.base import Record, parse
from sage_edge.records.dialogue import Dialogue
from sage_edge.records.study import Check, Decision, Recommendation
from sage_edge.sanitize import one_line

R = TypeVar("R", bound=Record)


@dataclass
class _Desk:
    """A repository whose branches are read, and what was wrong with some papers."""

    clone: Clone
    tips: dict[str, str]
    problems: list[Problem] = field(default_factory=list)

    def read(self, folder: str, kind: type[R]) -> Iterator[tuple[str, R]]:
        """Yield the papers of a kind, each with the host on whose branch it lies."""
        for host, tip in sorted(self.tips.items()):
            for path, content in branch_reader.tree_papers(self.clone, tip, folder):
                if paper_paths.is_answer(path):
                    continue
                try:
                    yield host, parse(kind, content)
                except ValueError as foreign:
                    self.problems.append(Problem(one_line(f"host/{host}/{path}"), one_line(str(foreign))))


def forecasts(
    repository: Path, host: str, known: Mapping[Digest, Dialogue]
) -> tuple[tuple[AnsweredPrediction, ...], tuple[Problem, ...]]:
    """Return every prediction about a host's sessions, oldest first, and the papers that cannot be read.

    repository: the hub, or a clone of it, as `corpus.Branches` has it. known: the host's sessions by their seals.
    Raises StorageError, CommandFailed.
    """
    clone = Clone(HostName("nobody"), repository, repository, repository, "")
    all_tips = branch_reader.tips(clone)
    tips = {ref[len(prefix) :]: tip for prefix in (VERIFIED, rules.BRANCHES) for ref, tip in _below(all_tips, prefix)}
    desk = _Desk(clone, tips)
    papers = [paper for on, paper in desk.read("recommendations", Recommendation) if paper.author == on]
    decided = {
        (decision.author, decision.recommendation): decision
        for on, decision in desk.read("decisions", Decision)
        if decision.author == on
    }
    checked = {
        (verdict.author, verdict.recommendation): verdict
        for on, verdict in desk.read("checks", Check)
        if verdict.author == on
    }
    about = [
        recommendation
        for recommendation in sorted(papers, key=lambda paper: paper.created)
        if recommendation.to == host
    ]
    forecasts = []
    for recommendation in about:
        check = checked.get((recommendation.author, recommendation.fingerprint()))
        seals = () if check is None else check.transcripts or (check.transcript,)
        sessions = tuple(known[seal] for seal in seals if seal in known)
        forecasts.append(
            AnsweredPrediction(
                recommendation, decided.get((recommendation.to, recommendation.fingerprint())), check, sessions
            )
        )
    return tuple(forecasts), tuple(desk.problems)


def _below(refs: dict[str, str], prefix: str) -> Iterator[tuple[str, str]]:
    return ((ref, tip) for ref, tip in refs.items() if ref.startswith(prefix))
