"""Groups of commands: one whose commands are imported when they are asked for, so that `--help` and each command cost
only what they need, and one that says all of each command's first sentence.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem


@dataclass(frozen=True)
class CommandPlace:
    """Where a command is: the module below `sage_edge.cli`, its name in there; and one line about it."""

    module: str
    about: str
    name: str = "command"


class Lazy(click.Group):
    """Its commands are those of `places`, by the words that people type."""

    def __init__(self, *words: Any, places: Mapping[str, CommandPlace], **more: Any) -> None:
        super().__init__(*words, **more)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = self.places.get(cmd_name)
        if place is None:
            return None
        command: click.Command = getattr(importlib.import_module(f"sage_edge.cli.{place.module}"), place.name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer commands without importing them, then the group's own options."""
        names = [name for name in sorted(self.places) if name.startswith(incomplete)]
        items = [CompletionItem(name, help=self.places[name].about) for name in names]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.places[name].about) for name in sorted(self.places)])


class Listed(click.Group):
    """Lists its commands with their whole first sentence, wrapped and never cut off."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.commands[name]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(limit=1000)) for name, command in commands])
