"""What the hosts' own sessions say of the claims that theories predict: every mind of an exchange, tested by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sage_edge.analysis.claims import declarations as claims
from sage_edge.analysis.claims import evaluate
from sage_edge.analysis.corpus import Branches, Corpus
from sage_edge.analysis.theories import versions
from sage_edge.analysis.theories.declarations import TheoryCard
from sage_edge.names import HostName, Slug
from sage_edge.records.theory import TheoryEvidence

FEWEST = 8
"""Examined sessions before anything is tested: with fewer, no claim can be told."""


def is_due(sessions: int, before: int) -> bool:
    """Whether claims are to be tested: not again before the evidence has doubled. before: how many there were then."""
    return sessions >= max(FEWEST, 2 * before)


def evidence(fleet: Path, repository: Path, cards: Mapping[Slug, TheoryCard]) -> Iterator[TheoryEvidence]:
    """Yield what became of each claim that a theory predicts. fleet: its folder; repository: the hub, or a clone.

    Every paper is measured anew, some milliseconds each. Raises SageError.
    """
    predictions = [prediction.record() for card in cards.values() for prediction in card.predicts]
    asked = {prediction.name: prediction for prediction in predictions if prediction.by == "claim"}
    declared = claims.load(fleet)
    with Corpus.open(Branches.at(repository)) as corpus:
        for host, mind in corpus.owners():
            of_mind = corpus.of(host, mind)
            sessions = of_mind.dialogues
            here, _ = evaluate.about(declared, sessions)
            for finding in evaluate.test(here, of_mind, sessions):
                if finding.claim in asked and finding.host is not None:
                    verdict = versions.verdict_of(finding)
                    yield TheoryEvidence(
                        by="claim",
                        name=finding.claim,
                        host=HostName(host),
                        mind=mind,
                        verdict=verdict,
                        speaks=versions.speaks(asked[finding.claim], verdict),
                        paper=finding.fingerprint(),
                    )
