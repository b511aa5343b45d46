"""Why the checks of a host were not run, with the exit code of what kept them; what the hub did not take; backups.

SageError
├── NotAdmitted            1
├── BackupDamaged          8
├── ForeignBackup          3
├── HubNotRestored         1
└── NotExamined            1
    ├── NotDeclared        2
    ├── NotTrusted         3
    └── NotReached         4
"""

from __future__ import annotations

from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import invoke, sage


class NotAdmitted(SageError):
    """The exchange does not know a host's key: whoever administrates it could not be asked to let it in."""

    def __init__(self, host: str, why: str) -> None:
        self.host = host
        again = ("mend that at the exchange, then again: ", invoke("provision", host=host))
        super().__init__(f"the exchange was not told the key of {host}: {why}", hint=again)


class BackupDamaged(SageError):
    """What lies in a folder is no whole backup, or not what was written there."""

    code = ExitCode.NOT_VERIFIED

    def __init__(self, folder: str, why: str) -> None:
        self.folder, self.why = folder, why
        again = ("take another one, or make a new one: ", invoke("backup", host="HOST"))
        super().__init__(f"{folder} is no whole backup: {why}", hint=again)


class ForeignBackup(SageError):
    """A backup is that of another host or another fleet: its sessions must never become this one's."""

    code = ExitCode.REFUSED

    def __init__(self, host: str, whose: str) -> None:
        self.host, self.whose = host, whose
        hint = (f"name a backup of {host}, or restore it where it is from: ", invoke("restore", help=True))
        super().__init__(f"this is a backup of {whose}, not of {host}", hint=hint)


class HubNotRestored(SageError):
    """The hub did not take the branches of a backup."""

    def __init__(self, hub: str, why: str) -> None:
        self.hub, self.why = hub, why
        hint = ("it has to be made there before: ", sage("exchange init", "FOLDER"))
        super().__init__(f"{hub} has not got the branches back: {why}", hint=hint)


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
