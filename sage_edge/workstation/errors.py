"""Why the checks of a host were not run: whatever kept them, with its own exit code; and what the hub did not take.

SageError
├── NotAdmitted            1
└── NotExamined            1
    ├── NotDeclared        2
    ├── NotTrusted         3
    └── NotReached         4
"""

from __future__ import annotations

from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import invoke


class NotAdmitted(SageError):
    """The exchange does not know a host's key: whoever administrates it could not be asked to let it in."""

    def __init__(self, host: str, why: str) -> None:
        self.host = host
        again = ("mend that at the exchange, then again: ", invoke("provision", host=host))
        super().__init__(f"the exchange was not told the key of {host}: {why}", hint=again)


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
