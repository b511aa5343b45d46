from __future__ import annotations

from typing import Any

import pytest

from sage_edge.records.claim import ClaimFinding
from tests.analysis.claims.shelf import Scores, Shelf, judge

STEADY = {number: [0.5 + 0.02 * (number * 7 % 5 - 2)] * 3 for number in range(1, 25)}
COLLAPSED = STEADY | {11: [0.1] * 3, 12: [0.12] * 3, 13: [0.09] * 3}


def run(scores: Scores, first: int, last: int, *, scope: str = "record", **more: Any) -> ClaimFinding:
    stretch = {"label": "all", "of": "edge/1 d9", "run": {"first": first, "last": last}}
    return judge(
        Shelf(edge__d9=scores),
        test="run",
        replay=stretch,
        correct=stretch,
        comparison="at-most",
        threshold=-0.2,
        scope=scope,
        **more,
    )


def shift(shelf: Shelf, of: str, before: tuple[int, int], after: tuple[int, int], **more: Any) -> ClaimFinding:
    count = more.pop("count", None)
    sides = {
        "label": "two sides",
        "of": of,
        "before": {"first": before[0], "last": before[1]},
        "after": {"first": after[0], "last": after[1]},
        "count": count,
    }
    return judge(shelf, **{"test": "shift", "replay": sides, "correct": sides, "threshold": 0.2} | more)


def test_a_collapse_is_supported_where_there_is_one() -> None:
    found = run(COLLAPSED, 11, 13)
    assert found.verdict == "supported"
    assert found.corrected.value == pytest.approx(-0.397, abs=0.01)
    assert found.corrected.sessions == "P011 to P013, 3 sessions of P001 to P024, 24 sessions"
    assert "P012: 0.120" in found.corrected.notes


def test_a_run_of_ordinary_sessions_did_not_collapse() -> None:
    found = run(STEADY, 11, 13)
    assert found.verdict == "not supported"
    assert found.because.startswith("none of the interval, -0.03")


def test_the_lowest_of_many_noisy_sessions_may_be_chance() -> None:
    noisy = {number: [(number * 37 % 100) / 100] for number in range(1, 25)}
    lowest = min(noisy, key=lambda number: noisy[number][0])
    found = run(noisy, lowest, lowest)
    assert found.verdict == "cannot tell"
    assert found.corrected.p == 1.0  # some session is always the lowest


def test_sessions_that_are_not_there_cannot_have_collapsed() -> None:
    found = run(STEADY, 40, 41)
    assert found.told == "cannot tell: needs 2 sessions more in the run (n >= 2 on each side)"
    assert "no sessions of" in found.corrected.sessions


def test_single_sessions_are_compared_by_their_answers() -> None:
    shelf = Shelf(substring__rate={23: [1, 1, 1, 0], 24: [1, 1, 0, 0]})
    found = shift(
        shelf,
        "substring/1 rate",
        (23, 23),
        (24, 24),
        track="training",
        comparison="at-most",
        threshold=-0.125,
        stated=-0.25,
        scope="record",
    )
    reading = found.corrected
    assert (reading.value, reading.n, reading.unit) == (-0.25, 8, "answers")
    assert "Newcombe" in reading.method
    assert "to see a change of -0.25 takes n >= 58 answers on each side" in reading.notes
    assert found.told == "cannot tell: this record is over; n >= 235 answers on each side would tell"
    assert found.caveats == ()


def test_four_answers_a_side_that_show_no_fall_cannot_tell_that_there_was_none() -> None:
    shelf = Shelf(training_strict__rate={23: [1, 0, 0, 0], 24: [0, 1, 0, 0]})
    found = shift(
        shelf,
        "training-strict/1 rate",
        (23, 23),
        (24, 24),
        track="training",
        comparison="at-most",
        threshold=-0.125,
        scope="record",
    )
    assert found.verdict == "cannot tell"
    assert found.corrected.told == "change 0.000 (-0.494 to 0.494), n = 8 answers"


