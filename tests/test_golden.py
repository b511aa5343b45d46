"""What people read, word for word: the help of every command and task, every error with words of its own, a table."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from invoke import Program

from sage_edge.cli import main, render
from sage_edge.errors import Fault, SageError
from sage_edge.hints import Surroundings, sage
from sage_edge.names import HostName, ModelRef
from sage_edge.workstation.collection import collection
from tests import golden

ROOT = Path(__file__).parents[1]
SIM = Surroundings(overlay="sim", width=80, addresses=".sage/sim")
SAMPLES: dict[str, Any] = {
    "instead": "",
    "abilities": ("analyse", "recommend"),
    "ability": "conduct",
    "actual": "sha256:2222",
    "address": "sprout (port 22)",
    "asked_s": 3_600.0,
    "at": "2026-01-01T00:00:00Z",
    "base": "tiny/base:f32",
    "card": Path("/etc/sage/host.yaml"),
    "code": 1,
    "differences": ("qwen2.context_length is 128 in its file, 1024 in its card",),
    "expected": "sha256:1111",
    "extra": "practitioner",
    "faults": (Fault("fleet/x.yaml", "key", "is wrong"),),
    "file": "model.gguf",
    "folder": Path("images/sprout"),
    "free_bytes": 1_000_000,
    "has_bytes": 1_000_000,
    "has_tokens": 10,
    "hint": sage("model list"),
    "host": HostName("sprout"),
    "hub": "the hub at hub.example",
    "image": "example.test/base:1",
    "intervention": "rest",
    "keys": Path("fleet/known_hosts"),
    "kept": "3 of 9 bytes of model.safetensors are here",
    "key_name": "sprout",
    "kind": "board-locked",
    "known": ("one", "two"),
    "number": 2,
    "oldest": "24.0",
    "library": "torch",
    "line": 3,
    "lines": ["-e ."],
    "machine": "hub",
    "message": "it is busy",
    "missing": ("model.gguf",),
    "most_bytes": 1 << 20,
    "name": "onnx",
    "needs_bytes": 9_000_000,
    "needs_tokens": 20,
    "output": "fatal: no",
    "exit_code": 1,
    "ours": "111111111111",
    "owner": "another wake",
    "owners": ("sprout",),
    "path": Path("/srv/sage/state/x"),
    "paths": ("model.gguf",),
    "pin": "pinned to 111111111111",
    "place": "sessions/P001.json",
    "port": 2222,
    "recommendation": "0123456789ab",
    "trial": "3fa2b1c0d9e8",
    "ref": ModelRef("tiny/mind:q8_0"),
    "release": "222222222222",
    "role": "researcher",
    "said_by": "its card",
    "seen": ("/usr/bin/pip3 has 9.0",),
    "session": "P001",
    "step": 7,
    "theirs": "222222222222",
    "version": 1,
    "what": "the model",
    "where": "sprout",
    "where_it_pointed": "/old/base",
    "whose": "thor of the fleet sage",
    "why": "it says no",
    "words": ("git", "push"),
    "wrong": ("role is researcher",),
    "zone": "Europe/Lisbon",
}
SPECIAL: dict[str, dict[str, Any]] = {
    "EngineTooOld": {"version": "20.10.24"},
    "BeyondRoofline": {"share": 1.2, "rate": 12.0, "token_bytes": 10**9, "bandwidth": 1e10},
    "NothingDrawn": {"model": "tiny/mind:q8_0"},
    "Unextrapolated": {"size": "7B", "seconds": (0.3, 0.2, 0.1)},
    "BackupDamaged": {"folder": ".sage/backups/sprout-20261130T040000Z"},
    "HostInterrupted": {"where": " while it waited"},
    "NotBuilt": {"folder": "sprout"},
    "ParametersRefused": {"faults": {"days": "is no number"}},
    "OtherWeights": {"spoke": "sha256:0a1b2c3d4e5f", "now": "sha256:f5e4d3c2b1a0"},
    "StorageError": {"path": "/srv/sage/state/x"},
    "ForeignCommits": {"count": 2, "what": "foreign-author: 'x@example.org' (commit 0a1b2c3d4e5f)"},
    "RepairUndecided": {"count": 2, "first": "0a1b2c3d4e5f"},
    "ShellInTheWay": {"words": "This account is not available."},
    "ClockBehind": {
        "at": datetime.fromtimestamp(0, timezone.utc),
        "newest": datetime(2026, 11, 30, tzinfo=timezone.utc),
    },
    "ClockImpossible": {"now": "1970-01-01 00:10Z", "least": "2026-01-01 00:00Z"},
    "OtherArchitecture": {"tag": "sage/sprout:cpu", "arch": "arm64", "here": "x86_64"},
    "SbomDiffers": {"tag": "sage/sprout:cpu", "excess": ("git 1 for amd64",), "lack": ("rich 15.0.0",)},
    "ImagesDiffer": {
        "first": "sage/sprout:cpu",
        "other": "sage/sprout:old",
        "where": [f"/f{n}: another mode" for n in range(22)],
    },
    "OtherBase": {"adapter_says": "Owner/Other", "known": ["qwen2.5-0.5b/instruct", "Owner/Model"]},
    "JournalBroken": {"path": "/srv/sage/state/x"},
    "SessionChanged": {"place": "sessions/P001.json"},
    "NoSeed": {"seed": 4_294_967_295},
    "PromptUnfaithful": {"model": "a/b:q8_0"},
    "WordsAreMarkup": {"model": "a/b:q8_0", "sign": "<|im_end|>"},
    **{
        name: {"place": "https://thor:8443", "message": "broke off: no more bytes"}
        for name in ("EndpointError", "EndpointAway", "EndpointUntrusted", "EndpointBroken")
    },
    "TokenUnusable": {"path": "/etc/sage/token"},
    "CertificatesUnusable": {"path": "/etc/sage/server.pem"},
    "ServerFailed": {"model": "a/b:q8_0"},
}


def commands(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield a command and everything below it, each without the help option that another test's context gave it."""
    command._help_option = None  # click keeps the first one for ever
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, (*words, name))


