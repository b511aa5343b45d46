"""A mind's next sessions are forecast before them and scored after them, next to "no change"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from scipy import stats

from sage_edge.agent.paper_summary import describe
from sage_edge.analysis.findings import Examined, examine
from sage_edge.analysis.outlooks import (
    OutlookCase,
    OutlookOutcome,
    OutlookPapers,
    ScoredOutlook,
    expected,
    interval_score,
    new_outlooks,
    new_scores,
    unchanged,
)
from sage_edge.analysis.report.blocks import Table
from sage_edge.analysis.report.outlooks import section
from sage_edge.analysis.study import StudyPapers, study
from sage_edge.names import FIRST_LETTERS, Slug
from sage_edge.records import paper_paths
from sage_edge.records.base import parse
from sage_edge.records.outlook import Outlook, OutlookRange, OutlookScore
from tests.analysis.declared import CURRICULUM, SPROUT, THOR
from tests.builders import START, transcript

SAID = START + timedelta(hours=1)
LATER = START + timedelta(days=6)
IDENTITY = OutlookOutcome("primary", Slug("identity"), 2, Slug("rate"))
KNOWN = OutlookPapers(outcomes=(IDENTITY, IDENTITY))


def sessions(hits: Sequence[int], first: int = 1, mind: str = "Sage", **more: object) -> list[Examined]:
    papers = [
        transcript(
            f"P{number:03d}",
            replies=[f"I am {mind}."] * many + ["It rains."] * (7 - many),
            mind=mind,
            **more,  # type: ignore[arg-type]
        )
        for number, many in enumerate(hits, start=first)
    ]
    return [Examined(paper, examine(THOR, paper, SAID)) for paper in papers]


def case(examined: Sequence[Examined]) -> OutlookCase:
    last = max((paper.session.number for paper in examined), default=0)
    return OutlookCase(SPROUT, examined, {"primary": last}, FIRST_LETTERS)


BEFORE = sessions([1, 3, 2, 2, 4])
(OUTLOOK,) = new_outlooks(THOR, case(BEFORE), KNOWN, SAID)


def test_the_forecast_is_students_prediction_interval_and_no_change_goes_by_the_last_session() -> None:
    values = [0.2, 0.4, 0.3, 0.3, 0.5]
    forecast = expected(values)
    half = stats.t.ppf(0.975, 4) * np.std(values, ddof=1) * np.sqrt(1 + 1 / 5)
    assert forecast.value == pytest.approx(0.34)
    assert (forecast.low, forecast.high) == pytest.approx((max(0, 0.34 - half), 0.34 + half), abs=1e-3)
    naive = unchanged(values)
    assert naive.value == 0.5
    step = np.sqrt(np.mean(np.diff(values) ** 2))
    assert naive.high == pytest.approx(0.5 + stats.t.ppf(0.975, 4) * step, abs=1e-3)


def test_the_interval_holds_the_next_session_in_nineteen_of_twenty() -> None:
    draw = np.random.default_rng(20260117)
    rows = np.clip(draw.normal(0.5, 0.08, (2_000, 9)), 0, 1)
    inside = [forecast.low <= row[-1] <= forecast.high for row in rows for forecast in [expected(row[:-1].tolist())]]
    assert 0.93 <= np.mean(inside) <= 0.97


@pytest.mark.parametrize(("value", "score"), [(0.3, 0.4), (0.2, 0.4), (0.1, 0.4 + 40 * 0.1), (0.7, 0.4 + 40 * 0.1)])
def test_the_interval_score_is_the_width_and_forty_times_a_miss(value: float, score: float) -> None:
    assert interval_score(OutlookRange(value=0.4, low=0.2, high=0.6), value) == pytest.approx(score)


def test_an_outlook_is_of_the_next_twenty_sessions_and_rests_on_named_ones() -> None:
    assert (OUTLOOK.first, OUTLOOK.last, OUTLOOK.mind) == ("P006", "P025", "Sage")
    assert OUTLOOK.based_on == tuple(paper.finding.transcript for paper in BEFORE)
    assert OUTLOOK.forecast.value == pytest.approx(12 / 35)
    assert OUTLOOK.unchanged.value == pytest.approx(4 / 7)
    assert parse(Outlook, OUTLOOK.pretty()) == OUTLOOK
    assert paper_paths.of(OUTLOOK) == f"outlooks/P006-{OUTLOOK.fingerprint().short}.json"
    assert describe(OUTLOOK).startswith("P006-P025 of sprout: identity/2 rate 0.34 [0.0")


def test_four_sessions_of_the_mind_that_is_there_are_needed() -> None:
    assert not list(new_outlooks(THOR, case(sessions([1, 2, 3])), KNOWN, SAID))
    other = [*sessions([1, 2, 3, 4, 5]), *sessions([1, 2, 3], first=6, mind="Willow")]
    assert not list(new_outlooks(THOR, case(other), KNOWN, SAID))
    assert not list(new_outlooks(THOR, case([]), KNOWN, SAID))


def test_sessions_that_are_all_alike_promise_no_certainty() -> None:
    (outlook,) = new_outlooks(THOR, case(sessions([0, 0, 0, 0])), KNOWN, SAID)
    assert (outlook.forecast.value, outlook.forecast.low) == (0.0, 0.0)
    assert 0.1 < outlook.forecast.high < 0.5


def test_while_an_outlook_lies_ahead_there_is_no_other() -> None:
    known = replace(KNOWN, outlooks=(OUTLOOK,))
    ahead = [*BEFORE, *sessions([2] * 19, first=6)]
    assert not list(new_outlooks(THOR, case(ahead), known, LATER))
    assert not list(new_scores(THOR, case(ahead), known, LATER))
    over = [*ahead, *sessions([2], first=25)]
    (following,) = new_outlooks(THOR, case(over), known, LATER)
    assert (following.first, following.last) == ("P026", "P045")


AFTER = sessions([2] * 19 + [7], first=6, started=SAID)
SOME = replace(KNOWN, outlooks=(OUTLOOK,))
(SCORE,) = new_scores(THOR, case([*BEFORE, *AFTER]), SOME, LATER)


def test_an_outlook_is_scored_once_when_its_last_session_has_been() -> None:
    score = SCORE
    assert (score.inside, len(score.used)) == (19, 20)
    assert score.mean == pytest.approx((38 + 7) / 140)
    missed = interval_score(OUTLOOK.forecast, 1.0)
    assert score.score == pytest.approx((19 * interval_score(OUTLOOK.forecast, 2 / 7) + missed) / 20)
    assert "19 of 20 sessions inside" in describe(score)
    assert parse(OutlookScore, score.pretty()) == score
    assert paper_paths.of(score) == f"outlook-scores/{OUTLOOK.fingerprint().short}.json"
    done = replace(SOME, scored={OUTLOOK.fingerprint()})
    assert not list(new_scores(THOR, case([*BEFORE, *AFTER]), done, LATER))


def test_a_report_tells_what_was_expected_and_what_became_of_it() -> None:
    told = section([ScoredOutlook(OUTLOOK), ScoredOutlook(OUTLOOK, SCORE)])
    assert told is not None
    assert told.lead == "2 forecasts, each written before its sessions; 1 scored by now."
    (table,) = [block for block in told.blocks if isinstance(block, Table)]
    assert [str(row[5]).partition(";")[0] for row in table.rows] == [
        "P025 is still to be",
        "19 of 20 sessions inside, mean 0.32",
    ]
    assert section([]) is None


@pytest.mark.parametrize("other", [{"started": START}, {"mind": "Willow"}])
def test_sessions_that_began_before_it_or_are_of_another_mind_do_not_count(other: dict[str, object]) -> None:
    after = sessions([2] * 20, first=6, **{"started": SAID, **other})  # type: ignore[arg-type]
    (score,) = new_scores(THOR, case([*BEFORE, *after]), replace(KNOWN, outlooks=(OUTLOOK,)), LATER)
    assert (score.used, score.score, score.mean) == ((), None, None)
    assert describe(score).endswith("no session of it can be scored")


def test_a_study_registers_an_outlook_and_later_its_score_and_the_next_one() -> None:
    known = [paper.transcript for paper in BEFORE]
    read = StudyPapers(THOR, SAID, CURRICULUM, (), {SPROUT: known}, outlooks=KNOWN)
    first = study(read)
    assert [paper.first for paper in first.outlooks] == ["P006"]
    after = [paper.transcript for paper in sessions([2] * 20, first=6, started=SAID)]
    again = replace(
        read,
        now=LATER,
        transcripts={SPROUT: [*known, *after]},
        findings=first.findings,
        outlooks=replace(KNOWN, outlooks=first.outlooks),
    )
    second = study(again)
    assert [score.outlook for score in second.outlook_scores] == [first.outlooks[0].fingerprint()]
    assert [paper.first for paper in second.outlooks] == ["P026"]
    settled = replace(
        again,
        findings=(*first.findings, *second.findings),
        outlooks=OutlookPapers(
            KNOWN.outcomes, (*first.outlooks, *second.outlooks), {score.outlook for score in second.outlook_scores}
        ),
    )
    assert study(settled).papers == ()
