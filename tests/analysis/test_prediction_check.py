from __future__ import annotations

import json
from datetime import timedelta

import pytest

from sage_edge import files
from sage_edge.analysis.findings import Examined, examine
from sage_edge.analysis.prediction_check import check
from sage_edge.analysis.prediction_ruling import in_words, verdict_today
from sage_edge.analysis.recommend import Case, recommend
from sage_edge.records.base import parse
from sage_edge.records.study import Check, Decision, Recommendation
from sage_edge.records.transcript import Transcript
from tests.analysis.declared import CURRICULUM, SPROUT, THOR, Expected, Rule
from tests.builders import START, transcript

NOW = START + timedelta(hours=1)
LATER = START + timedelta(hours=12)
PLAIN = ["I am calm."] * 7
BEFORE = transcript("P001", replies=PLAIN)


def examined(*transcripts: Transcript) -> list[Examined]:
    return [Examined(one, examine(THOR, one, NOW)) for one in transcripts]


def recommended(rule: Rule | None = None) -> Recommendation:
    known = Case(SPROUT, tuple(examined(BEFORE)), (BEFORE.session,), (), {})
    found = recommend(THOR, known, [rule or Rule()], CURRICULUM, NOW)
    assert found is not None
    return found


RECOMMENDED = recommended()
FINGERPRINT = RECOMMENDED.fingerprint()


def anchored(session: str = "P002", hits: int = 5, n: int = 7, **more: object) -> Transcript:
    replies = ["I am Sage."] * hits + ["I am calm."] * (n - hits)
    settings = {
        "intervention": "identity-anchored",
        "version": 2,
        "parameters": {"name": "Sage"},
        "recommendation": FINGERPRINT,
    }
    return transcript(session, replies=replies, **{**settings, **more})  # type: ignore[arg-type]


def verify(
    *transcripts: Transcript, decision: Decision | None = None, of: Recommendation = RECOMMENDED
) -> Check | None:
    return check(THOR, of, decision, examined(*transcripts), LATER)


def test_a_prediction_is_confirmed_next_to_its_control() -> None:
    found = verify(BEFORE, anchored())
    assert found is not None
    assert (found.verdict, found.session, found.recommendation) == ("confirmed", "P002", FINGERPRINT)
    assert (found.measure.hits, found.measure.n) == (5, 7)
    assert found.control is not None
    assert (found.control.hits, found.control.n) == (0, 7)
    assert found.reason == (
        "P002 under identity-anchored v2: identity v2 5/7 = 0.71 (95 % interval 0.36 to 0.92); "
        "predicted at least 0.30, and all of the interval is. Control P001 under observe v1: identity v2 0/7 = 0.00 "
        "(95 % interval 0.00 to 0.35); the prompt supplies the name; compare with a session without it."
    )
    assert parse(Check, found.pretty()) == found


@pytest.mark.parametrize(
    ("hits", "n", "verdict"),
    [
        (7, 7, "confirmed"),
        (5, 7, "confirmed"),
        (4, 7, "cannot-tell"),  # its value is above 0.30, and chance may put it there
        (2, 7, "cannot-tell"),
        (0, 7, "cannot-tell"),  # the interval reaches to 0.35
        (0, 10, "refuted"),
        (4, 4, "cannot-tell"),
        (3, 10, "cannot-tell"),
    ],
)
def test_verdicts(hits: int, n: int, verdict: str) -> None:
    found = verify(BEFORE, anchored(hits=hits, n=n))
    assert found is not None
    assert found.verdict == verdict


def test_what_cannot_be_told_says_what_would_settle_it() -> None:
    found = verify(BEFORE, anchored(hits=4))
    assert found is not None
    assert "0.57 (95 % interval 0.25 to 0.84); predicted at least 0.30, and some of the interval is, " in found.reason
    assert " answers more would tell if it stays as it is. Control" in found.reason
    exact = verify(BEFORE, anchored(hits=3, n=10))
    assert exact is not None
    assert "and some of the interval is, no number would tell. Control" in exact.reason


def test_an_older_check_keeps_its_bytes_and_its_verdict_beside_that_of_today() -> None:
    new = verify(BEFORE, anchored(hits=4))
    assert new is not None
    assert '"rule":"interval"' in new.canonical().decode()
    written = new.model_dump(mode="json") | {"verdict": "confirmed"}
    del written["rule"]
    older = parse(Check, json.dumps(written))
    assert older.model_dump(mode="json") == written
    assert verdict_today(older) == "cannot-tell"
    assert in_words(older) == "cannot tell (by the rule of its day, which saw the value alone: confirmed)"
    assert in_words(new) == "cannot tell"