def test_many_sessions_are_compared_by_session() -> None:
    scores = {number: [0.3 + 0.3 * (number > 12) + 0.02 * (number % 3)] * 2 for number in range(1, 25)}
    found = shift(Shelf(identity__rate=scores), "identity/1 rate", (1, 12), (13, 24))
    assert found.verdict == "supported"
    assert (found.corrected.n, found.corrected.unit) == (24, "sessions")
    by_answer = shift(Shelf(edge__d9=scores), "edge/1 d9", (1, 12), (13, 24), count="answers")
    assert (by_answer.corrected.n, by_answer.corrected.unit) == (48, "answers")


def test_answers_that_are_alike_in_a_session_say_less_than_their_count() -> None:
    alike = {number: [float(number in (6, 7))] * 4 for number in range(1, 29)}
    spread = {number: [float(number < 8 and turn == 0) for turn in range(4)] for number in range(1, 29)}
    both = [
        shift(Shelf(identity__rate=scores), "identity/1 rate", (1, 7), (8, 28), count="answers", **FEWER)
        for scores in (alike, spread)
    ]
    assert [found.corrected.value for found in both] == pytest.approx([-2 / 7, -1 / 4])
    assert [found.verdict for found in both] == ["cannot tell", "supported"]
    assert "sides whose unit is the session" in both[0].corrected.method
    assert (both[0].needs or 0) > 28


FEWER = {"comparison": "at-most", "threshold": -0.05}


def test_what_is_there_is_subtracted_from_what_is_needed() -> None:
    noisy = {number: [(number * 37 % 100) / 100] for number in range(1, 41)}
    sides = {"label": "two", "of": "identity/1 rate", "before": {}, "after": {"first": 31}}
    found = judge(Shelf(identity__rate=noisy), test="shift", replay=sides, correct=sides, threshold=0.1)
    assert found.verdict == "cannot tell"
    needs = found.needs or 0
    assert [(side.side, side.n, side.more) for side in found.more] == [
        ("before", 40, needs - 40),
        ("after", 10, needs - 10),
    ]
    assert not found.closed


def test_a_window_whose_last_session_is_there_is_not_advised_to_grow() -> None:
    noisy = {number: [(number * 37 % 100) / 100] for number in range(1, 31)}
    sides = {"label": "two", "of": "identity/1 rate", "before": {"last": 10}, "after": {"first": 11, "last": 20}}
    found = judge(Shelf(identity__rate=noisy), test="shift", replay=sides, correct=sides, threshold=0.1)
    assert (found.verdict, found.closed) == ("cannot tell", True)
    assert found.told == f"cannot tell: this record is over; n >= {found.needs} sessions on each side would tell"
    growing = judge(
        Shelf(identity__rate={number: noisy[number] for number in range(1, 16)}),
        test="shift",
        replay=sides,
        correct=sides | {"before": {"last": 30}},
        threshold=0.1,
    )
    assert (growing.verdict, growing.closed) == ("cannot tell", False)


def test_sessions_are_compared_by_the_intervention_that_their_papers_name() -> None:
    sides = {"label": "two", "of": "identity/1 rate", "before": {"under": ["observe"]}, "after": {"under": ["other"]}}
    found = judge(Shelf(identity__rate=STEADY), test="shift", replay=sides, correct=sides, threshold=0.2)
    assert found.corrected.sessions == "P001 to P024, 24 sessions against no sessions"


def test_sides_may_share_sessions_without_counting_them_twice_in_the_evidence() -> None:
    found = shift(Shelf(identity__rate=STEADY), "identity/1 rate", (1, 12), (10, 24))
    assert len(found.evidence) == 24


def test_an_empty_side_cannot_tell() -> None:
    found = shift(Shelf(identity__rate=STEADY), "identity/1 rate", (1, 24), (30, 40))
    assert found.verdict == "cannot tell"
    assert found.corrected.undefined == "needs n >= 1 on each side"


def test_a_number_that_does_not_come_out_again_is_said() -> None:
    found = run(STEADY, 11, 13, stated=-0.4)
    assert found.caveats == ("the number as stated, -0.4, replays as 0.006",)
    assert run({}, 11, 13, stated=-0.4).caveats == ("the number as stated, -0.4, is undefined here",)
