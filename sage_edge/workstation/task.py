"""`@task`: invoke's own, made safe to ask for help, ending with the exit code of what was refused.

invoke hands a flag that it does not know to a positional parameter and then runs the task, `--help` included; so no
task here has a positional parameter or a one-letter flag, and every parameter has a default.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import invoke

from sage_edge.errors import ExitCode, SageError

HOST = "Which hosts, like sprout or sprout,thor."
ONE_HOST = "Which host, like sprout."
FLEET = "An overlay of fleet/overlays, like sim."
JSON = "Print one JSON document."
HOSTS: Mapping[str, str] = {"host": HOST, "role": "All boards of a role.", "all": "All boards.", "fleet": FLEET}
"""Help of the parameters by which a task is told its hosts."""


def task(*, name: str | None = None, help: Mapping[str, str] | None = None) -> Callable[[Callable[..., int]], Any]:
    """Make an invoke task of a function that returns its exit code. help: what each parameter means."""

    def make(body: Callable[..., int]) -> Any:
        @functools.wraps(body)
        def run(c: invoke.Context, **given: Any) -> None:
            if code := _ended(lambda: body(c, **given), given.get("fleet") or None):
                raise invoke.Exit(code=int(code))

        return invoke.task(name=name, positional=[], auto_shortflags=False, help=dict(help or {}))(run)

    return make


def _ended(work: Callable[[], int], overlay: str | None) -> int:
    try:
        return work()
    except SageError as refusal:
        from sage_edge.cli import render  # nobody who lists tasks or asks for help needs them
        from sage_edge.workstation import context

        render.complain(refusal, context.surroundings(overlay))
        return refusal.code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        forget_output()
        return ExitCode.OK


def forget_output() -> None:
    """Let stdout lead nowhere: whoever read it has gone, as `head` does, and Python would complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
