from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_edge import files
from sage_edge.analysis.claims import declarations, evaluate
from sage_edge.analysis.claims.measurement import evidence
from sage_edge.names import Track
from sage_edge.records import dialogue
from sage_edge.records.base import parse
from sage_edge.records.claim import ClaimFinding
from sage_edge.records.dialogue import Dialogue
from tests.analysis.claims.shelf import Scores, Shelf, declare
from tests.analysis.statistics.scores import TENTHS
from tests.builders import transcript

FLEET = Path(__file__).parents[3] / "fleet"
RISING = {number: [0.02 * number + 0.02 * (number % 3)] for number in range(1, 21)}
LEVEL = {"label": "all", "of": "edge/1 d9"}
TREND = {"test": "trend", "track": "primary", "threshold": 0.005, "replay": LEVEL, "correct": LEVEL}


def test_p_is_adjusted_over_all_claims_of_a_report() -> None:
    (alone,) = evaluate.test(declare(one=TREND), Shelf(edge__d9=RISING), ())
    several = evaluate.test(declare(one=TREND, two=TREND, three=TREND), Shelf(edge__d9=RISING), ())
    assert alone.p_adjusted == alone.corrected.p
    assert [one.claim for one in several] == ["one", "two", "three"]
    assert [one.tests for one in several] == [3, 3, 3]
    assert several[0].p_adjusted == pytest.approx(3 * (alone.p_adjusted or 0))
    assert {one.adjustment for one in several} == {"Holm 1979"}


def test_a_claim_without_a_p_does_not_make_the_others_harder() -> None:
    silent = TREND | {"correct": LEVEL | {"sessions": {"first": 90}}}
    one, two = evaluate.test(declare(one=TREND, two=silent), Shelf(edge__d9=RISING), ())
    assert (one.tests, one.p_adjusted) == (1, one.corrected.p)
    assert (two.p_adjusted, two.verdict) == (None, "cannot tell")


def test_others_are_measured_and_do_not_touch_the_verdict() -> None:
    other = LEVEL | {"label": "late", "sessions": {"first": 11}}
    (found,) = evaluate.test(declare(one=TREND | {"also": [other]}), Shelf(edge__d9=RISING), ())
    assert [(one.label, one.n) for one in found.others] == [("late", 10)]
    assert found.tests == 1
    assert len(found.evidence) == 20


def test_the_same_corpus_gives_the_same_paper() -> None:
    declared = declare(one=TREND)
    (found,) = evaluate.test(declared, Shelf(edge__d9=RISING), ())
    assert evaluate.test(declared, Shelf(edge__d9=RISING), ()) == (found,)
    assert parse(ClaimFinding, found.pretty()) == found


def test_the_shipped_claims_on_an_empty_corpus_cannot_tell() -> None:
    declared = declarations.load(FLEET)
    found = {one.claim: one for one in evaluate.test(declared, _Nothing(), ())}
    scored = [one for one in found.values() if one.track is not None]
    assert len(scored) >= 5
    for one in scored:
        assert one.verdict == "cannot tell"
        assert one.corrected.value is None
        assert "no sessions" in one.corrected.sessions
        assert one.evidence == ()
    assert found[next(name for name in found if name == "slower-with-size")].verdict == "supported"


def test_the_shipped_claims_on_one_session_cannot_tell() -> None:
    for one in evaluate.test(declarations.load(FLEET), _Nothing({21: [0.5, 0.5]}), ()):
        assert one.track is None or one.verdict == "cannot tell"


class _Nothing(Shelf):
    """A corpus in which every scorer found the same."""

    def __init__(self, scores: Scores | None = None) -> None:
        super().__init__()
        self.told = _Same(scores or {})


class _Same(dict[str, Scores]):
    def __init__(self, scores: Scores) -> None:
        super().__init__()
        self.scores = scores

    def __missing__(self, key: str) -> Scores:
        return self.scores