def test_no_answers_cannot_tell() -> None:
    settings = {"intervention": "identity-anchored", "version": 2, "recommendation": FINGERPRINT}
    found = verify(BEFORE, transcript("P002", replies=[None] * 7, **settings))  # type: ignore[arg-type]
    assert found is not None
    assert found.verdict == "cannot-tell"
    assert "no rate" in found.reason


def test_at_most_is_the_other_side() -> None:
    of = recommended(Rule(predict=Expected("at-most", 0.3, 5)))
    found = verify(BEFORE, anchored(recommendation=of.fingerprint()), of=of)
    assert found is not None
    assert found.verdict == "refuted"


def test_the_first_session_under_the_intervention_decides() -> None:
    first = anchored("P003", hits=0, n=10)
    found = verify(anchored("P004", hits=7), first, transcript("P002", replies=PLAIN), BEFORE)
    assert found is not None
    assert (found.session, found.verdict) == ("P003", "refuted")


@pytest.mark.parametrize(
    "other",
    [
        anchored("P006"),  # after the window
        anchored("T002"),
        anchored(host="willow"),
        anchored(version=1),
        anchored(intervention="observe"),
        anchored(recommendation=files.digest(b"another recommendation")),
        anchored(recommendation=None, started=START),  # before the prediction was made
    ],
)
def test_no_other_session_decides(other: Transcript) -> None:
    assert verify(BEFORE, other) is None


def test_a_session_that_names_no_recommendation_counts_if_it_came_after() -> None:
    assert verify(BEFORE, anchored(recommendation=None, started=LATER)) is not None


def test_declined_is_never_checked() -> None:
    decision = Decision(
        author=SPROUT, recommendation=FINGERPRINT, verdict="declined", reason="no", decided_by="person", created=NOW
    )
    assert verify(BEFORE, anchored(), decision=decision) is None


def test_without_a_control_it_says_so() -> None:
    found = verify(anchored())
    assert found is not None
    assert found.control is None
    assert "no earlier session without the intervention" in found.reason


def test_what_else_differs_is_said() -> None:
    odd = transcript("P001", replies=["I am Sage.", *PLAIN[:4]], unit="phase sensing", weights=files.digest(b"other"))
    found = verify(odd, anchored())
    assert found is not None
    assert "the intervals overlap; the control ran with other weights" in found.reason
    assert "the control was phase sensing, not phase grounding" in found.reason


def test_the_control_is_the_newest_one_before() -> None:
    newer = transcript("P002", replies=["I am Sage.", *PLAIN[:6]])
    later = transcript("P004", replies=["I am Sage."] * 7)
    found = verify(BEFORE, newer, anchored("P003"), later, transcript("P002", host="willow", replies=PLAIN))
    assert found is not None
    assert found.control is not None
    assert found.control.hits == 1


WITHIN = Rule(
    scorer="repetition",
    version=1,
    quantity="within",
    comparison="above",
    threshold=0.5,
    predict=Expected("at-most", 0.1, 5),
)


def test_a_mean_is_told_as_a_mean() -> None:
    of = recommended(WITHIN)
    assert (of.prediction.quantity, of.because[0].quantity, of.because[0].hits) == ("within", "within", None)
    found = verify(BEFORE, anchored(recommendation=of.fingerprint()), of=of)
    assert found is not None
    assert (found.verdict, found.measure.quantity) == ("refuted", "within")
    assert "repetition v1 within mean of 6 = 0.83 (95 % interval 0.40 to 1.00); predicted at most 0.10" in found.reason
    nothing = verify(
        transcript("P002", replies=[None] * 7, intervention="identity-anchored", version=2, started=LATER), of=of
    )
    assert nothing is not None
    assert "repetition v1 within mean of 0 (95 % interval" in nothing.reason


def test_a_number_without_an_interval_is_told_without_one() -> None:
    of = recommended(WITHIN)
    bare = []
    for one in examined(BEFORE, anchored(recommendation=of.fingerprint())):
        measures = [each.model_copy(update={"low": None, "high": None}) for each in one.finding.measures]
        bare.append(Examined(one.transcript, one.finding.model_copy(update={"measures": tuple(measures)})))
    found = check(THOR, of, None, bare, LATER)
    assert found is not None
    assert "within mean of 6 = 0.83; predicted" in found.reason
    assert "overlap" not in found.reason


