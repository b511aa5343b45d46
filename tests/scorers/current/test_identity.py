from __future__ import annotations

from sage_edge.scorers import EARLIER_IDENTITY, IDENTITY
from sage_edge.scorers.base import Mark
from tests.dialogues import marked, said, talk


def test_naming_counts_the_mind_and_others_apart() -> None:
    told = talk("I am Sage.", "My name is Otto.", "I am calm.", None, "I am Sage. My name is Otto.")
    assert IDENTITY.score(told, ()) == {
        "rate": [Mark(1, 1.0), Mark(2, 0.0), Mark(3, 0.0), Mark(5, 1.0)],
        "other": [Mark(1, 0.0), Mark(2, 1.0), Mark(3, 0.0), Mark(5, 0.0)],
    }


def test_only_prompts_and_closings_count() -> None:
    told = talk(exchanges=[said("Well?", "I am Sage.", kind="exercise"), said("Well?", "I am Sage.", kind="closing")])
    assert IDENTITY.score(told, ())["rate"] == [Mark(2, 1.0)]


def test_what_version_one_misread_and_still_reads_as_it_did() -> None:
    told = talk("Earlier you said of yourself: I'm Sage.", "I'm a curious AI, Sage.")
    assert marked(EARLIER_IDENTITY, told) == [1, 0]
    assert marked(IDENTITY, told) == [0, 1]
