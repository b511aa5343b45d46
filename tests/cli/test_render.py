"""One renderer: colours only where a terminal shows them, whole lines in pipes, next steps that can be copied."""

from __future__ import annotations

import re
import sys

import pytest

from sage_edge.cli import render
from sage_edge.errors import SageError
from sage_edge.hints import Surroundings, invoke, ssh

LONG = "a sentence that goes on, " * 8
REFUSAL = SageError(f"it says no: {LONG}\n  and this \x1b[31mtoo", hint=("then: ", invoke("deploy", host="sprout")))


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    return capsys


def test_into_a_pipe_go_plain_lines(shown: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    render.table(("host", "what"), [("sprout", LONG), ("thor", "-")])
    render.line("a title", "bold")
    out = shown.readouterr().out
    assert out.isascii()
    assert "\x1b" not in out
    assert [line for line in out.splitlines() if line != line.rstrip()] == []
    assert len(out.splitlines()) == 4, "a row is a line"


def test_on_a_terminal_a_table_is_wrapped_and_no_word_is_broken(
    shown: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    path = "a/path/that/is/long/" * 4
    render.table(("host", "where", "what"), [("sprout", LONG, path), ("thor", "-", LONG)], wrapped=2)
    lines = shown.readouterr().out.splitlines()
    assert any(path in line for line in lines)
    render.table(("host", "what"), [("sprout", LONG)])
    assert max(len(re.sub("\x1b\\[[0-9;]*m", "", line)) for line in shown.readouterr().out.splitlines()) <= 80


def test_a_name_is_never_cut_however_narrow_it_is(
    shown: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    name = "qwen2.5-0.5b/introspective:v2.1-q8_0"
    render.table(("model", "what"), [(name, "a mind that was raised")])
    assert name in shown.readouterr().out


def test_colours_are_for_who_wants_them(shown: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    render.complain(REFUSAL, Surroundings())
    assert "\x1b[1;31merror: " in shown.readouterr().err
    monkeypatch.setenv("NO_COLOR", "1")
    render.complain(REFUSAL, Surroundings())
    assert "31m" not in shown.readouterr().err.replace("[31mtoo", "")


def test_an_error_hangs_beside_its_label_and_its_next_step_stays_whole() -> None:
    text = render.error(REFUSAL, Surroundings(overlay="sim", width=40)).plain
    *message, step = text.splitlines()
    assert all(len(line) <= 40 for line in message)
    assert [line[:7] for line in message] == ["error: ", *["       "] * (len(message) - 1)]
    assert "\x1b" not in text
    assert step == " next: then: invoke deploy --host sprout --fleet sim"


def test_without_a_terminal_a_message_is_not_wrapped() -> None:
    assert len(render.error(REFUSAL, Surroundings()).plain.splitlines()[0]) > 200


def test_who_starts_by_the_script_is_told_what_can_be_typed_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(render.STARTED_BY_SCRIPT, "1")
    text = render.error(REFUSAL, render.surroundings("sim")).plain
    assert text.endswith(" next: then: python3 tasks.py deploy --host sprout --fleet sim")


def test_ssh_takes_the_files_of_the_fleet_that_is_meant() -> None:
    refusal = SageError("no", hint=ssh("sprout", "true"))
    text = render.error(refusal, Surroundings(addresses=".sage/sim")).plain
    assert text.endswith(" next: ssh -F .sage/sim/ssh_config sprout true")
