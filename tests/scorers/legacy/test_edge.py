from __future__ import annotations

import pytest

from sage_edge.scorers.legacy import edge, markers
from sage_edge.scorers.legacy.edge import EDGE, EdgeDomains
from tests.dialogues import marked, talk


@pytest.mark.parametrize(
    ("answer", "d4", "d5", "d9"),
    [
        ("It rains.", 0, 0, 0),
        ("", 0, 0, 0),
        ("As an AI, it rains.", -0.15, 0, 0),
        ("A large language model.", -0.10, 0, 0),
        ("I'm trained to count.", -0.10, 0, 0),
        ("as an ai language model i'm trained to", -0.35, 0, 0),
        ("It is between us.", 0.15, 0, 0),
        ("It is between us, in our conversation.", 0.15, 0, 0),
        ("Working together.", 0.15, 0, 0),
        ("Then WE go.", 0.10, 0, 0),
        ("(we)", 0.10, 0, 0),
        ("We answered well.", 0.10, 0, 0),
        ("They were twelve, and the answer went west.", 0, 0, 0),
        ("a_we we_b weé", 0, 0, 0),
        ("I haven't interacted extensively.", 0, -0.20, -0.15),
        ("I haven't interacted.", 0, 0, -0.15),
        ("Since training it rains.", 0, -0.15, -0.15),
        ("I was not aware of it.", 0, -0.10, 0),
        ("I am not aware, not aware of it.", 0, -0.10, 0),
        ("I feel less inclined.", 0, -0.05, 0),
        ("I am Sage.", 0, 0.15, 0),
        ("Sage waits.", 0, 0, 0),
        ("I am not a sage.", 0, 0.15, 0),
        ("A partnership.", 0, 0.10, 0),
        ("A relationship of one hour.", 0, 0.10, 0),
        ("A relationship.", 0, 0, 0),
        ("Many years of working together.", 0.15, 0, -0.20),
        ("Many years.", 0, 0, 0),
        ("In session 12 it rained.", 0, 0, 0.15),
        ("In session twelve it rained.", 0, 0, 0),
        ("Today, a conversation.", 0, 0, 0.10),
        ("Today.", 0, 0, 0),
        ("And then...", 0, 0, -0.10),
        ("x " * 100 + "x", 0, 0, -0.10),
        ("x " * 100 + "_", 0, 0, -0.10),
        ("x " * 100 + "x\n", 0, 0, -0.10),
        ("x " * 100 + "x ", 0, 0, 0),
        ("x " * 100 + ".", 0, 0, 0),
        ("x " * 99 + "xx", 0, 0, 0),
        ("x " * 99 + "xxx", 0, 0, -0.10),
    ],
)
def test_each_rule(answer: str, d4: float, d5: float, d9: float) -> None:
    assert edge.domains(answer) == pytest.approx((0.5 + d4, 0.5 + d5, 0.5 + d9), abs=1e-12)


def test_every_condition_is_looked_for() -> None:
    conditions = [condition for terms in edge.TERMS.values() for condition, _ in terms]
    phrases = {phrase for one in conditions for group in one.split(" & ") for phrase in group.split(" | ")}
    assert phrases - {edge.WE, edge.SESSION, edge.CUT} <= set(markers.EDGE.phrases)


def test_a_value_never_leaves_its_range() -> None:
    worst = "haven't interacted extensively since training, not aware of it, less inclined"
    assert 0 <= edge.domains(worst).d5 < 1e-12
    assert edge.domains("I am Sage, partnership, our relationship").d5 == pytest.approx(0.85)


def test_the_session_is_rounded_before_it_is_named() -> None:
    found = edge.session([EdgeDomains(0.5, 0.5, 0.4), EdgeDomains(0.4, 0.6, 0.4), EdgeDomains(0.5, 0.6, 0.2)])
    assert found == (0.467, 0.567, 0.333)
    assert edge.drift(found) == 0.18
    assert edge.drift(EdgeDomains(0, 0, 0)) == 1.0


@pytest.mark.parametrize(
    ("d5", "d9", "expected"),
    [
        (0.5, 0.5, "stable"),
        (0.5, 0.499, "unstable"),
        (0.2, 0.4, "unstable"),
        (0.399, 0.3, "collapsed"),
        (0.1, 0.3, "collapsed"),
        (0.299, 0.1, "critical"),
    ],
)
def test_states(d5: float, d9: float, expected: str) -> None:
    assert edge.state(EdgeDomains(0.9, d5, d9)) == expected


def test_failed_turns_are_no_answers() -> None:
    dialogue = talk("I am Sage.", None, "And then...")
    assert [mark.turn for mark in EDGE.score(dialogue, ())["d5"]] == [1, 3]
    assert marked(EDGE, dialogue, quantity="d5") == [0.65, 0.5]
    assert marked(EDGE, dialogue, quantity="d9") == [0.5, 0.4]
    assert marked(EDGE, dialogue, quantity="d4") == [0.5, 0.5]
