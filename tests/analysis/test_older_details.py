"""What the older scorers concluded: states, modes, signals, running trust, severity, and letters that are not split."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sage_edge.analysis.older_details import details
from sage_edge.records.dialogue import Dialogue, Exchange
from sage_edge.scorers import OURS
from tests.dialogues import talk
from tests.scorers.older_sessions import rows, sessions

EDGE = """
    16 .583 .533 .333 .19 unstable
    17 .617 .567 .367 .21 unstable
    18 .633 .533 .467 .13 unstable
    19 .467 .383 .350 .20 collapsed
    20 .500 .450 .500 .03 unstable
    21 .483 .583 .467 .09 unstable
    22 .600 .500 .433 .11 unstable
"""
TRUST = {49: (0.515, 0.490, 0.700), 50: (0.545, 0.520, 0.700), 56: (0.690, 0.600, 0.720), 64: (0.855, 0.620, 0.720)}


def drilled(*replies: str, number: int = 1, judged: bool = True) -> Dialogue:
    stored: dict[str, Any] = {"r6_evaluation": {"evaluation": "include"}} if judged else {}
    asked = [
        Exchange(turn=1, kind="exercise", prompt="Well?", reply=reply, exercise="greeting", stored=stored or None)
        for reply in replies
    ]
    return talk(exchanges=asked, track="training", number=number)


def only(scorer: str, *of: Dialogue) -> dict[str, Any]:
    (row,) = details(scorer, of)
    return dict(row)


def test_drift_and_state_of_edge() -> None:
    row = only("edge", talk("As an AI I am a language model.", "As an AI, since training.", mind="SAGE"))
    assert (row["answers"], row["d4"], row["d5"], row["d9"]) == (2, 0.3, 0.425, 0.425)
    assert (row["drift"], row["state"]) == (0.23, "unstable")


def test_modes_signals_and_running_trust_of_r6() -> None:
    first = drilled("What do you mean by that?", "## Here's a refined version", number=1)
    second = drilled("As SAGE, I think so.", "Good morning.", number=2)
    one, two = details("r6", [first, second])
    assert one["modes"] == "conversation 1 (0.70), refinement 1 (0.70)"
    assert one["signals"] == "clarification-request 1"
    assert (one["include"], one["review"], one["exclude"]) == (1, 0, 1)
    assert (one["competence"], one["reliability"], one["integrity"]) == (0.52, 0.48, 0.75)
    assert two["signals"] == "self-reference 1"
    assert (two["competence"], two["reliability"], two["integrity"]) == (0.54, 0.5, 0.77)
    assert one["trend"] == "competence unknown, reliability unknown, integrity unknown"
    assert two["trend"] == "competence stable, reliability stable, integrity stable"


def test_trust_begins_where_the_older_system_began_to_judge() -> None:
    before, after = drilled("Good morning.", judged=False), drilled("Good morning.", number=2)
    early, late = details("r6", [before, after])
    assert (early["competence"], early["trend"], early["include"]) == (None, None, 1)
    assert late["competence"] == 0.51
    assert details("r6", [before])[0]["competence"] == 0.51  # where it judged nothing, from the first on


def test_severity_of_what_snarc_stored() -> None:
    row = only("snarc", talk("Over the years, many years, since training.", "I rest.", number=3))
    assert row["severity"] == "moderate 1, none 1"
    assert (row["repetitive"], row["kept"], row["collapsed"]) == (0, 0, False)


def test_identity_of_self_reference() -> None:
    row = only("self-reference", talk("As SAGE, I wait.", "A river.", mind="SAGE"))
    assert (row["referring"], row["state"], row["gaming"], row["permitted"]) == (1, "fragile", True, False)
    assert (row["level"], row["authorisation"], row["trajectory"]) == ("provisional", "developing", "declining")


@pytest.mark.parametrize("scorer", ["edge", "r6", "self-reference", "snarc", "semantic", "raising"])
def test_letters_without_blanks_are_counted(scorer: str) -> None:
    session = drilled("你好 and good day.") if scorer == "r6" else talk("你好 and good day.", "こんにちは")
    assert only(scorer, session)["cjk"] == (2 if scorer == "r6" else 7)


def test_what_was_stored_counts_whole() -> None:
    (answer,) = talk("Calm.").exchanges
    thinking = replace(
        talk("Calm."), provenance="legacy", exchanges=(replace(answer, verbatim="<think>你好</think>Calm."),)
    )
    assert only("edge", thinking)["cjk"] == 2


def test_sessions_without_an_answer_and_scorers_of_ours_have_none() -> None:
    assert details("edge", [talk(None)]) == []
    for scorer in OURS:
        assert details(scorer.id, [talk("Calm.")]) == []


@pytest.mark.parametrize("row", rows(EDGE), ids=lambda row: row[0])
def test_golden_edge(row: list[str]) -> None:
    found = only("edge", sessions("primary")[int(row[0])])
    expected = [float(word) for word in row[1:5]]
    assert [found[name] for name in ("d4", "d5", "d9", "drift")] == pytest.approx(expected, abs=5e-4)
    assert found["state"] == row[5]


def test_golden_trust() -> None:
    by_label = {row["session"]: row for row in details("r6", list(sessions("training").values()))}
    for number, trust in TRUST.items():
        row = by_label[f"T{number:03d}"]
        assert (row["competence"], row["reliability"], row["integrity"]) == pytest.approx(trust, abs=5e-4)
    assert by_label["T048"]["competence"] is None
    severities = [row["severity"] for row in details("snarc", list(sessions("primary").values()))]
    assert sum("severe" in str(severity) for severity in severities) == 1
