"""Turn what git prints when it fails into our errors: unreachable, refused, damaged, disk full.

git has one exit status for all of it, so the words decide. Whatever is not recognised counts as a hub that was not
reached: that is tried again and loses nothing.
"""

from __future__ import annotations

import re

from sage_edge.errors import CommandFailed, HubRefused, StorageError, Unreachable
from sage_edge.exchange.commands import Clone
from sage_edge.exchange.errors import CloneDamaged, ExchangeError, OwnBranchBroken, Unsound
from sage_edge.shell import Command, Result

_TIMED_OUT = 124
_FULL = re.compile(
    r"No space left on device|Disk quota exceeded|Read-only file system|Input/output error|File too large"
)
_REFUSED = re.compile(
    r"Permission denied|[Aa]ccess denied|Authentication failed|Host key verification failed|dubious ownership"
    r"|terminal prompts disabled|not authorized|insufficient permission|error: 40[13]"
)
_DAMAGED = re.compile(
    r"loose object|object file|unable to read|missing blob|bad tree object|bad object|pack-objects died|is corrupt"
    r"|invalid sha1 pointer|missing necessary objects|inflate"
)
_UNSOUND = re.compile(r"fsck error|fsckObjects|index-pack|unpack-objects|bad pack")
_BUSY = re.compile(r"cannot lock ref .*File exists", re.DOTALL)
_REJECTED = re.compile(r"^!\t\S+\t(.*)$", re.MULTILINE)


def failed_fetch(clone: Clone, result: Result) -> ExchangeError | HubRefused | StorageError | Unreachable:
    """Return what a fetch that failed means."""
    here = _here(result)
    if _FULL.search(here):
        return StorageError(str(clone.repository), _line(here, _FULL))
    if _UNSOUND.search(here):
        return Unsound(f"{clone.remote} sent something that git refuses: {_line(here, _UNSOUND)}")
    return _refused_at_the_door(clone, result) or _unreachable(clone, result)


def failed_push(clone: Clone, result: Result) -> ExchangeError | HubRefused | StorageError | Unreachable:
    """Return what a push that failed means."""
    rejected = _REJECTED.search(result.text)
    if rejected:
        return _rejected(clone, rejected.group(1), result)
    here = _here(result)
    if _FULL.search(here):
        return StorageError(str(clone.repository), _line(here, _FULL))
    if is_damage(result):
        return damaged(clone, _line(here, _DAMAGED))
    return _refused_at_the_door(clone, result) or _unreachable(clone, result)


def failed_here(clone: Clone, command: Command, result: Result) -> CommandFailed | StorageError | OwnBranchBroken:
    """Return what a command that needs no hub means by failing."""
    if _FULL.search(result.complaint):
        return StorageError(str(clone.repository), _line(result.complaint, _FULL))
    if is_damage(result):
        return damaged(clone, _line(result.complaint, _DAMAGED))
    return CommandFailed(command.words, result.code, result.complaint or result.text)


def is_damage(result: Result) -> bool:
    """Whether git complains about its own files."""
    return bool(_DAMAGED.search(_here(result)))


def damaged(clone: Clone, why: str) -> CloneDamaged:
    """The clone lost objects; those that cannot be made again from papers/ must come from the hub."""
    return CloneDamaged(
        f"{clone.repository} is damaged: {why}",
        hint=f"move it away, keep {clone.papers}, and publish again: the clone is fetched anew and nothing is lost",
    )


def _rejected(clone: Clone, reason: str, result: Result) -> HubRefused | Unreachable:
    if _BUSY.search(result.complaint):
        return Unreachable(
            f"{clone.remote} is busy with another push of host/{clone.host}, or one died there",
            hint="nothing is lost: try again in a minute, by then the hub has forgotten a dead push",
        )
    message = f"{clone.remote} refused host/{clone.host}: {reason}" + "".join(
        f"\n  {line}" for line in _hub_lines(result)
    )
    if "fetch first" in reason or "non-fast-forward" in reason:
        return HubRefused(message, hint=f"somebody else writes as {clone.host}: find out who, then receive again")
    return HubRefused(message, hint="mend what the hub names, then publish again: everything waits on this host")


def _refused_at_the_door(clone: Clone, result: Result) -> HubRefused | None:
    if not _REFUSED.search(result.complaint):
        return None
    why = _line(result.complaint, _REFUSED)
    return HubRefused(f"{clone.remote} does not let {clone.host} in: {why}", hint="give this host its key on the hub")


def _unreachable(clone: Clone, result: Result) -> Unreachable:
    lines = result.complaint.splitlines()
    why = next(
        (line for line in lines if line.startswith(("fatal:", "ssh:", "error:"))), lines[0] if lines else "no word"
    )
    late = result.code == _TIMED_OUT
    return Unreachable(
        f"{clone.remote} does not answer: {result.complaint if late else why}",
        hint="nothing is lost: papers wait on this host and leave with the next publish",
    )


def _hub_lines(result: Result) -> list[str]:
    lines = [line[7:].strip() for line in result.complaint.splitlines() if line.startswith("remote:")]
    return [line for line in lines if line][:20]


def _here(result: Result) -> str:
    """What was said on this side of the wire."""
    return "\n".join(line for line in result.complaint.splitlines() if not line.startswith("remote:"))


def _line(text: str, pattern: re.Pattern[str]) -> str:
    return next((line for line in text.splitlines() if pattern.search(line)), "")
