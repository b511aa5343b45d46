"""The model road's chores: the same verbs and options as `sage-edge model …`, handed on word for word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import pytest

from sage_edge import chores, hints
from sage_edge.cli.model import command
from sage_edge.errors import UsageError

REF = "sage/seedling:q8_0"


@pytest.fixture
def started() -> list[list[str]]:
    """What was handed to `sage-edge`."""
    return []


@pytest.fixture
def verbs(started: list[list[str]]) -> dict[str, Callable[..., int]]:
    """Each chore's function by its name."""
    found: dict[str, Callable[..., int]] = {}

    def chore(name: str, **about: str) -> Callable[[Callable[..., int]], Any]:
        assert all(about.values())
        return lambda body: found.setdefault(name, body)

    def sage(*words: str) -> int:
        started.append(list(words))
        return 7

    chores.add(chore, sage)
    return found


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("list", {"json": True}, ["list", "--json"]),
        ("show", {"ref": REF}, ["show", REF]),
        (
            "inspect",
            {"path": "x", "board": "cpu", "context": "64", "architecture": "phi", "native": True, "json": True},
            ["inspect", "x", "--context", "64", "--board", "cpu", "--architecture", "phi", "--native", "--json"],
        ),
        ("prepare", {"ref": REF, "dry_run": True, "yes": True}, ["prepare", REF, "--dry-run", "--yes"]),
        ("verify", {}, ["verify"]),
        ("verify", {"ref": REF, "deep": True}, ["verify", REF, "--deep"]),
        ("lock", {"yes": True}, ["lock", "--yes"]),
        ("gc", {"forget": REF, "parts": True, "partial": True}, ["gc", "--forget", REF, "--parts", "--partial"]),
        ("import", {"folder": "x", "ref": REF}, ["import", "x", "--ref", REF]),
    ],
)
def test_words_and_exit_status_are_handed_on(
    verbs: dict[str, Callable[..., int]], started: list[list[str]], name: str, given: dict[str, Any], words: list[str]
) -> None:
    assert verbs[f"model.{name}"](None, **given) == 7
    assert started == [["model", *words]]


def test_the_verbs_are_those_of_the_command_and_one_more(verbs: dict[str, Callable[..., int]]) -> None:
    known = command.list_commands(click.Context(command))
    there = sorted(name for name in verbs if name.startswith("model."))
    assert there == sorted([*(f"model.{name}" for name in known), "model.sync"])


@pytest.mark.parametrize("name", command.list_commands(click.Context(command)))
def test_every_option_of_the_command_is_one_of_the_chore(verbs: dict[str, Callable[..., int]], name: str) -> None:
    there = command.get_command(click.Context(command), name)
    assert there is not None
    options = {word for option in there.params if isinstance(option, click.Option) for word in option.opts}
    offered = {f"--{word.replace('_', '-')}" for word in verbs[f"model.{name}"].__annotations__}
    assert options <= offered


@pytest.mark.parametrize(
    ("name", "given", "wants"),
    [
        ("show", {}, "--ref"), ("inspect", {}, "--path"), ("prepare", {}, "--ref"),
        ("import", {"ref": REF}, "--folder"),
        ("import", {"folder": "x"}, "--ref"),
    ],
)  # fmt: skip
def test_what_is_missing_is_asked_for(
    verbs: dict[str, Callable[..., int]], started: list[list[str]], name: str, given: dict[str, str], wants: str
) -> None:
    with pytest.raises(UsageError) as refused:
        verbs[f"model.{name}"](None, **given)
    assert refused.value.message == f"model.{name} wants {wants}"
    assert hints.text(refused.value.hint).startswith(f"invoke model.{name} --")
    assert started == []
