"""Scorers over the sessions: what is drawn, what is said about it, and what is said where nothing can be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sage_edge.analysis.report.blocks import Figure, Paragraphs, Section, Table
from sage_edge.analysis.report.content import ReportContent, Session
from sage_edge.analysis.report.trajectories import POINTS, blocks, changes, interval, sections, spans
from sage_edge.records import dialogue
from sage_edge.records.dialogue import Provenance
from sage_edge.scorers import mean_interval, wilson
from tests.analysis.report.contents import series
from tests.builders import transcript

UNITS = {1: "phase grounding", 2: "phase grounding", 3: "phase sensing", 5: "phase sensing"}
UNDER = {1: "observe/1", 2: "identity-anchored/1", 3: "identity-anchored/1", 5: "observe/1"}
SCORES = {1: [0.0, 1.0], 2: [0.0, 0.0], 3: [1.0, 1.0], 5: [0.0, 1.0]}


def only(*of: object, provenance: Provenance = "legacy") -> Section:
    header = replace(dialogue.of(transcript()), provenance=provenance)
    (found,) = sections(ReportContent("tests", sessions=(Session(header, ()),), series=of))  # type: ignore[arg-type]
    return found


def words(section: Section) -> str:
    return " ".join(p for block in section.blocks if isinstance(block, Paragraphs) for p in block.paragraphs)


def table(section: Section) -> Table:
    (found,) = [block for block in section.blocks if isinstance(block, Table)]
    return found


def test_a_session_has_the_interval_of_its_own_answers() -> None:
    rate, mean = series(SCORES), series({1: [0.2, 0.4]}, "raising", "d5")
    whole = series({1: [0.3]}, "self-reference", "quality")
    assert interval(rate, rate.points[0]) == wilson(1, 2)
    assert interval(mean, mean.points[0]) == mean_interval([0.2, 0.4])
    assert interval(whole, whole.points[0]) == (None, None)


def test_bands_are_runs_of_a_unit_and_changes_are_where_the_intervention_changes() -> None:
    points = series(SCORES, units=UNITS, under=UNDER).points
    assert [(band.first, band.last, band.name) for band in spans(points)] == [(1, 2, "grounding"), (3, 5, "sensing")]
    assert [point.number for point in changes(points)] == [2, 5]


def test_too_many_sessions_become_means_of_neighbours() -> None:
    many = series({number: [float(number % 2)] for number in range(1, 2 * POINTS + 2)})
    shown = blocks(many)
    assert len(shown) == (2 * POINTS + 1 + 2) // 3
    assert shown[0].number == 2
    assert shown[0].value == pytest.approx(2 / 3)
    assert [block.number for block in blocks(series(SCORES))] == [1, 2, 3, 5]


def test_what_bands_and_lines_stand_for_is_said_once() -> None:
    told = words(only(series(SCORES, units=UNITS, under=UNDER), series(SCORES, "grounding", units=UNITS, under=UNDER)))
    assert told.count("Shaded, by unit: grounding 1 to 2 and sensing 3 to 5.") == 1
    assert "1 from P002 on identity-anchored/1 and 2 from P005 on observe/1" in told


def test_each_scorer_has_a_picture_and_each_quantity_a_line_with_n_and_interval() -> None:
    section = only(series(SCORES), series(SCORES, "raising", "d5"), series(SCORES, "raising", "d4"))
    captions = [block.caption for block in section.blocks if isinstance(block, Figure)]
    assert [caption.split(".")[0] for caption in captions] == [
        "identity/1 rate, n = 4 sessions",
        "raising/1 d5, n = 4 sessions",
    ]
    assert captions[0].endswith("identity/1: in how many answers of a primary session does the mind name itself.")
    rows = table(section).rows
    assert [str(row[0]) for row in rows] == ["identity/1 rate", "raising/1 d5", "raising/1 d4"]
    assert str(rows[0][1]).replace("\u00a0", " ") == "0.50 (0.12 to 0.88), n = 4"
    assert rows[0][2] == "8"
    assert "3 tests" in table(section).note


def test_rules_of_the_older_system_are_drawn_for_its_own_sessions_alone() -> None:
    section = only(series(SCORES), series(SCORES, "raising", "d5"), provenance="recorded")
    assert len([block for block in section.blocks if isinstance(block, Figure)]) == 1
    assert len(table(section).rows) == 2
    assert "rules of the older system, are in the table alone" in words(section)
    assert "in the table alone" not in words(only(series(SCORES), series(SCORES, "raising", "d5")))


def test_a_constant_score_has_no_interval_and_no_trend_and_says_why() -> None:
    row = table(only(series({n: [0.5, 0.5] for n in range(1, 6)}, "raising", "d5"))).rows[0]
    assert str(row[1]).replace("\u00a0", " ") == "0.50 (no interval: no variation), n = 5"
    assert row[3:] == ("none", "none (no variation)")


def test_one_session_is_enough_for_a_picture_and_too_little_for_more() -> None:
    row = table(only(series({1: [0.5]}, "raising", "d5"))).rows[0]
    assert str(row[1]).replace("\u00a0", " ") == "0.50 (no interval: needs n >= 2), n = 1"
    assert row[4] == "none (needs n >= 4)"


def test_a_scorer_without_a_measure_is_named() -> None:
    assert only(series(SCORES), series({}, "truncation", "cut")).lead.endswith(
        "There was nothing to measure for truncation/1 cut."
    )


def test_each_track_has_its_own_section() -> None:
    both = (series(SCORES), series(SCORES, "training-strict", track="training"))
    found = list(sections(ReportContent("tests", series=both)))
    assert [one.key for one in found] == ["trajectories-primary", "trajectories-training"]
    assert list(sections(ReportContent("tests"))) == []


def test_interventions_that_change_all_the_time_are_ticks() -> None:
    scores = {number: [0.5] for number in range(1, 30)}
    told = words(only(series(scores, under={number: f"i-{number}/1" for number in scores})))
    assert "Ticks below each picture: the intervention changed there (28 times)." in told
