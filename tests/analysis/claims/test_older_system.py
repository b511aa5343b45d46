"""The claims on the older system's own sessions: what legacy §6 documents comes out again, by import and corpus."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from sage_edge.analysis.claims import declarations, evaluate
from sage_edge.analysis.claims.measurement import SeriesSource
from sage_edge.analysis.corpus import Corpus, Folder
from sage_edge.analysis.report import collect
from sage_edge.analysis.series import paired
from sage_edge.analysis.statistics import coupling
from sage_edge.cli import main
from sage_edge.legacy import import_folder
from sage_edge.records.claim import ClaimFinding
from tests.legacy import papers

FLEET = Path(__file__).parents[3] / "fleet"

# legacy §6.3: window, n, Pearson's r of d5 and d9 by edge, semantic, raising, raising without the shared phrases
COUPLINGS = [
    (1, 10, 10, 0.122, 0.805, -0.223, None),
    (11, 20, 10, -0.040, 0.478, 0.953, 0.791),
    (16, 20, 5, -0.055, 0.222, 0.881, None),
    (16, 21, 6, 0.128, -0.082, 0.469, None),
    (16, 22, 7, 0.122, 0.622, 0.458, None),
    (1, 20, 20, 0.088, 0.626, 0.790, 0.622),
    (21, 45, 25, -0.064, 0.676, 0.561, -0.098),
    (16, 45, 30, 0.090, 0.615, 0.638, None),
    (1, 45, 45, 0.096, 0.675, 0.730, 0.464),
]
PAIRS = (("edge", "d5"), ("semantic", "d5"), ("raising", "d5"), ("raising", "d5-disjoint"))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("older") / "papers"
    import_folder.write(import_folder.plan(papers.real("sage/raising")), folder)
    with Corpus.open(Folder.at(folder)) as opened:
        yield opened


@pytest.fixture(scope="module")
def findings(corpus: Corpus) -> Mapping[str, ClaimFinding]:
    chosen = collect.subject(corpus)
    assert chosen is not None
    return {one.claim: one for one in evaluate.test(declarations.load(FLEET), chosen, chosen.dialogues)}


@pytest.mark.parametrize(("first", "last", "n", "expected"), [(a, b, n, rest) for a, b, n, *rest in COUPLINGS])
def test_the_table_of_couplings(
    corpus: SeriesSource, first: int, last: int, n: int, expected: list[float | None]
) -> None:
    for (scorer, trust), r in zip(PAIRS, expected, strict=True):
        places = 3 if scorer == "edge" else 15  # "E uses its rounded session means"
        one, other = (corpus.series(scorer, 1, name, "primary").window(first, last) for name in (trust, "d9"))
        pairs = paired(one, other)
        found = coupling.pearson([round(a.value, places) for a, _ in pairs], [round(b.value, places) for _, b in pairs])
        assert found.n == n
        assert r is None or found.value == pytest.approx(r, abs=5e-4)


def test_the_coupling_of_single_answers(corpus: SeriesSource) -> None:
    for scorer, r in (("edge", 0.083), ("semantic", 0.470), ("raising", 0.660)):
        rows = [corpus.series(scorer, 1, name, "primary").window(1, 45).points for name in ("d5", "d9")]
        one, other = ([mark.value for point in points for mark in point.marks] for points in rows)
        assert len(one) == 200
        assert coupling.pearson(one, other).value == pytest.approx(r, abs=5e-4)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("d5-d9-coupling", "not supported"),
        ("bistable-identity", "not supported"),
        ("collapse-18-19", "cannot tell: this record is over; n >= 20 sessions on each side would tell"),
        ("regression-t024", "cannot tell: this record is over; n >= 188 answers on each side would tell"),
        ("slower-with-size", "supported"),
        ("size-law", "cannot tell: needs 4 sizes more (n >= 7)"),
        ("single-pass", "cannot tell: this record is over; n >= 190 answers on each side would tell"),
        ("confabulation-falls", "cannot tell: this record is over; n >= 148 sessions would tell"),
        ("anchoring-helps", "cannot tell: this record is over; n >= 84 sessions on each side would tell"),
        ("bistable-confabulation", "cannot tell: this record is over; n >= 1115 sessions would tell"),
        ("cross-track-coupling", "cannot tell: this record is over; n >= 4 sessions would tell"),
        ("d9-boundary", "cannot tell: this record is over"),
        ("awareness-expression-gap", "cannot tell: this record is over; n >= 92 sessions would tell"),
    ],
)
def test_the_verdicts(findings: Mapping[str, ClaimFinding], claim: str, verdict: str) -> None:
    assert findings[claim].told == verdict


def test_a_hypothesis_about_two_kinds_of_session_is_replayed_at_last(findings: Mapping[str, ClaimFinding]) -> None:
    replayed = findings["cross-track-coupling"].replayed
    assert replayed.n == 36
    assert replayed.value == pytest.approx(-0.206, abs=5e-4)


def test_what_was_published_before_stands_beside(findings: Mapping[str, ClaimFinding]) -> None:
    changed = {name: one.published for name, one in findings.items() if one.published not in (None, one.verdict)}
    assert changed == {
        "collapse-18-19": "not supported",
        "regression-t024": "not supported",
        "single-pass": "supported",
    }
    assert (
        findings["collapse-18-19"].beside
        == "published before of the seeds' sessions, by an earlier rule: not supported"
    )
    assert {(one.host, one.mind) for one in findings.values() if one.track} == {("unknown", "unknown")}


def test_interventions_are_compared_by_what_the_papers_name(findings: Mapping[str, ClaimFinding]) -> None:
    assert findings["single-pass"].corrected.sessions == "S001 to S007, 7 sessions against S008 to S045, 38 sessions"
    anchored = findings["anchoring-helps"].corrected.sessions
    assert anchored == "S008 to S020, 13 sessions against S022 to S045, 20 sessions"


def test_the_coupling_replays_and_dissolves(findings: Mapping[str, ClaimFinding]) -> None:
    found = findings["d5-d9-coupling"]
    assert [found.replayed.value, found.corrected.value] == pytest.approx([0.953, -0.098], abs=5e-4)
    assert [found.replayed.n, found.corrected.n] == [10, 25]
    assert "the second takes 4 different values" in found.replayed.notes
    assert [one.label for one in found.evidence] == [f"S{number:03d}" for number in range(11, 46)]
    assert not any("as stated" in caveat for caveat in found.caveats)


def test_one_state_is_preferred_and_a_second_one_would_have_shown(findings: Mapping[str, ClaimFinding]) -> None:
    found = findings["bistable-identity"]
    assert (found.corrected.value or 0) < 0
    assert found.corrected.n == 45
    assert "spread less than two such states" in found.because


def test_the_collapse_does_not_replay(findings: Mapping[str, ClaimFinding]) -> None:
    found = findings["collapse-18-19"]
    assert {"S018: 0.467", "S019: 0.350"} <= set(found.replayed.notes)  # legacy §6.1, D9 by "E"
    assert found.caveats[0].startswith("the number as stated, -0.2, replays as")
    assert found.corrected.p is not None
    assert found.corrected.p > 0.5


def test_the_regression_is_made_of_substrings(findings: Mapping[str, ClaimFinding]) -> None:
    found = findings["regression-t024"]
    assert {"before: 0.750, n = 4", "after: 0.500, n = 4"} <= set(found.replayed.notes)
    assert {"before: 0.250, n = 4", "after: 0.250, n = 4"} <= set(found.corrected.notes)
    assert found.corrected.value == 0


def test_time_per_word_compares(findings: Mapping[str, ClaimFinding]) -> None:
    found = findings["slower-with-size"]
    assert found.replayed.value == pytest.approx(8.259, abs=1e-3)
    assert found.corrected.value == pytest.approx(8.687, abs=1e-3)
    assert [one.value for one in found.others] == [pytest.approx(3.422, abs=1e-3), pytest.approx(4.322, abs=1e-3)]


def test_refined_versions_end_with_a_single_pass(findings: Mapping[str, ClaimFinding]) -> None:
    notes = findings["single-pass"].corrected.notes
    assert {"before: 0.212, n = 33", "after: 0.000, n = 167"} <= set(notes)  # legacy §6.7: 7 of 33, 0 of 167


@pytest.mark.slow
def test_the_command_says_the_same(
    findings: Mapping[str, ClaimFinding], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "papers"
    import_folder.write(import_folder.plan(papers.real("sage/raising")), folder)
    monkeypatch.setenv("SAGE_FLEET", str(FLEET))
    monkeypatch.setenv("SAGE_STATE", str(tmp_path / "state"))
    done = CliRunner().invoke(main, ["analyse", "--claims", "--corpus", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    (rows,) = [value for value in said.values() if isinstance(value, list)]
    assert [ClaimFinding.model_validate_json(json.dumps(row)) for row in rows] == list(findings.values())
