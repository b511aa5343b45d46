"""What `invoke` offers at Tab for the value of an option: hosts, roles, overlays, models, releases.

invoke completes the names of tasks and options by itself and has no hook for values, so `install` puts `complete` in
the place of its own function, which still does the rest. `invoke --print-completion-script SHELL` stays the script.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Any

from invoke import Collection, Exit, program

from sage_edge.cli import completion
from sage_edge.paths import Paths
from sage_edge.workstation import seen_releases

ValueSource = Callable[[Paths], list[str]]

_BY_OPTION: dict[str, ValueSource] = {
    "host": completion.hosts,
    "from-host": completion.hosts,
    "role": completion.roles,
    "fleet": completion.overlays,
    "model": completion.models,
    "bake": completion.models,
    "to": lambda paths: seen_releases.known(paths.fleet.resolve().parent),
    "when": lambda _: ["idle", "now"],
    "via": lambda _: ["registry", "save"],
    "platform": lambda _: ["cpu", "l4t"],
}
_SEVERAL = frozenset({"host", "bake"})
"""Options that take values with commas between."""


def install() -> None:
    """Let invoke complete values, too."""
    own = program.complete

    def complete(names: list[str], core: Any, initial_context: Any, collection: Collection, parser: Any) -> Exit:
        offered = candidates(shlex.split(core.remainder)[1:], collection)
        if offered is None:
            return own(names, core, initial_context, collection, parser)
        for value in offered:
            print(value)  # noqa: T201 - what the shell reads
        raise Exit

    program.complete = complete


def candidates(words: Sequence[str], collection: Collection) -> list[str] | None:
    """Return the values for the word that is being typed; None where no value of ours is meant.

    words: what was typed behind `invoke`. A shell may hold the empty word back that begins behind a space, so behind
    a whole value the options of the task are offered, too. `--option=value` is one word, or three in bash.
    """
    words = [word for at, word in enumerate(words) if word != "=" or at < len(words) - 2]
    option, equals, typed = words[-1].partition("=") if words else ("", "", "")
    if equals and _source(option):
        values = _candidates([option, typed], collection)
        return [f"{option}={value}" for value in values or [] if not value.startswith("-")]
    return _candidates(words, collection)


def _candidates(words: Sequence[str], collection: Collection) -> list[str] | None:
    before, last = ([*words, "", ""][0], "") if len(words) < 2 else (words[-2], words[-1])
    if _source(last):
        return completion.values(_BY_OPTION[last[2:]])
    if not before.startswith("--") or not _source(before):
        return None
    named, _, typed = last.rpartition(",") if before[2:] in _SEVERAL else ("", "", last)
    values = completion.values(_BY_OPTION[before[2:]])
    offered = [f"{named},{value}" if named else value for value in values if value not in named.split(",")]
    return [*offered, *_options(words, collection)] if typed in values else offered


def _source(word: str) -> bool:
    return word.startswith("--") and word[2:] in _BY_OPTION


def _options(words: Sequence[str], collection: Collection) -> list[str]:
    task = next((word for word in words if word in collection.task_names), None)
    if task is None:
        return []
    names = (name for argument in collection[task].get_arguments() for name in argument.names)
    return sorted(f"--{name.replace('_', '-')}" for name in names)
