"""What the hosts' branches of an exchange say beside the sessions: predictions, trials, and what became of both.

A paper counts on its author's own branch only: a recommendation or a trial by whom it says, a decision by the
addressee, a check or a look by the author of what it is about. What cannot be read is told, not believed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sage_edge.analysis.calibration import AnsweredPrediction
from sage_edge.analysis.corpus import Problem
from sage_edge.analysis.outlooks import ScoredOutlook
from sage_edge.exchange import branch_reader, rules
from sage_edge.exchange.commands import VERIFIED, Clone
from sage_edge.names import Digest, HostName
from sage_edge.records import paper_paths
from sage_edge.records.base import Record, parse
from sage_edge.records.dialogue import Dialogue
from sage_edge.records.outlook import Outlook, OutlookScore
from sage_edge.records.study import Check, Decision, Recommendation
from sage_edge.records.theory import Theory
from sage_edge.records.trial import Trial, TrialDecision, TrialLook
from sage_edge.sanitize import one_line
from sage_edge.trials import TrialPapers

R = TypeVar("R", bound=Record)


@dataclass
class BranchPapers:
    """A repository whose branches are read, and what was wrong with some papers.

    repository: the hub, or a clone of it, as `corpus.Branches` has it. Raises StorageError, CommandFailed when read.
    """

    repository: Path
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._clone = Clone(HostName("nobody"), self.repository, self.repository, self.repository, "")
        all_tips = branch_reader.tips(self._clone)
        self._tips = {
            ref[len(prefix) :]: tip for prefix in (VERIFIED, rules.BRANCHES) for ref, tip in _below(all_tips, prefix)
        }

    def forecasts(self, host: str, known: Mapping[Digest, Dialogue]) -> tuple[AnsweredPrediction, ...]:
        """Return every prediction about a host's sessions, oldest first. known: the host's sessions by their seals."""
        papers = [paper for on, paper in self._read("recommendations", Recommendation) if paper.author == on]
        decided = {
            (decision.author, decision.recommendation): decision
            for on, decision in self._read("decisions", Decision)
            if decision.author == on
        }
        checked = {
            (verdict.author, verdict.recommendation): verdict
            for on, verdict in self._read("checks", Check)
            if verdict.author == on
        }
        answered = []
        for recommendation in sorted(papers, key=lambda paper: paper.created):
            if recommendation.to == host:
                check = checked.get((recommendation.author, recommendation.fingerprint()))
                seals = () if check is None else check.transcripts or (check.transcript,)
                sessions = tuple(known[seal] for seal in seals if seal in known)
                decision = decided.get((recommendation.to, recommendation.fingerprint()))
                answered.append(AnsweredPrediction(recommendation, decision, check, sessions))
        return tuple(answered)

    def trials(self, host: str) -> TrialPapers:
        """Return the trials that were offered to a host, oldest first, and what became of each."""
        offered = [paper for on, paper in self._read("trials", Trial) if paper.author == on and paper.to == host]
        trials = {paper.fingerprint(): paper for paper in sorted(offered, key=lambda paper: paper.created)}
        decisions = {
            decision.trial: decision
            for on, decision in self._read("trial-decisions", TrialDecision)
            if decision.author == on == host and decision.trial in trials
        }
        looks: dict[Digest, list[TrialLook]] = {}
        for on, look in self._read("trial-looks", TrialLook):
            if look.trial in trials and look.author == on == trials[look.trial].author:
                looks.setdefault(look.trial, []).append(look)
        ordered = {trial: tuple(sorted(all_, key=lambda look: look.order)) for trial, all_ in looks.items()}
        return TrialPapers(trials, decisions, ordered)

    def outlooks(self, host: str, mind: str | None = None) -> tuple[ScoredOutlook, ...]:
        """Return what was expected of a host's sessions before them, oldest first. mind: of this one only."""
        papers = [paper for on, paper in self._read("outlooks", Outlook) if paper.author == on and paper.to == host]
        scores = {
            (score.author, score.outlook): score
            for on, score in self._read("outlook-scores", OutlookScore)
            if score.author == on
        }
        return tuple(
            ScoredOutlook(paper, scores.get((paper.author, paper.fingerprint())))
            for paper in sorted(papers, key=lambda paper: (paper.created, paper.name))
            if mind in (None, paper.mind)
        )

    def theories(self) -> tuple[tuple[Theory, ...], ...]:
        """Return every theory of every researcher, by name: its versions, the oldest first."""
        papers = [paper for on, paper in self._read("theories", Theory) if paper.author == on]
        papers.sort(key=lambda paper: (paper.name, paper.author, paper.version))
        groups = itertools.groupby(papers, key=lambda paper: (paper.name, paper.author))
        return tuple(tuple(versions) for _, versions in groups)

    def _read(self, folder: str, kind: type[R]) -> Iterator[tuple[str, R]]:
        """Yield the papers of a kind, each with the host on whose branch it lies."""
        for host, tip in sorted(self._tips.items()):
            for path, content in branch_reader.tree_papers(self._clone, tip, folder):
                if paper_paths.is_answer(path):
                    continue
                try:
                    yield host, parse(kind, content)
                except ValueError as foreign:
                    self.problems.append(Problem(one_line(f"host/{host}/{path}"), one_line(str(foreign))))


def _below(refs: dict[str, str], prefix: str) -> Iterator[tuple[str, str]]:
    return ((ref, tip) for ref, tip in refs.items() if ref.startswith(prefix))
