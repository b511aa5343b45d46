"""What was tried: interventions by what their sessions' heads record, trials by their looks, one picture of both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sage_edge.analysis.report import tried
from sage_edge.analysis.report.blocks import Badge, Figure, Section, Table
from sage_edge.analysis.report.content import ReportContent, Session
from sage_edge.names import Slug
from sage_edge.records.trial import TrialContrast, TrialDesign, TrialPlace
from sage_edge.scorers.clustered import SessionTotal, rate_over_sessions
from sage_edge.trials import TrialPapers
from tests.analysis.report.contents import series
from tests.dialogues import talk
from tests.trials import made

UNDER = {1: "observe/2", 2: "named/2", 3: "named/2", 4: "observe/2"}
SCORES = {1: [0.0, 0.0], 2: [1.0, 0.0], 3: [1.0, 1.0], 4: [0.0, 1.0]}
TRIAL = made.trial()


def content(**changed: Any) -> ReportContent:
    return replace(ReportContent("tests", series=(series(SCORES, under=UNDER),)), **changed)


def looked(verdict: str, mean: float, state: str = "exhausted") -> TrialPapers:
    content = {"arm": "named", "mean": mean, "low": -0.1, "high": 0.5, "n": 9, "verdict": verdict}
    seen = TrialContrast.model_validate(content)
    look = made.looked_at(TRIAL, state=state, contrasts=(seen,), harm=())
    digest = TRIAL.fingerprint()
    return TrialPapers({digest: TRIAL}, {digest: made.accepted(TRIAL)}, {digest: (look,)})


def shown(of: ReportContent) -> Section:
    found = tried.section(of)
    assert found is not None
    return found


def tables(of: ReportContent) -> list[Table]:
    return [block for block in shown(of).blocks if isinstance(block, Table)]


def test_interventions_are_held_against_each_other_with_intervals_over_sessions() -> None:
    (table,) = tables(content())
    assert [str(row[0]) for row in table.rows] == ["named/2", "observe/2"]
    low, high = rate_over_sessions([SessionTotal(1, 2), SessionTotal(2, 2)])
    assert str(table.rows[0][2]).replace("\u00a0", " ") == f"0.75 ({low:.2f} to {high:.2f}), n = 2"
    assert "in how many answers of a primary session does the mind name itself" in table.note
    assert shown(content()).lead.startswith("No trial was offered yet")


@pytest.mark.parametrize(
    ("verdict", "badge"),
    [
        ("supported", ("supported", "good")),
        ("not-supported", ("not supported", "bad")),
        ("cannot-tell", ("cannot tell", "open")),
    ],
)
def test_a_trial_says_what_it_showed_and_what_that_means(verdict: str, badge: tuple[str, Any]) -> None:
    of = content(trials=looked(verdict, 0.2))
    trials, _ = tables(of)
    assert trials.rows[0][2] == Badge(*badge)
    said = str(trials.rows[0][1])
    assert said.startswith("named: identity/2 rate +0.20 (-0.10 to +0.50) against plain: ")
    assert said.endswith("Of the arms, plain is observe/2 and named is identity-anchored/2.")
    lead = shown(of).lead
    assert lead.startswith(f"Does it matter? Named against plain: {badge[0]}, +0.20 (-0.10 to +0.50), after ")
    assert lead.endswith("A longer trial could tell.") == (verdict == "cannot-tell")


def test_arms_say_by_what_they_differ_and_what_they_came_to() -> None:
    arms = [
        {
            "name": "forgetful",
            "intervention": "anchored",
            "version": 2,
            "parameters": {"memory": False, "name": "Sage"},
        },
        {
            "name": "remembering",
            "intervention": "anchored",
            "version": 2,
            "parameters": {"memory": True, "name": "Sage"},
        },
    ]
    outcome = TRIAL.design.outcome.model_copy(update={"version": 1})
    settled = TrialDesign.model_validate({**TRIAL.design.model_dump(), "arms": arms, "outcome": outcome})
    trial = made.trial(settled=settled)
    digest, points = trial.fingerprint(), series(SCORES).points
    seen = TrialContrast(arm=Slug("remembering"), mean=0.5, low=-0.1, high=1.0, n=1, verdict="cannot-tell")
    used = tuple(point.seal for point in points[:2])
    look = made.looked_at(trial, state="running", blocks=1, contrasts=(seen,), used=used)
    sessions = []
    for at, point in enumerate(points):
        place = TrialPlace(trial=digest, arm=settled.arms[at % 2].name, block=at // 2, place=at % 2, counted=True)
        sessions.append(Session(replace(talk("Hello"), seal=point.seal, trial=place), ()))
    papers = TrialPapers({digest: trial}, {digest: made.accepted(trial)}, {digest: (look,)})
    (trials, _) = tables(content(trials=papers, sessions=tuple(sessions)))
    assert str(trials.rows[0][1]).endswith(
        "Of the arms, forgetful is anchored/2 with memory off (in the mean 0.00) and "
        "remembering is anchored/2 with memory on (in the mean 0.50)."
    )


def test_one_picture_holds_levels_and_differences() -> None:
    (figure,) = [block for block in shown(content(trials=looked("supported", 0.2))).blocks if isinstance(block, Figure)]
    drawn = figure.draw()
    assert "named/2; 2 sessions" in drawn
    assert "named, not plain; 9 blocks" in drawn
    assert "named, not plain" not in next(iter([b for b in shown(content()).blocks if isinstance(b, Figure)])).draw()


def test_a_trial_without_a_whole_block_is_named() -> None:
    papers = TrialPapers({TRIAL.fingerprint(): TRIAL})
    trials, _ = tables(content(trials=papers))
    assert [trials.rows[0][1], trials.rows[0][2]] == ["Does it matter?", Badge("offered", "open")]
    lead = shown(content(trials=papers)).lead
    assert lead == "Does it matter? The trial a-trial is offered; no whole block is over."
    assert tried.section(ReportContent("tests")) is None


def test_a_trial_that_goes_on_is_too_early_to_tell_and_says_how_much_is_over() -> None:
    of = content(trials=looked("cannot-tell", 0.2, "running"))
    trials, _ = tables(of)
    assert trials.rows[0][2] == Badge("too early", "open")
    assert shown(of).lead.startswith("Does it matter? Too early to tell: ")
    assert shown(of).lead.endswith("2 of 25 blocks of the trial a-trial are over, 4 of 50 sessions.")
