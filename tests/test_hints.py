"""Hints are values: the roof puts them into words, and only it knows the overlay and the name of the program."""

from __future__ import annotations

import os
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import hints, sanitize
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


PRINTABLE = st.text(min_size=1).filter(lambda word: word.isprintable() and not word.startswith("-"))


@given(st.lists(PRINTABLE, min_size=1))
def test_a_shell_reads_the_same_words(values: list[str]) -> None:
    assert shlex.split(hints.text(sage("model import", *values))) == ["sage-edge", "model", "import", *values]


@given(st.text(st.characters(exclude_characters="\0")))
def test_nothing_in_a_command_is_obeyed_by_a_terminal_or_left_out(word: str) -> None:
    typed = hints.text(sage("model import", word))
    assert typed.isprintable()
    assert sanitize.terminal(typed) == typed


def test_bash_reads_every_byte_of_a_name() -> None:
    names = [bytes((byte,)) for byte in range(1, 256)] + [
        b"\xff1\xc3\xa4",
        b"a'\n\\'b",
        "\u202e\u00a0x".encode(),
        b"\xf0\x9f",
    ]
    words = [os.fsdecode(name) for name in names]
    line = f"printf '%s\\0' {' '.join(map(hints.quoted, words))}"
    read = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout
    assert read.split(b"\0")[:-1] == names


def test_a_name_that_begins_with_a_dash_is_no_option() -> None:
    assert hints.text(sage("model inspect", "-a", context="5")) == "sage-edge model inspect --context 5 -- -a"
    assert hints.text(sage("model import", "x", ref="-b")) == "sage-edge model import x --ref=-b"
    assert hints.text(hints.ssh("-v", "thor")) == "ssh -F fleet/ssh_config -v thor"


def test_a_caller_may_say_what_the_raiser_did_not_know() -> None:
    def of_thor(command: NextCommand) -> NextCommand:
        return invoke(" ".join(command.words), host="thor")

    assert hints.text(hints.mapped(("then: ", invoke("deploy")), of_thor)) == "then: invoke deploy --host thor"
    assert hints.mapped("a sentence", of_thor) == "a sentence"