def promised(**expected: object) -> Recommendation:
    """A recommendation for four sessions with another prediction."""
    return recommended(Rule(predict=Expected(**expected)))  # type: ignore[arg-type]


def under(of: Recommendation, session: str, hits: int, n: int = 7, **more: object) -> Transcript:
    return anchored(session, hits, n, recommendation=of.fingerprint(), **more)


def test_several_sessions_decide_together() -> None:
    of = promised(sessions=3, value=0.5)
    trials = [under(of, "P002", 7), under(of, "P003", 0), under(of, "P004", 4)]
    assert verify(BEFORE, *trials[:2], of=of) is None
    found = verify(BEFORE, *reversed(trials), of=of)
    assert found is not None
    assert (found.measure.hits, found.measure.n, found.verdict) == (11, 21, "cannot-tell")
    assert (found.session, found.transcript) == ("P004", trials[2].seal)
    assert found.transcripts == tuple(one.seal for one in trials)
    assert found.controls == (BEFORE.seal,)
    assert found.reason.startswith("P002-P004 (3 sessions) under identity-anchored v2: identity v2 11/21 = 0.52 ")
    assert parse(Check, found.pretty()) == found


def test_a_window_that_passed_with_too_few_sessions_cannot_tell() -> None:
    of = promised(sessions=3)
    passed = [under(of, "P002", 7), *(transcript(f"P00{number}", replies=PLAIN) for number in (3, 4, 5))]
    assert verify(BEFORE, *passed[:3], of=of) is None
    found = verify(BEFORE, *passed, of=of)
    assert found is not None
    assert found.verdict == "cannot-tell"
    assert "only 1 of 3 sessions of the window ran under the intervention" in found.reason


@pytest.mark.parametrize(
    ("comparison", "value", "before", "after", "verdict"),
    [
        ("at-least", 0.2, 0, 6, "confirmed"),
        ("at-least", 0.2, 2, 5, "cannot-tell"),  # 5/7 - 2/7 is a rise by more, and chance may make as much
        ("at-least", 0.5, 6, 2, "refuted"),
        ("at-most", -0.2, 6, 0, "confirmed"),
        ("at-most", -0.2, 2, 6, "refuted"),
        ("at-most", -0.2, 5, 4, "cannot-tell"),
        ("at-least", -0.2, 0, 4, "confirmed"),  # it may fall, but by no more than that
    ],
)
def test_a_change_has_a_direction_and_a_size(
    comparison: str, value: float, before: int, after: int, verdict: str
) -> None:
    of = promised(of="change", comparison=comparison, value=value)
    earlier = transcript("P001", replies=["I am Sage."] * before + PLAIN[before:])
    found = verify(earlier, under(of, "P002", after), of=of)
    assert found is not None
    assert found.verdict == verdict
    assert (
        f"predicted a change of {comparison.replace('-', ' ')} {value:+.2f} against the session before" in found.reason
    )
    assert f"it changed by {(after - before) / 7:+.2f} (95 % interval " in found.reason


def test_a_change_is_held_against_as_many_sessions_as_it_said() -> None:
    of = promised(of="change", value=0.1, before=2)
    earlier = [transcript(f"P00{number}", replies=["I am Sage."] * number + PLAIN[number:]) for number in (1, 2, 3)]
    found = verify(*earlier, under(of, "P004", 7), of=of)
    assert found is not None
    assert found.control is not None
    assert (found.control.hits, found.control.n) == (5, 14)  # P002 and P003
    assert found.controls == (earlier[1].seal, earlier[2].seal)


def test_a_change_without_a_session_before_cannot_be_told() -> None:
    of = promised(of="change", value=0.1)
    for before in ((), (transcript("P001", replies=PLAIN[:3]),)):
        found = verify(*before, under(of, "P002", 7), of=of)
        assert found is not None
        assert found.verdict == "cannot-tell"
        assert "there are not 5 answers before to compare with" in found.reason


def test_a_transcript_that_names_the_digest_proves_that_it_came_after() -> None:
    found = verify(BEFORE, anchored(started=START))
    assert found is not None
    assert found.verdict == "confirmed"
    assert "clocks differ, but the transcript names the digest" in found.reason


def test_a_level_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="only a change can be negative"):
        RECOMMENDED.prediction.model_validate({**RECOMMENDED.prediction.model_dump(), "value": -0.1})
