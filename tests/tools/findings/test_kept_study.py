"""What is kept in docs: whole, small, and the page says what the numbers say."""

from __future__ import annotations

import pytest

from sage_edge.models.cards import read_cards
from sage_edge.scorers import find
from sage_edge.workstation.programs import ROOT
from tools.findings import data
from tools.findings.design import DESIGN, OUTCOMES
from tools.findings.study import NUMBERS, PAGE, check

DOCS = ROOT / "docs"
MOST_BYTES = 200_000


def test_every_arm_has_its_sessions_in_order() -> None:
    kept = data.read(DOCS / NUMBERS)
    assert [arm.name for arm in kept.arms] == [arm.name for arm in DESIGN.arms]
    for arm in kept.arms:
        assert [session.session.number for session in arm.sessions] == list(range(1, DESIGN.sessions + 1))
        assert len({session.turns for session in arm.sessions}) == DESIGN.sessions, "no session twice"
    assert (DOCS / NUMBERS).stat().st_size < MOST_BYTES


def test_they_are_of_models_that_are_declared_and_scorers_that_are_known() -> None:
    kept = data.read(DOCS / NUMBERS)
    assert {arm.model for arm in kept.arms} <= read_cards(ROOT / "fleet").keys()
    assert [by.name for by in kept.outcomes[:-1]] == [outcome.name for outcome in OUTCOMES]
    for by in kept.outcomes:
        scorer = find(by.scorer, by.version)
        assert scorer is not None
        assert scorer.definition == by.definition


def test_answers_and_marks_agree_in_number() -> None:
    for arm in data.read(DOCS / NUMBERS).arms:
        for session in arm.sessions:
            assert len(session.words) == session.answers
            assert session.cut <= session.answers
            assert all(len(marks) <= session.answers for marks in session.marks.values())
            assert all(0 <= mark <= 1 for marks in session.marks.values() for mark in marks)


def test_the_page_names_every_digest_that_its_numbers_rest_on() -> None:
    kept, page = data.read(DOCS / NUMBERS), (DOCS / PAGE).read_text("utf-8")
    digests = {kept.made.curriculum, *(by.definition for by in kept.outcomes), *(arm.weights for arm in kept.arms)}
    assert [digest for digest in sorted(digests) if digest not in page] == []


@pytest.mark.slow
def test_the_page_says_what_the_numbers_say() -> None:
    check(DOCS)
