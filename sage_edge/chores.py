"""The model road's chores for `tasks.py`: the same verbs as `sage-edge model …`, and what only a workstation may do.

Each hands its words to the command and returns its exit status; `model.sync` reaches into other machines, so it is no
`sage-edge` command. `bench.analysis` and `bench.fleet` stand here, too. Nothing heavy is imported before a chore runs.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sage_edge.errors import UsageError

Sage = Callable[..., int]
"""Runs `sage-edge WORDS` and returns its exit status."""

Chore = Callable[..., Callable[[Callable[..., int]], Any]]
"""Makes a task of a function: its name, then the help of every parameter."""

_REF = "The model, like qwen2.5-0.5b/introspective:v2.1-q8_0."
_YES = "Do it without asking."
_JSON = "Print one JSON document."


def add(chore: Chore, sage: Sage) -> None:
    """Add every `model.*` chore, `bench.analysis` and `bench.fleet`."""
    _add_verbs(chore, sage)
    _add_sync(chore)
    _add_bench(chore)


def _add_verbs(chore: Chore, sage: Sage) -> None:

    @chore("model.list", json=_JSON)
    def list_(c: object, json: bool = False) -> int:  # noqa: ARG001 - invoke hands a context to every task
        """List every model that is declared or here, and whether it can be loaded."""
        return sage("model", "list", *_flags(json=json))

    @chore("model.show", ref=_REF, json=_JSON)
    def show(c: object, ref: str = "", json: bool = False) -> int:  # noqa: ARG001
        """Show a model's card, its files and its lock."""
        return sage("model", "show", _given("show", "--ref", ref), *_flags(json=json))

    @chore(
        "model.inspect",
        path="A folder or a file.",
        context="How many tokens of its context are used.",
        board="Hold its memory against this board.",
        architecture="Refuse another one, like qwen2.",
        native="Let llama.cpp open it too, in a child process with limits.",
        json=_JSON,
    )
    def inspect(
        c: object,  # noqa: ARG001
        path: str = "",
        context: str = "",
        board: str = "",
        architecture: str = "",
        native: bool = False,
        json: bool = False,
    ) -> int:
        """Say what a folder or a file is, without loading it."""
        words = _options(context=context, board=board, architecture=architecture)
        return sage("model", "inspect", _given("inspect", "--path", path), *words, *_flags(native=native, json=json))

    @chore("model.prepare", ref=_REF, dry_run="Print the plan and stop.", yes=_YES, json=_JSON)
    def prepare(c: object, ref: str = "", dry_run: bool = False, yes: bool = False, json: bool = False) -> int:  # noqa: ARG001
        """Fetch, merge, convert, quantise, prove and lock a model: whatever is missing."""
        return sage("model", "prepare", _given("prepare", "--ref", ref), *_flags(dry_run=dry_run, yes=yes, json=json))

    @chore("model.verify", ref=_REF, deep="Hash every byte.")
    def verify(c: object, ref: str = "", deep: bool = False) -> int:  # noqa: ARG001
        """Hold models against their listings."""
        return sage("model", "verify", *([ref] if ref else []), *_flags(deep=deep))

    @chore("model.lock", yes=_YES)
    def lock(c: object, yes: bool = False) -> int:  # noqa: ARG001
        """Show what would change in fleet/models.lock, then change it."""
        return sage("model", "lock", *_flags(yes=yes))

    @chore(
        "model.gc",
        forget="Give up this model, too.",
        parts="Give up what models were made of on the way.",
        partial="Remove unfinished downloads, too.",
        yes=_YES,
    )
    def gc(c: object, forget: str = "", parts: bool = False, partial: bool = False, yes: bool = False) -> int:  # noqa: ARG001
        """Show what nothing refers to and what it takes, then remove it."""
        return sage("model", "gc", *_options(forget=forget), *_flags(parts=parts, partial=partial, yes=yes))

    @chore("model.import", folder="The folder with the model's files.", ref=_REF)
    def import_(c: object, folder: str = "", ref: str = "") -> int:  # noqa: ARG001
        """Take a folder's files into the store under a declared name."""
        return sage("model", "import", _given("import", "--folder", folder), "--ref", _given("import", "--ref", ref))


def _add_sync(chore: Chore) -> None:
    @chore(
        "model.sync",
        host="To which host; without it, only to this machine.",
        ref=_REF,
        from_host="From which host; else from this machine.",
        limit="At most so many megabytes a second.",
        merge_there="Let the far side merge when only the adapter changed.",
        json=_JSON,
    )
    def sync(
        c: object,  # noqa: ARG001
        host: str = "",
        ref: str = "",
        from_host: str = "",
        limit: str = "",
        merge_there: bool = True,
        json: bool = False,
    ) -> int:
        """Copy a model to a board's store over SSH, verified on arrival."""
        from sage_edge.workstation.sync_tasks import carry

        return carry(
            host or None, ref, from_host or None, limit_mb=limit or None, merge_there=merge_there, as_json=json
        )


def _add_bench(chore: Chore) -> None:
    def measured(part: str, *, quick: bool) -> int:
        words = [sys.executable, "-m", f"tests.benchmarks.{part}", *_flags(quick=quick)]
        return subprocess.run(words, cwd=Path(__file__).parents[1], check=False).returncode

    @chore("bench.analysis", quick="Small corpora: to see that it runs, not to quote.")
    def analysis(c: object, quick: bool = False) -> int:  # noqa: ARG001
        """Measure every figure that the analysis promises, in one run."""
        return measured("analysis", quick=quick)

    @chore("bench.fleet", quick="Three boards, few rounds: to see that it runs, not to quote.")
    def fleet(c: object, quick: bool = False) -> int:  # noqa: ARG001
        """Measure every figure that the fleet promises, on ten stand-in boards."""
        return measured("fleet", quick=quick)


def _flags(**chosen: bool) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name, on in chosen.items() if on]


def _options(**given: str) -> list[str]:
    return [word for name, value in given.items() if value for word in (f"--{name}", value)]


_USAGES = {
    "show": "--ref sage/seedling:q8_0",
    "inspect": "--path FOLDER",
    "prepare": "--ref qwen2.5-0.5b/introspective:v2.1-q8_0",
    "import": "--folder FOLDER --ref qwen2.5-0.5b/introspective:v2.1-q8_0",
}


def _given(verb: str, option: str, value: str) -> str:
    if not value:
        raise UsageError(f"model.{verb} wants {option}", hint=f"invoke model.{verb} {_USAGES[verb]}")
    return value
