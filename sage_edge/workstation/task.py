"""`@task`: invoke's own, made safe to ask for help, ending with the exit code of what was refused.

invoke hands a flag that it does not know to a positional parameter and then runs the task, `--help` included; so no
task here has a positional parameter or a one-letter flag, and every parameter has a default.
"""

from __future__ import annotations

import functools
import gc
import textwrap
from collections.abc import Callable, Collection, Mapping
from typing import Any

import invoke

from sage_edge.errors import ExitCode, SageError, UsageError, explained

HOST = "Which hosts, like sprout or sprout,thor."
ONE_HOST = "Which host, like sprout."
FLEET = "An overlay of fleet/overlays, like sim."
JSON = "Print one JSON document."
HOSTS: Mapping[str, str] = {"host": HOST, "role": "All boards of a role.", "all": "All boards.", "fleet": FLEET}
"""Help of the parameters by which a task is told its hosts."""


_WIDTH = 76
"""Columns of a docstring in invoke's help: it indents it, and does not wrap it."""

_EVERY = (ExitCode.OK, ExitCode.FAILED, ExitCode.USAGE, ExitCode.INTERRUPTED)
_OVER_HOSTS = (ExitCode.REFUSED, ExitCode.UNREACHABLE)


def task(
    *, name: str | None = None, help: Mapping[str, str] | None = None, codes: Collection[ExitCode] = ()
) -> Callable[[Callable[..., int]], Any]:
    """Make an invoke task of a function that returns its exit code.

    help: what each parameter means. codes: how it may end, beside what every task and every task over hosts may.
    """

    def make(body: Callable[..., int]) -> Any:
        @functools.wraps(body)
        def run(c: invoke.Context, **given: Any) -> None:
            if code := _ended(lambda: body(c, **given), given.get("fleet") or None):
                raise invoke.Exit(code=int(code))

        hosts = _OVER_HOSTS if "host" in (help or {}) else ()
        ends = textwrap.wrap(explained({*_EVERY, *hosts, *codes}), _WIDTH)
        run.__doc__ = "\n".join((body.__doc__ or "", "", *ends))
        return invoke.task(name=name, positional=[], auto_shortflags=False, help=dict(help or {}))(run)

    return make


def _ended(work: Callable[[], int], overlay: str | None) -> int:
    from sage_edge.cli import COLLECT_AFTER, mishap  # nobody who lists tasks or asks for help needs it

    gc.set_threshold(*COLLECT_AFTER)
    return mishap.ended(_code(work, overlay))


def _code(work: Callable[[], int], overlay: str | None) -> int:
    from sage_edge.cli import mishap

    try:
        return work()
    except SageError as refusal:
        _complain(refusal, overlay)
        return refusal.code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except invoke.Exit:
        raise
    except Exception as unforeseen:  # whatever it is, a person gets a message
        if mishap.wanted():
            raise
        _complain(mishap.described(unforeseen), overlay)
        return ExitCode.FAILED


def _complain(refusal: SageError, overlay: str | None) -> None:
    from sage_edge.cli import render
    from sage_edge.workstation import context

    render.complain(refusal, context.surroundings(overlay))


def whole(name: str, text: str) -> int:
    """Return the number, 1 or more, that somebody gave for an option. invoke's own parsing ends in a traceback."""
    try:
        if (number := int(text)) >= 1:
            return number
    except ValueError:
        pass
    raise UsageError(f"{name} wants a whole number from 1 on, not {text!r}", hint=f"for instance: {name} 20")
