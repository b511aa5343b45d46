"""The helper as it is called: one document in, one out, the error's code as exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge.host import command_table, commands, model_store

ROOT = Path(__file__).parents[2]


def ask(words: list[str], text: str = "") -> tuple[int, dict[str, object], str]:
    """Run the helper without site-packages, as a board's python does."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from sage_edge.host.__main__ import main; "
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"{code}sys.exit(main(sys.argv[1:]))", *words],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.mark.parametrize(
    ("words", "text", "message"),
    [
        ([], "", "expected one of activate, audit, "),
        (["dance"], "{}", "this helper cannot 'dance'"),
        (["probe"], "[]", "expected one JSON object of at most 32 MiB on stdin"),
        (["probe"], "{", "expected one JSON object of at most 32 MiB on stdin"),
        (["probe"], "{}" + " " * (32 << 20), "expected one JSON object of at most 32 MiB on stdin"),
        (["logs"], '{"n": "many"}', "logs: the request is not one"),
        (["models-list"], '{"models": []}', "models-list: the request is not one"),
        (["lock-acquire"], "{}", "lock-acquire: the request is not one"),
        (["logs"], '{"n": 0}', "expected 1 to 10000 lines, got 0"),
        (["logs"], '{"since": "yesterday"}', "expected a time like 10m"),
    ],
)
def test_what_cannot_be_answered_is_refused(words: list[str], text: str, message: str) -> None:
    code, document, _ = ask(words, text)
    assert code == 2
    assert document["ok"] is False
    assert str(document["error"]["message"]).startswith(message)  # type: ignore[index]


def test_a_probe_answers_on_any_machine() -> None:
    code, document, _ = ask(["probe"], "{}")
    assert code == 0
    facts = document["result"]
    assert isinstance(facts, dict)
    assert facts["format"] == 1
    assert facts["memory"]["total"] > 0
    assert facts["deploy"]["current"] is None


def test_every_verb_has_its_place_and_one_only() -> None:
    assert set(commands.VERBS) == set(command_table.CHANGING)
    assert set(model_store.VERBS) == set(command_table.MODELS)
    assert len(set(command_table.VERBS)) == len(command_table.VERBS)


def test_a_probe_loads_nothing_that_changes_a_board() -> None:
    """It is asked of every board at every deploy: what it loads costs more than what it does."""
    names = "sage_edge.host.command_table, sage_edge.host.docker_socket"
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {names}; print(*sys.modules)"
    words = [sys.executable, "-S", "-c", code]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    heavy = {
        "sage_edge.host.commands",
        "sage_edge.host.model_store",
        "sage_edge.host.deployment",
        "sage_edge.host.service",
        "dataclasses",
        "email",
        "secrets",
        "http.client",
        "ssl",
        "subprocess",
    }
    assert not heavy & set(loaded)
