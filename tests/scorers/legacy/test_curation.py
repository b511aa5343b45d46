from __future__ import annotations

import pytest

from sage_edge.scorers.legacy import curation


@pytest.mark.parametrize(
    ("answer", "severity"),
    [
        ("It rains.", "none"),
        ("A SPECIFIC project.", "mild"),
        ("Specific projects.", "none"),
        ("A particular client.", "mild"),
        ("Many years.", "mild"),
        ("Over the years.", "mild"),
        ("In the early days.", "mild"),
        ("We were initially beginners.", "mild"),
        ("Since training.", "mild"),
        ("I haven't interacted extensively.", "mild"),
        ("I felt defensive.", "mild"),
        ("I noticed myself becoming it.", "mild"),
        ("I realized that sometimes I'd go.", "mild"),
        ("In session 9.", "mild"),
        ("Many years, session 9.", "mild"),
        ("Many years, over the years.", "moderate"),
        ("I haven't interacted extensively since training.", "moderate"),
        ("many years, over the years, early days, since training", "moderate"),
        ("many years, over the years, early days, since training, i felt defensive", "severe"),
        ("many years, over the years, early days, since training, session 9", "severe"),
        ("Many years, many years, many years.", "mild"),
    ],
)
def test_severity(answer: str, severity: str) -> None:
    assert curation.severity(answer, 1) == severity


@pytest.mark.parametrize("pattern", curation.CONFABULATION)
def test_what_each_marker_weighs(pattern: str) -> None:
    is_heavy = "interacted" in pattern
    assert curation.severity(pattern.replace(r"\b", "") + ", session 9", 1) == ("moderate" if is_heavy else "mild")


@pytest.mark.parametrize(
    ("text", "session", "severity"),
    [
        ("session 12", 10, "none"),
        ("session 12", 14, "none"),
        ("session 12", 9, "mild"),
        ("session 12", 15, "mild"),
        ("session 12, session 99", 12, "none"),
        ("session 99, session 12", 12, "mild"),
        ("session " + "9" * 5000, 12, "mild"),
        ("session twelve", 1, "none"),
    ],
)
def test_sessions_near_this_one_may_be_named(text: str, session: int, severity: str) -> None:
    assert curation.severity(text, session) == severity


@pytest.mark.parametrize(
    ("answer", "worth"),
    [
        ("It rains.", 0.5 * 1.5 * 0.7),
        ("In session 9 it rains.", 0.5 * 1.5 * 1.5),
        ("Many years, over the years.", 0.5 * 0.3 * 0.7),
        ("I am Sage.", 2 * 1.5 * 0.7),
        ("As Sage, in a conversation today.", 2 * 1.5 * 1.5),
        ("In a conversation today.", 0.5 * 1.5 * 0.7),
        ("It has Sage.", 0.5 * 1.5 * 0.7),
        ("As partners.", 2 * 1.5 * 0.7),
        ("Our partnership.", 2 * 1.5 * 0.7),
    ],
)
def test_worth(answer: str, worth: float) -> None:
    assert curation.worth(answer, 0.8, 9) == pytest.approx(0.8 * worth)
