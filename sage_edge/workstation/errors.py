"""Why the checks of a host were not run: whatever kept them, with its own exit code.

SageError
└── NotExamined            1
    ├── NotDeclared        2
    ├── NotTrusted         3
    └── NotReached         4
"""

from __future__ import annotations

from sage_edge.errors import ExitCode, SageError


class NotExamined(SageError):
    """The checks of a host were not run; message and next step are those of what kept them."""


class NotDeclared(NotExamined):
    """The declarations do not hold together, or the command does not."""

    code = ExitCode.USAGE


class NotTrusted(NotExamined):
    """The host is not the one that is declared, or does not let us in."""

    code = ExitCode.REFUSED


class NotReached(NotExamined):
    """The host does not answer."""

    code = ExitCode.UNREACHABLE
