"""The claims in a report: the headline, the table, what stands behind each, and what to run next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sage_edge.analysis.report import claims
from sage_edge.analysis.report.blocks import Badge, Definition, Section, Table
from sage_edge.records.claim import ClaimFinding, SideNeed, Verdict
from tests.analysis.claims.shelf import Shelf, judge

SAME = {number: [number / 20, number / 20] for number in range(1, 20)}


def found(verdict: Verdict, **changed: object) -> ClaimFinding:
    """A tested claim, with the verdict that a test needs."""
    wanted = {"label": "all", "x": "edge/1 d5", "y": "edge/1 d9"}
    claim = judge(Shelf(edge__d5=SAME, edge__d9=SAME), test="coupling", replay=wanted, correct=wanted, stated=0.9)
    return claim.model_copy(update={"verdict": verdict, **changed})


def first_table(section: Section | None) -> Table:
    assert section is not None
    return next(block for block in section.blocks if isinstance(block, Table))


@pytest.mark.parametrize(
    ("verdicts", "headline"),
    [
        ([], "No claim was tested."),
        (["supported"], "Of 1 claim 1 holds, 0 do not, and for 0 the record cannot tell."),
        (
            ["supported", "supported", "not supported", "cannot tell"],
            "Of 4 claims 2 hold, 1 does not, and for 1 the record cannot tell.",
        ),
    ],
)
def test_the_headline_counts_the_verdicts(verdicts: list[Verdict], headline: str) -> None:
    assert claims.headline([found(one) for one in verdicts]) == headline


def test_the_table_has_the_claim_as_stated_replayed_corrected_and_its_verdict() -> None:
    table = first_table(claims.section([found("supported")]))
    assert table.heads == ("claim", "as stated", "replayed", "corrected", "verdict")
    (row,) = table.rows
    assert row[:2] == ("Something is so.", "so")
    assert str(row[2]).startswith("r = 1.000 (")
    assert str(row[2]).endswith("n = 19 sessions; edge/1 d5 and edge/1 d9")
    assert row[4] == Badge("supported", "good")


def test_behind_a_claim_stand_its_numbers_methods_seed_and_evidence() -> None:
    section = claims.section([found("not supported", caveats=("be careful",), published="cannot tell")])
    assert section is not None
    (behind,) = [block for block in section.blocks if isinstance(block, Definition)]
    told = " | ".join(behind.lines)
    assert "the smallest effect that matters: at least 0.5" in told
    assert "p, adjusted for 1 test (Holm 1979): < 0.001" in told
    assert "published before of the seeds' sessions, by an earlier rule: cannot tell" in told
    assert "seed 7" in told
    assert "38 turns in 19 transcripts: P001 " in told
    assert "and 13 more" in told
    assert "caveat: be careful" in told
    assert behind.table is not None
    assert [str(row[0]) for row in behind.table.rows] == ["replayed: all", "corrected: all"]
    assert "Fisher z interval" in behind.table.note


def test_a_sentence_tells_everything_in_one_line() -> None:
    told = claims.sentence(found("cannot tell", because="it is close", needs=40, needs_unit="sessions"))
    assert told.startswith("Stated: so. Measured rightly: r = 1.000 (")
    assert told.endswith("n = 19 sessions, edge/1 d5 and edge/1 d9. It is close; needs n >= 40 sessions.")


@pytest.mark.parametrize(
    ("needs", "unit", "expected"),
    [
        (40, "sessions", ("n ≥ 40 sessions", "about 10 days")),
        (41, "sessions", ("n ≥ 41 sessions", "about 11 days")),
        (4, "sessions", ("n ≥ 4 sessions", "about 1 day")),
        (40, "sessions on each side", ("n ≥ 40 sessions on each side", "about 20 days")),
        (5, "sizes", ("n ≥ 5 sizes", "other measurements than sessions")),
        (9, "answers on each side", ("n ≥ 9 answers on each side", "more answers in its sessions")),
        (None, "", ("no n can be named", "another measurement")),
    ],
)
def test_the_worklist_says_what_to_run_next(needs: int | None, unit: str, expected: tuple[str, str]) -> None:
    section = claims.worklist([found("supported"), found("cannot tell", needs=needs, needs_unit=unit)])
    (row,) = first_table(section).rows
    assert row[0] == "Something is so."
    assert row[2] == "n = 19 sessions"
    assert row[3:] == expected


def test_the_worklist_counts_what_is_lacking_and_offers_nothing_where_a_record_is_over() -> None:
    more = (SideNeed(side="before", n=30, more=0), SideNeed(side="after", n=32, more=8))
    lacking = found("cannot tell", needs=40, needs_unit="sessions on each side", more=more)
    (row,) = first_table(claims.worklist([lacking])).rows
    assert row[3:] == ("8 sessions more after (n ≥ 40 on each side)", "about 2 days")
    (row,) = first_table(claims.worklist([lacking.model_copy(update={"closed": True})])).rows
    assert row[3:] == ("it is over: nothing can be added", "another record")


def test_where_nothing_is_open_there_is_no_worklist_and_without_claims_no_section() -> None:
    assert claims.worklist([found("supported")]) is None
    assert claims.section([]) is None


def test_figures_that_no_scorer_made_name_their_source() -> None:
    claim = found("supported")
    reading = claim.corrected.model_copy(update={"scored_by": (), "recorded_in": "a table"})
    assert claims.scorers_of(reading) == "recorded in a table"
    assert claims.scorers_of(claim.corrected) == "edge/1 d5 and edge/1 d9"


def test_a_badge_cannot_be_mistaken() -> None:
    tones = {claims.badge(found(verdict)).tone for verdict in ("supported", "not supported", "cannot tell")}
    assert tones == {"good", "bad", "open"}
    assert replace(claims.badge(found("supported")), text="x").tone == "good"
