"""The helper's refusals: one message, one next step, one exit code each.

    "hint": ["wait, or if nobody deploys any more: ",
             {"program": "invoke", "words": ["lock.release"], "options": {"host": null}}]

A hint is a list of parts, read one after the other: sentences, and commands as values. A board does not know the name
that the fleet has for it, so an option that is null stands for it, and whoever asked puts the name there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

HOST = None
"""The value of the option `host` in a command about this board."""


class ExitStatus(IntEnum):
    """How the helper ends; the numbers are those of every program of ours (sage_edge.errors.ExitStatus)."""

    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    LOCKED = 5
    ROLLED_BACK = 6
    ROLLBACK_FAILED = 7


class SuggestedCommand(NamedTuple):
    """A command that a person at the workstation may type. options: name → value, True for a flag, None: this board."""

    program: str
    words: tuple[str, ...]
    options: Mapping[str, str | bool | None]


RefusalHint = tuple[str | SuggestedCommand, ...]
"""Sentences and commands, read one after the other."""


def invoke(task: str, **options: str | bool | None) -> SuggestedCommand:
    """Return a task of the workstation: `invoke("deploy", host=HOST)`."""
    return SuggestedCommand("invoke", (task,), options)


class Refusal(Exception):
    """The one error of the helper. kind: a slug that programs compare; hint: sentences and commands; code: the exit."""

    def __init__(
        self, kind: str, message: str, *hint: str | SuggestedCommand, code: ExitStatus = ExitStatus.FAILED
    ) -> None:
        self.kind, self.message, self.hint, self.code = kind, message, hint, code
        super().__init__(message)

    def as_json(self) -> Mapping[str, object]:
        """The error as it is printed."""
        parts = [part._asdict() if isinstance(part, SuggestedCommand) else part for part in self.hint]
        return {"kind": self.kind, "message": self.message, "hint": parts, "code": int(self.code)}
