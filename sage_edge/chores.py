"""The model road's chores for `tasks.py`: the same verbs as `sage-edge model …`, and what only a workstation may do.

Each hands its words to the command and returns its exit status; `model.sync` reaches into other machines, so it is no
`sage-edge` command. Nothing heavy is imported before a chore runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Sage = Callable[..., int]
"""Runs `sage-edge WORDS` and returns its exit status."""

Chore = Callable[..., Callable[[Callable[..., int]], Any]]
"""Makes a task of a function: its name, then the help of every parameter."""

_REF = "The model, like qwen2.5-0.5b/introspective:v2.1-q8_0."
_YES = "Do it without asking."
_JSON = "Print one JSON document."


def add(chore: Chore, sage: Sage) -> None:
    """Add every `model.*` chore."""
    _add_verbs(chore, sage)
    _add_sync(chore)


def _add_verbs(chore: Chore, sage: Sage) -> None:

    @chore("model.list", json=_JSON)
    def list_(c: object, json: bool = False) -> int:  # noqa: ARG001 - invoke hands a context to every task
        """List every model that is declared or here, and whether it can be loaded."""
        return sage("model", "list", *_flags(json=json))

    @chore("model.show", ref=_REF, json=_JSON)
    def show(c: object, ref: str = "", json: bool = False) -> int:  # noqa: ARG001
        """Show a model's card, its files and its lock."""
        return sage("model", "show", ref, *_flags(json=json))

    @chore("model.inspect", path="A folder or a file.", json=_JSON)
    def inspect(c: object, path: str = "", json: bool = False) -> int:  # noqa: ARG001
        """Say what a folder or a file is, without loading it."""
        return sage("model", "inspect", path, *_flags(json=json))

    @chore("model.prepare", ref=_REF, dry_run="Print the plan and stop.", yes=_YES)
    def prepare(c: object, ref: str = "", dry_run: bool = False, yes: bool = False) -> int:  # noqa: ARG001
        """Fetch, merge, convert, quantise, prove and lock a model: whatever is missing."""
        return sage("model", "prepare", ref, *_flags(dry_run=dry_run, yes=yes))

    @chore("model.verify", ref=_REF, deep="Hash every byte.")
    def verify(c: object, ref: str = "", deep: bool = False) -> int:  # noqa: ARG001
        """Hold models against their listings."""
        return sage("model", "verify", *([ref] if ref else []), *_flags(deep=deep))

    @chore("model.lock", yes=_YES)
    def lock(c: object, yes: bool = False) -> int:  # noqa: ARG001
        """Show what would change in fleet/models.lock, then change it."""
        return sage("model", "lock", *_flags(yes=yes))

    @chore("model.gc", yes=_YES)
    def gc(c: object, yes: bool = False) -> int:  # noqa: ARG001
        """Show what nothing refers to and what it takes, then remove it."""
        return sage("model", "gc", *_flags(yes=yes))

    @chore("model.import", folder="The folder with the model's files.", ref=_REF)
    def import_(c: object, folder: str = "", ref: str = "") -> int:  # noqa: ARG001
        """Take a folder's files into the store under a declared name."""
        return sage("model", "import", folder, "--ref", ref)


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
        from sage_edge.cli.carrying import carry

        return carry(
            host or None, ref, from_host or None, limit_mb=limit or None, merge_there=merge_there, as_json=json
        )


def _flags(**chosen: bool) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name, on in chosen.items() if on]
