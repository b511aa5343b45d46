"""Hints are values: the roof puts them into words, and only it knows the overlay and the name of the program."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import hints
from sage_edge.hints import Hint, NextCommand, Surroundings, invoke, sage

SIM = Surroundings(overlay="sim", invoke="python3 tasks.py")


@pytest.mark.parametrize(
    ("hint", "plain", "over_sim"),
    [
        ("", "", ""),
        ("mend the disk", "mend the disk", "mend the disk"),
        (sage("model list"), "sage-edge model list", "sage-edge model list"),
        (invoke("deploy", host="thor"), "invoke deploy --host thor", "python3 tasks.py deploy --host thor --fleet sim"),
        (invoke("status", all=True), "invoke status --all", "python3 tasks.py status --all --fleet sim"),
        (invoke("deploy", host="thor", fleet="cpu"), "invoke deploy --host thor --fleet cpu", None),
        (invoke("sim.up"), "invoke sim.up", "python3 tasks.py sim.up"),
        (invoke("plan", host="thor", dry_run=True, save=None, quick=False), "invoke plan --host thor --dry-run", None),
        (("look, then: ", sage("model prepare", "a/b:c")), "look, then: sage-edge model prepare a/b:c", None),
        (sage("model import", "a folder", ref="REF"), "sage-edge model import 'a folder' --ref REF", None),
    ],
)
def test_the_roof_puts_it_into_words(hint: Hint, plain: str, over_sim: str | None) -> None:
    assert hints.text(hint) == plain
    if over_sim is not None:
        assert hints.text(hint, SIM) == over_sim


@given(st.lists(st.text(min_size=1), min_size=1))
def test_a_shell_reads_the_same_words(values: list[str]) -> None:
    assert shlex.split(hints.text(sage("model import", *values))) == ["sage-edge", "model", "import", *values]


def test_a_caller_may_say_what_the_raiser_did_not_know() -> None:
    def of_thor(command: NextCommand) -> NextCommand:
        return invoke(" ".join(command.words), host="thor")

    assert hints.text(hints.mapped(("then: ", invoke("deploy")), of_thor)) == "then: invoke deploy --host thor"
    assert hints.mapped("a sentence", of_thor) == "a sentence"
