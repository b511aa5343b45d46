"""Errors of importing an older system's files.

    SageError
    ├── ZoneMissing               no rules for the older fleet's time zone    1
    └── ImportChanged(path)       a paper of an import was changed            8
    Exception
    ├── UnreadableFile            its bytes hold nothing that could be read
    │   └── CutOff                nothing is wrong with it but that it ends
    └── NoTurn                    an item of a list is no turn
        └── NoText                it is one in which nothing is said

The last four are the reason why a file, or an item of it, stands refused in the report; they do not leave the room.
"""

from __future__ import annotations

from sage_edge.errors import ExitCode, SageError


class ZoneMissing(SageError):
    """This machine has no time zone rules."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        super().__init__(
            f"this machine has no rules for the time zone {zone}, so local times cannot be read",
            hint="apt-get install tzdata, or: pip install tzdata",
        )


class ImportChanged(SageError):
    """A paper of an import is not what was written."""

    code = ExitCode.NOT_VERIFIED

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"{path} was changed since it was written",
            hint="move it out of OUT to another folder; the same command again writes it anew",
        )


class UnreadableFile(Exception):
    """These bytes hold nothing that could be read; the text is the reason."""


class CutOff(UnreadableFile):
    """Nothing is wrong with it but that it ends."""


class NoTurn(Exception):
    """This item is no turn that could be read; the text is the reason."""


class NoText(NoTurn):
    """This item is a turn in which nothing is said: a picture, or the call of a tool."""
