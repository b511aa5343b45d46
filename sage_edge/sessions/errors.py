"""Why a session cannot go on, or cannot be believed."""

from __future__ import annotations

import shlex

from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import sage


class SessionError(SageError):
    """A session cannot go on."""


class JournalBroken(SessionError):
    """A journal holds a bad line that is not its last one."""

    code = ExitCode.NOT_VERIFIED

    def __init__(self, path: str, line: int, why: str) -> None:
        self.path, self.line = path, line
        super().__init__(
            f"{path} line {line}: {why}",
            hint="the disk or a hand changed it; move it aside, which ends its session and keeps its number used: "
            + shlex.join(("mv", path, f"{path}.broken")),
        )


class TranscriptBroken(SessionError):
    """A transcript is not what was once written."""

    code = ExitCode.NOT_VERIFIED


class OtherWeights(SessionError):
    """A name now stands for other weights than those that spoke in a session."""

    code = ExitCode.NOT_VERIFIED

    def __init__(self, session: str, ref: str, spoke: str, now: str) -> None:
        super().__init__(
            f"in {session} spoke {ref} {spoke[:19]}…, here it is {now[:19]}…",
            hint=("take the fleet/models.lock of the release that conducted it, then: ", sage("model prepare", ref)),
        )


class SessionInterrupted(SessionError):
    """A stop request ended the session for now."""

    code = ExitCode.INTERRUPTED

    def __init__(self, session: str) -> None:
        self.session = session
        super().__init__(f"{session} was interrupted; its turns are kept", hint="the next start goes on with it")
