"""A transcript as people see it."""

from __future__ import annotations

import pytest

from sage_edge.cli import session_view
from tests import builders


def test_a_thought_is_shown_before_its_answer_and_inert(capsys: pytest.CaptureFixture[str]) -> None:
    paper = builders.transcript(replies=["Yes.", "No."])
    first = paper.turns[0].model_copy(update={"thinking": "Who\x1b[31m asks?"})
    session_view.transcript(paper.model_copy(update={"turns": (first, *paper.turns[1:])}))
    shown = capsys.readouterr().out
    assert "\x1b[31m" not in shown
    assert shown.index("thought  Who") < shown.index("Yes.") < shown.index("No.")
    assert shown.count("thought  ") == 1
