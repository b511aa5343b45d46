"""What a study wrote in one line each, for the worklog and for the plan."""

from __future__ import annotations

from sage_edge.analysis.outlooks import near
from sage_edge.analysis.study import StudyPaper
from sage_edge.records.outlook import Outlook, OutlookRange, OutlookScore
from sage_edge.records.study import Check, Finding, Measure, Prediction
from sage_edge.records.theory import Theory
from sage_edge.records.trial import Trial, TrialContrast, TrialLook
from sage_edge.sizes import counted


def describe(paper: StudyPaper) -> str:
    """Return one line for people; of a finding the first number of each scorer, the rest is in the paper."""
    if isinstance(paper, Finding):
        first: dict[str, Measure] = {}
        for measure in paper.measures:
            if measure.value is not None:
                first.setdefault(measure.scorer, measure)
        numbers = "; ".join(map(_in_words, first.values())) or "nothing measurable"
        return f"{paper.session} of {paper.subject}: {numbers}"
    if isinstance(paper, Check):
        return f"prediction for {paper.session} {paper.verdict}: {paper.reason}"
    if isinstance(paper, Trial):
        design = paper.design
        arms = ", ".join(arm.name for arm in design.arms)
        return f"to {paper.to}: trial {design.name} of {arms}, {counted(design.blocks, 'block')} at most"
    if isinstance(paper, TrialLook):
        against = "; ".join(map(_of_arm, paper.contrasts))
        return f"trial {paper.trial.short} after {counted(paper.blocks, 'block')}, {paper.state}: {against}"
    if isinstance(paper, Theory):
        return f"theory {paper.name}, version {paper.version}: {paper.status.replace('-', ' ')}, {paper.why}"
    if isinstance(paper, Outlook):
        return f"{paper.first}-{paper.last} of {paper.to}: {paper.name} {_expected(paper.forecast)} in each"
    if isinstance(paper, OutlookScore):
        return f"outlook {paper.outlook.short}: {near(paper)}"
    prediction = paper.prediction
    many = f"in {prediction.sessions} sessions from {paper.first} on"
    within = f"in {paper.first}" if prediction.sessions == 1 else many
    return (
        f"to {paper.to}, exploratory: {paper.intervention} for {paper.first}-{paper.last}, "
        f"predicting {_name(prediction)} {prediction.told} {within}"
    )


def _expected(expected: OutlookRange) -> str:
    return f"{expected.value:.2f} [{expected.low:.2f}, {expected.high:.2f}]"


def _of_arm(contrast: TrialContrast) -> str:
    mean = "nothing yet" if contrast.mean is None else f"{contrast.mean:+.2f}"
    verdict = contrast.verdict.replace("-", " ")
    return f"{contrast.arm} {mean} [{contrast.low:+.2f}, {contrast.high:+.2f}], {verdict}"


def _in_words(measure: Measure) -> str:
    count = f"{measure.value:.2f} of {measure.n}" if measure.hits is None else f"{measure.hits}/{measure.n}"
    if measure.low is None or measure.high is None:
        return f"{_name(measure)} {count}"
    return f"{_name(measure)} {count} [{measure.low:.2f}, {measure.high:.2f}]"


def _name(number: Measure | Prediction) -> str:
    return number.scorer if number.quantity == "rate" else f"{number.scorer} {number.quantity}"
