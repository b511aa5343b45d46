"""How theories stand, as a pure function: a new version of each whose evidence, status or words have changed.

    replaced          another theory has taken its place, as its declaration says
    supported         there is evidence for it and none against
    not-supported     there is evidence against it and none for
    contested         there is evidence on both sides
    as declared       there is none on either side

Called again with what it returned, it returns no paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sage_edge.analysis.theories.declarations import TheoryCard
from sage_edge.names import HostName, Slug
from sage_edge.records.claim import ClaimFinding, Verdict
from sage_edge.records.theory import Speaks, TestVerdict, Theory, TheoryEvidence, TheoryPrediction, TheoryStatus
from sage_edge.sizes import counted
from sage_edge.trials import TrialPapers

_OF_A_VERSION = {"version", "replaces", "created", "sessions"}
"""What no version is written for."""


def newest(papers: Iterable[Theory]) -> Mapping[Slug, Theory]:
    """Return name → the newest version of a theory."""
    return {paper.name: paper for paper in sorted(papers, key=lambda paper: paper.version)}


def update(
    author: HostName,
    cards: Mapping[Slug, TheoryCard],
    papers: Iterable[Theory],
    evidence: Iterable[TheoryEvidence],
    now: datetime,
    sessions: int | None = None,
) -> Iterator[Theory]:
    """Yield a first version of each theory that has none, and a new one of each that has changed.

    papers: the author's own; evidence: what is known now, beside what the newest versions hold already. sessions: how
    many there were, where claims were tested now.
    """
    known, fresh = newest(papers), tuple(evidence)
    for name, card in cards.items():
        before = known.get(name)
        paper = _written(author, name, card, before, fresh, now, sessions)
        if before is None or _content(paper) != _content(before):
            yield paper


def of_trials(author: HostName, cards: Mapping[Slug, TheoryCard], papers: TrialPapers) -> Iterator[TheoryEvidence]:
    """Yield what the ended trials of an author say of every prediction about one of their arms."""
    predictions = [prediction.record() for card in cards.values() for prediction in card.predicts]
    asked = {(prediction.name, prediction.arm): prediction for prediction in predictions if prediction.by == "trial"}
    for digest, trial in papers.trials.items():
        look = papers.last_look(digest)
        if trial.author != author or look is None or look.state == "running":
            continue
        for contrast in look.contrasts:
            prediction = asked.get((trial.design.name, contrast.arm))
            if prediction is not None:
                yield TheoryEvidence(
                    by="trial",
                    name=trial.design.name,
                    arm=contrast.arm,
                    host=trial.to,
                    mind=trial.mind,
                    verdict=contrast.verdict,
                    speaks=speaks(prediction, contrast.verdict),
                    paper=look.fingerprint(),
                )


def verdict_of(finding: ClaimFinding) -> TestVerdict:
    """Return the verdict on a claim in the words of evidence."""
    verdicts: dict[Verdict, TestVerdict] = {
        "supported": "supported",
        "not supported": "not-supported",
        "cannot tell": "cannot-tell",
    }
    return verdicts[finding.verdict]


def speaks(prediction: TheoryPrediction, verdict: TestVerdict) -> Speaks:
    """Return on which side a verdict is evidence."""
    if verdict == "cannot-tell":
        return "neither"
    return "for" if verdict == prediction.expects else "against"


def _written(
    author: HostName,
    name: Slug,
    card: TheoryCard,
    before: Theory | None,
    fresh: tuple[TheoryEvidence, ...],
    now: datetime,
    sessions: int | None,
) -> Theory:
    predicts = tuple(prediction.record() for prediction in card.predicts)
    evidence = _evidence(predicts, (*(before.evidence if before else ()), *fresh))
    status, why = _status(card, evidence)
    return Theory(
        author=author,
        name=name,
        version=before.version + 1 if before else 1,
        statement=card.statement,
        source=card.source,
        predicts=predicts,
        evidence=evidence,
        status=status,
        why=why,
        replaces=before.fingerprint() if before else None,
        replaced_by=card.replaced_by,
        sessions=sessions if sessions is not None else before.sessions if before else 0,
        created=now,
    )


def _evidence(predicts: tuple[TheoryPrediction, ...], all_: Iterable[TheoryEvidence]) -> tuple[TheoryEvidence, ...]:
    """What bears on these predictions, each about once, judged by what they expect now; the last one counts."""
    by_name = {(prediction.by, prediction.name, prediction.arm): prediction for prediction in predicts}
    latest: dict[tuple[str, ...], TheoryEvidence] = {}
    for evidence in all_:
        prediction = by_name.get((evidence.by, evidence.name, evidence.arm))
        if prediction is not None:
            side = speaks(prediction, evidence.verdict)
            latest[evidence.about] = evidence.model_copy(update={"speaks": side})
    return tuple(latest[about] for about in sorted(latest))


def _status(card: TheoryCard, evidence: tuple[TheoryEvidence, ...]) -> tuple[TheoryStatus, str]:
    if card.replaced_by is not None:
        return "replaced", f"{card.replaced_by} has taken its place: {card.why}"
    for_it = sum(result.speaks == "for" for result in evidence)
    against = sum(result.speaks == "against" for result in evidence)
    if not for_it and not against:
        return card.today, f"as it was entered: {card.why}"
    tally = f"{counted(for_it, 'result')} for it, {against} against, of the hosts' own sessions"
    if for_it and against:
        return "contested", tally
    return ("supported" if for_it else "not-supported"), tally


def _content(paper: Theory) -> dict[str, object]:
    return paper.model_dump(mode="json", exclude=_OF_A_VERSION)
