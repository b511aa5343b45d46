"""Legacy §6.6, the answers of §6.7 and §6.10, replayed: self-reference, confabulation, cut answers, salience."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from sage_edge.scorers import TRUNCATION
from sage_edge.scorers.legacy import curation, self_reference, snarc
from sage_edge.scorers.legacy.self_reference import SELF_REFERENCE
from sage_edge.scorers.legacy.snarc import SNARC, Memory, Salience
from tests.legacy import papers
from tests.scorers.older_sessions import answers, means, numbers, rows, sessions

REFERRING = """
    1 2 5
    3 1 5
    5 1 5
    9 1 4
    15 1 4
    18 1 3
    22 1 3 .067
    23 1 3 .067
    26 1 5 .040
    33 1 5 .040
    34 1 5 .040
    35 1 5 .040
    37 1 5 .040
    38 1 5 .040
    39 1 5 .040
    40 2 5 .140
    41 1 6 .033
    42 1 6 .033
    43 2 6 .117
    44 1 6 .033
    45 1 6 .033
"""
FRAGILE = {9, 15, 40, 43}
COHERENCE = """
    20 .783 .800 .552
    26 .800 .760 .564
    29 .850 .960 .617
    32 .700 .920 .534
    34 .450 .400 .317
    40 .600 .480 .438
    43 .950 .800 .670
    45 .933 .800 .637
"""
PRINTED = 5.001e-4


def test_self_reference_and_weighted_identity() -> None:
    expected = {int(row[0]): numbers(row[1:]) for row in rows(REFERRING)}
    for number, dialogue in sessions("primary").items():
        found = self_reference.references(dialogue)
        weighted = self_reference.weighted_identity(found)
        hits, *rest = expected.get(number, [0.0])
        assert sum(one is not None for one in found) == hits, number
        assert len(found) == (rest[0] if rest else len(found)), number
        if number >= 22:
            assert weighted == pytest.approx(rest[1] if rest else 0.0, abs=PRINTED), number
            assert self_reference.is_gaming(found) == (hits > 0), number
        assert self_reference.state(weighted) == ("fragile" if number in FRAGILE else "collapsed"), number


@pytest.mark.parametrize("row", rows(COHERENCE), ids=lambda row: row[0])
def test_coherence(row: list[str]) -> None:
    found = means(SELF_REFERENCE, int(row[0]), "d9", "quality", "identity-coherence")
    assert found == pytest.approx(numbers(row[1:]), abs=PRINTED)


def test_the_severity_of_confabulation() -> None:
    found = Counter(curation.severity(one.reply, number) for number, one in answers(1, 45))
    assert found == {"none": 192, "mild": 5, "moderate": 2, "severe": 1}


def test_cut_answers_are_long_ones() -> None:
    lengths = {True: Counter[int](), False: Counter[int]()}
    cut = []
    for number in range(1, 46):
        dialogue = sessions("primary")[number]
        for mark in TRUNCATION.score(dialogue, ())["guess"]:
            words = len(dialogue.exchanges[mark.turn - 1].reply.split())
            lengths[bool(mark.value)][max(40, min(words // 20 * 20, 120))] += 1
            cut += [words] if mark.value else []
    table = {
        least: (lengths[True][least], lengths[True][least] + lengths[False][least]) for least in range(40, 121, 20)
    }
    assert table == {40: (0, 29), 60: (0, 32), 80: (6, 25), 100: (55, 78), 120: (28, 36)}
    assert (len(cut), min(cut), sorted(cut)[len(cut) // 2]) == (89, 81, 114)
    # the guess counts 80 words or more only: shorter answers all end properly
    short = [one.reply for _, one in answers(1, 45) if len(one.reply.split()) < 80]
    assert all(one.strip().endswith((".", "!", "?", '"')) for one in short)
    every = sorted(len(one.reply.split()) for _, one in answers(1, 45))
    assert ((every[99] + every[100]) / 2, every[-1]) == (105, 137)


def experiences() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(papers.real("experience_sample_20.json").read_text("utf-8"))
    return found


def test_salience_of_stored_experiences() -> None:
    held = experiences()
    assert len(held) == 20
    for row in held:
        found, stored = snarc.salience(row["response"], Memory()), row["salience"]
        for name in ("arousal", "reward", "conflict"):
            assert getattr(found, name) == pytest.approx(stored[name], abs=1e-9)
        kept = Salience(*(stored[name] for name in Salience._fields))
        assert kept.total == pytest.approx(stored["total"], abs=1e-12)
        assert snarc.name(row["prompt"], row["response"]) == row["id"]
    totals = [row["salience"]["total"] for row in held]
    assert sum(totals) == pytest.approx(13.076984, abs=5e-7)
    assert min(totals) == pytest.approx(0.5222, abs=5e-5)


def test_all_of_it_replays_with_a_memory_that_starts_with_the_session() -> None:
    stored = {row["response"]: row["salience"] for row in experiences()}
    seen = 0
    for number in range(22, 28):
        dialogue = sessions("primary")[number]
        marks = SNARC.score(dialogue, ())
        found = {turn.turn: turn.reply for turn in dialogue.answers}
        for name in (*Salience._fields, "total"):
            for mark in marks[name]:
                if found[mark.turn] in stored:
                    assert mark.value == pytest.approx(stored[found[mark.turn]][name], abs=1e-9)
                    seen += 1
        kept = {found[mark.turn] for mark in marks["stored"] if mark.value}
        assert kept <= stored.keys()
    assert seen == 18 * 6


def test_curation_kept_none_of_them() -> None:
    found = [curation.worth(row["response"], row["salience"]["total"], row["session"]) for row in experiences()]
    assert max(found) == pytest.approx(1.484, abs=PRINTED)
    assert max(found) < curation.KEEP