def test_the_help_of_every_command(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    sections = {}
    for words in commands(main, ()):
        shown = CliRunner().invoke(main, [*words, "--help"], prog_name="sage-edge", terminal_width=80)
        assert shown.exit_code == 0
        sections[" ".join(("sage-edge", *words, "--help"))] = shown.stdout
    golden.compare("help-sage-edge.txt", sections, request)


def test_the_help_of_every_task(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    sections = {}
    for words in [["--list"], *(["--help", name] for name in sorted(collection().task_names))]:
        with pytest.raises(SystemExit):
            Program(namespace=collection()).run(["invoke", *words])
        sections[" ".join(("invoke", *words))] = capsys.readouterr().out
    golden.compare("help-invoke.txt", sections, request)


def kinds(base: type[SageError] = SageError) -> Iterator[type[SageError]]:
    """Yield every kind of error of the package that has a constructor, so words, of its own."""
    for kind in base.__subclasses__():
        if kind.__module__.startswith("sage_edge.") and "__init__" in vars(kind):
            yield kind
        yield from kinds(kind)


def example(kind: type[SageError]) -> SageError:
    """Make an error from samples; a parameter without one has to be given one above."""
    given: dict[str, dict[Any, Any]] = {"plain": {}, "named": {}}
    make: Callable[..., SageError] = kind
    for name, parameter in list(inspect.signature(kind.__init__).parameters.items())[1:]:
        value = SPECIAL.get(kind.__name__, {}).get(name, SAMPLES.get(name))
        assert value is not None, f"{kind.__name__}: give a sample of {name}"
        given["named" if parameter.kind is inspect.Parameter.KEYWORD_ONLY else "plain"][name] = value
    return make(*given["plain"].values(), **given["named"])


def test_every_error_with_words_of_its_own(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for path in sorted((ROOT / "sage_edge").rglob("*.py")):
        if "SageError" in (text := path.read_text("utf-8")) or "Error)" in text:
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    sections = {}
    for kind in sorted(set(kinds()), key=lambda kind: (kind.__module__.split(".")[1], kind.__name__)):
        refusal = example(kind)
        title = f"{kind.__module__.split('.')[1]}: {kind.__name__} ends with {int(refusal.code)}"
        sections[title] = render.error(refusal, SIM).plain
    golden.compare("errors.txt", sections, request)


def test_a_table_and_the_error_of_one_host(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("sprout", "d2b6b6a4c8ff", "running \x1b[31mred"), ("thor", "none", "a long sentence, " * 8)]
    render.table(("host", "release", "what to know"), rows)
    table = capsys.readouterr().out
    render.failed("thor", SageError("it says no", hint=sage("model list")), SIM)
    golden.compare("tables.txt", {"a table": table, "one of several hosts": capsys.readouterr().out}, request)
