"""What invoke cannot make sense of, in two lines and with the exit code of a wrong usage; by itself it ends with 1.

invoke has no hook for that, so `install` wraps the two steps of its program that refuse what somebody typed.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from invoke import Exit, ParseError, Program

from sage_edge import hints
from sage_edge.errors import UsageError

_UNKNOWN = re.compile(r"No idea what (['\"])(.*)\1 is!", re.DOTALL)
_LACKING = re.compile(r"Flag <Argument: ([\w-]+).*> needed value.*", re.DOTALL)
_STEPS = ("parse_tasks", "parse_cleanup")


def install() -> None:
    """Let invoke's program refuse as every task does."""
    for step in _STEPS:
        setattr(Program, step, _refusing(getattr(Program, step)))


def refusal(wrong: ParseError) -> UsageError:
    """Return what is wrong with the words that somebody typed, and what to type next."""
    task = getattr(wrong.context, "name", None)
    if (lacking := _LACKING.fullmatch(str(wrong))) and task:
        return UsageError(f"--{lacking[1]} of {task} wants a value", hint=hints.invoke(task, help=True))
    unknown = _UNKNOWN.fullmatch(str(wrong))
    if unknown and unknown[2].startswith("-") and task:
        return UsageError(f"{task} has no option {unknown[2]}", hint=hints.invoke(task, help=True))
    if unknown and unknown[2].startswith("-"):
        return UsageError(f"{unknown[2]} is no option of invoke", hint=hints.invoke("--list"))
    if unknown:
        return UsageError(f"{unknown[2]} is no task", hint=hints.invoke("--list"))
    return UsageError(f"not understood: {wrong}", hint=hints.invoke("--list"))


def _refusing(step: Callable[[Program], None]) -> Callable[[Program], None]:
    @functools.wraps(step)
    def parse(program: Program) -> None:
        try:
            step(program)
        except ParseError as wrong:
            raise _ended(refusal(wrong)) from None
        except Exit as end:
            if not end.message:
                raise
            raise _ended(UsageError(f"not understood: {end.message}", hint=hints.invoke("--list"))) from None

    return parse


def _ended(refused: UsageError) -> Any:
    from sage_edge.cli import render  # nobody who types what is right needs it
    from sage_edge.workstation import context

    render.complain(refused, context.surroundings(None))
    return Exit(code=int(refused.code))
