"""A trial for people: every state in a few lines, numbers as measured, and what they say in plain words."""

from __future__ import annotations

from typing import Any

import pytest

from sage_edge.analysis.trials import in_words
from sage_edge.records.trial import Trial, TrialContrast, TrialOutcome
from sage_edge.trials import TrialPapers
from tests.trials import made

TRIAL = made.trial()
DIGEST = TRIAL.fingerprint()


def contrast(verdict: str, mean: float | None = 0.25, low: float = 0.125, high: float = 0.375) -> TrialContrast:
    content = {"arm": "named", "mean": mean, "low": low, "high": high, "n": 20, "verdict": verdict}
    return TrialContrast.model_validate(content)


def papers(trial: Trial = TRIAL, **look: Any) -> TrialPapers:
    digest = trial.fingerprint()
    looks = {digest: (made.looked_at(trial, **look),)} if look else {}
    return TrialPapers({digest: trial}, {digest: made.accepted(trial)}, looks)


def told(outcome: TrialOutcome, seen: TrialContrast) -> str:
    return in_words.verdict(TRIAL.design, outcome, seen)


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("supported", "supported, all of it is a rise that matters (0.05 or more)"),
        ("not-supported", "not supported, none of it is a rise that matters (0.05 or more)"),
        ("cannot-tell", "cannot tell, in that interval lie both a rise that matters (0.05 or more) and none"),
    ],
)
def test_a_verdict_says_the_number_and_what_it_means(verdict: str, expected: str) -> None:
    sentence = told(TRIAL.design.outcome, contrast(verdict))
    assert sentence == f"identity/2 rate +0.25 (+0.12 to +0.38) against plain: {expected}"


def test_a_fall_that_is_asked_about_is_shown_below_zero() -> None:
    lower = TRIAL.design.outcome.model_copy(update={"direction": "lower"})
    sentence = told(lower, contrast("supported"))
    assert (
        "identity/2 rate -0.25 (-0.38 to -0.12) against plain: supported, all of it is a fall that matters (0.05"
        in sentence
    )


def test_without_a_whole_block_nobody_can_tell() -> None:
    assert told(TRIAL.design.outcome, contrast("cannot-tell", None, -1, 1)).endswith("so nobody can tell")


def test_each_state_has_its_word_and_its_lines() -> None:
    offered = TrialPapers({DIGEST: TRIAL})
    declined = TrialPapers({DIGEST: TRIAL}, {DIGEST: made.accepted(TRIAL, None, verdict="declined")})
    ended = papers(state="told", contrasts=(contrast("supported"),), harm=(contrast("not-supported"),))
    assert in_words.state(offered, DIGEST) == "offered"
    assert in_words.state(declined, DIGEST) == "declined"
    assert in_words.state(papers(), DIGEST) == "running"
    assert in_words.state(papers(state="running"), DIGEST) == "running"
    assert in_words.state(ended, DIGEST) == "told: named supported"
    labels = [[label for label, _ in in_words.lines(known, DIGEST)] for known in (offered, declined, papers(), ended)]
    first = ["question", "about", "arms", "outcome", "beforehand", "offered", "answer"]
    assert labels[:3] == [first, first, [*first, "seen"]]
    assert labels[3] == [*first, "seen", "named", "named, harm", "left out"]


def test_what_was_left_out_and_what_was_not_as_allocated_is_said() -> None:
    known = papers(state="running", left_out=("block 2: P003 failed",), deviations=("P005 ran under observe v2",))
    assert dict(in_words.lines(known, DIGEST))["left out"] == "block 2: P003 failed; P005 ran under observe v2"
