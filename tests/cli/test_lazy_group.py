"""Help names every command without importing it, in the words that the command has for itself."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from sage_edge.cli import main
from sage_edge.cli.lazy_group import Lazy
from sage_edge.cli.model import PLACES
from sage_edge.cli.model import command as model


def test_what_help_says_of_a_command_is_what_it_says_of_itself() -> None:
    context = click.Context(model)
    for name in model.list_commands(context):
        command = model.get_command(context, name)
        assert command is not None
        assert f"{command.get_short_help_str(200).removesuffix('.')}." == PLACES[name].about


def test_every_group_of_the_root_is_there() -> None:
    context = click.Context(main)
    assert isinstance(main, Lazy)
    assert [name for name in main.list_commands(context) if main.get_command(context, name) is None] == []


def test_a_command_that_is_not_there_is_none() -> None:
    assert model.get_command(click.Context(model), "mend") is None


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        (["--help"], {"pydantic", "yaml", "sage_edge.models"}),
        (["model", "--help"], {"pydantic", "yaml", "sage_edge.models"}),
        (
            ["model", "prepare", "--help"],
            {"rich", "sage_edge.models.download.hub", "sage_edge.records", "sage_edge.deploy"},
        ),
    ],
)
def test_only_what_a_command_needs_is_imported(words: list[str], absent: set[str]) -> None:
    program = f"import sys\nfrom sage_edge.cli import main\nmain({words!r}, standalone_mode=False)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert absent & set(done.stdout.splitlines()[-1].split()) == set()
