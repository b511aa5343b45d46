"""What no room has foreseen, put into the words of an error: a refusal of the system, or a fault of our own."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from sage_edge import output, system_refusal
from sage_edge.errors import ExitCode, SageError
from sage_edge.paths import shown

VERBOSE = "SAGE_VERBOSE"
"""Set to 1, both programs show where an error comes from."""


def wanted() -> bool:
    """Return whether somebody asks for the traceback."""
    return os.environ.get(VERBOSE, "") not in ("", "0")


def described(error: Exception) -> SageError:
    """Return the error that says the same to a person, with what to do next."""
    if isinstance(error, OSError) and error.errno is not None:
        return _refused(error, error.errno)
    if isinstance(error, MemoryError):
        return SageError("there is not enough memory for this", hint=system_refusal.next_step(errno.ENOMEM) or "")
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    again = f"{VERBOSE}=1 and the same command again shows where; please tell its developers"
    return SageError(f"this is a fault in sage-edge itself: {what}", hint=again)


def _refused(error: OSError, number: int) -> SageError:
    if number == errno.ENOENT and not _is_here():
        return SageError("the folder in which this was started is gone", hint="cd into another one, then start again")
    place = error.filename if error.filename2 is None else error.filename2
    name = shown(Path(place)) if isinstance(place, str) and place else ""
    is_own = type(error).__module__ == "builtins"  # others count their own numbers
    step = system_refusal.next_step(number, name) if is_own else None
    why = system_refusal.words(number) if step else error.strerror or str(error)
    return SageError(f"{name}: {why}" if name else why, hint=step or "mend what the system names, then start again")


def _is_here() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - a Path says the same
    except OSError:
        return False
    return True


def ended(code: int) -> int:
    """Return the exit code of work that ended with `code`: 1 if all was well but its results could not be written."""
    from sage_edge.cli import render

    if (refusal := output.lost()) is None:
        return code
    render.complain(refusal)
    return code or ExitCode.FAILED