@settings(max_examples=40)
@given(st.dictionaries(st.integers(1, 60), st.lists(TENTHS, min_size=1, max_size=4), max_size=12))
def test_any_corpus_gets_a_verdict_on_every_claim(scores: Scores) -> None:
    coupling = {"test": "coupling", "track": "primary", "replay": _pair(), "correct": _pair()}
    run = {"label": "some", "of": "edge/1 d9", "run": {"first": 10, "last": 20}}
    sides = {"label": "some", "of": "edge/1 d9", "before": {"last": 30}, "after": {"first": 31}}
    declared = declare(
        trend=TREND,
        coupling=coupling,
        run={"test": "run", "track": "primary", "replay": run, "correct": run, "scope": "record"},
        shift={"test": "shift", "track": "primary", "replay": sides, "correct": sides, "threshold": 0.1},
    )
    for one in evaluate.test(declared, _Nothing(scores), ()):
        assert one.verdict in ("supported", "not supported", "cannot tell")
        assert (one.needs is None) or (one.verdict == "cannot tell" and one.needs > 0)
        assert one.corrected.value is not None or one.corrected.undefined
        assert one.because


def test_a_finding_names_whose_sessions_and_which_models_it_is_about() -> None:
    ours = [of("recorded"), replace(of("recorded", mind="SAGE"), seal=files.digest(b"P002"), model="sha256:b")]
    whole = Shelf(edge__d9={1: [0.5], 2: [0.6]})
    seals = [point.seal for point in whole.series("edge", 1, "d9", Track("primary")).points]
    ours = [replace(session, seal=seal) for session, seal in zip(ours, seals, strict=True)]
    (found,) = evaluate.test(declare(one=TREND), whole, ours)
    assert (found.host, found.mind) == ("sprout", ours[0].individual)
    assert found.models == tuple(sorted({str(ours[0].model), "sha256:b"}))
    (timed,) = evaluate.test(declare(one=TREND), whole, ())
    assert (timed.host, timed.mind, timed.models) == (None, None, ())


def test_a_record_claim_takes_no_session_of_another_record() -> None:
    whole = Shelf(edge__d9=RISING)
    points = whole.series("edge", 1, "d9", Track("primary")).points
    kinds = ["legacy" if point.number <= 12 else "recorded" for point in points]
    known = [replace(of(kind), seal=point.seal) for kind, point in zip(kinds, points, strict=True)]
    about = {"provenance": "legacy", "mind": "SAGE"}
    law, record = evaluate.test(declare(law=TREND, record=TREND | {"scope": "record", "about": about}), whole, known)
    assert (law.corrected.n, record.corrected.n) == (20, 12)


def _pair() -> dict[str, str]:
    return {"label": "some", "x": "raising/1 d5", "y": "raising/1 d9"}


def test_no_measurement_leaves_no_evidence() -> None:
    assert evidence([]) == ()


def of(provenance: str, host: str | None = "sprout", mind: str = "SAGE") -> Dialogue:
    heard = dialogue.of(transcript("P001"))
    return replace(heard, provenance=provenance, host=host, mind=mind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("about", "own", "others"),
    [
        ({"provenance": "legacy", "host": "sprout"}, of("legacy"), of("legacy", "willow")),
        ({"provenance": "legacy", "mind": "SAGE"}, of("legacy", None), of("legacy", None, "ada")),
        ({"provenance": "legacy", "mind": "SAGE"}, of("legacy", None), of("recorded", None)),
    ],
)
def test_a_claim_about_a_record_is_tested_on_that_record_alone(
    about: dict[str, str], own: Dialogue, others: Dialogue
) -> None:
    declared = declare(law=TREND, record=TREND | {"scope": "record", "about": about})
    for sessions, here in (([others], ["law"]), ([others, own], ["law", "record"]), ([], [])):
        known, elsewhere = evaluate.about(declared, sessions)
        assert list(known.claims) == here
        assert [claim.scope for claim in elsewhere] == (["record"] if here == ["law"] else [])
