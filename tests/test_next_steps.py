"""Each next step can be typed as it is printed: the command is there, and takes and gets all that it needs."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from sage_edge.cli import main
from tests.next_steps import all_of_the_source

_SPAN = re.compile(r"`([^`]+)`")


def printed() -> dict[str, str]:
    """Return each command of `sage-edge` that a message of the source names, and where."""
    return {
        command: step.places[0]
        for step in all_of_the_source()
        for said in step.steps
        for command in _SPAN.findall(said)
        if command.startswith("sage-edge ") and "…" not in command
    }


def lacks(typed: str) -> str:
    """Return what is wrong with a command as it is typed; empty for nothing."""
    words = shlex.split(typed)[1:]
    command: click.Command = main
    context = click.Context(main, info_name="sage-edge")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.get_command(context, words.pop(0))
        if inner is None:
            return "there is no such command"
        command, context = inner, click.Context(inner, parent=context)
    if "--help" in words:
        return ""
    try:
        given, left, _ = command.make_parser(context).parse_args(list(words))
    except click.UsageError as wrong:
        return wrong.message
    if left:
        return f"nothing takes {left}"
    absent = [
        param.name or ""
        for param in command.params
        if param.required and not isinstance(given.get(param.name or ""), (str, bool, tuple))
    ]
    return f"it needs {', '.join(absent)}" if absent else ""


def test_each_next_step_is_complete() -> None:
    faults = {command: (wrong, place) for command, place in printed().items() if (wrong := lacks(command))}
    assert not faults
    assert len(printed()) > 30


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("sage-edge exchange repair --because REASON", ""),
        ("sage-edge exchange trust HOST", "it needs commit, because"),
        ("sage-edge report --nowhere", "No such option '--nowhere'."),
        ("sage-edge corpse", "there is no such command"),
    ],
)
def test_what_is_lacking_is_seen(typed: str, wrong: str) -> None:
    assert lacks(typed) == wrong
