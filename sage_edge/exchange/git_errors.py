"""Turn what git prints when it fails into our errors: unreachable, refused, damaged, disk full.

git has one exit status for all of it, so its words decide; what it says of a hub that was not reached is looked at once
more (`hub_door`).
"""

from __future__ import annotations

import re

from sage_edge import sizes
from sage_edge.errors import CommandFailed, HubRefused, StorageError, Unreachable
from sage_edge.exchange import commands, hub_door, hub_look
from sage_edge.exchange.commands import Clone
from sage_edge.exchange.doorkeeper import BUSY
from sage_edge.exchange.errors import CloneDamaged, ExchangeError, OwnBranchBroken, Unsound
from sage_edge.exchange.hub_door import HubCaller, HubLooker
from sage_edge.hints import sage
from sage_edge.shell import Command, Result

_FULL = re.compile(
    r"No space left on device|Disk quota exceeded|Read-only file system|Input/output error|File too large"
)
_DAMAGED = re.compile(
    r"loose object|object file|unable to read|missing blob|bad tree object|bad object|pack-objects died|is corrupt"
    r"|invalid sha1 pointer|missing necessary objects|inflate"
)
_UNSOUND = re.compile(r"fsck error|fsckObjects|index-pack|unpack-objects|bad pack")
_HUB_STEPS = (
    (_FULL, "free some room, or mend the disk of the exchange's folder"),
    (
        re.compile(r"insufficient permission|[Pp]ermission denied|unable to create temporary"),
        "let the account that git runs as there write the exchange's folder: chown -R ACCOUNT FOLDER",
    ),
)
_BUSY = re.compile(rf"cannot lock ref .*File exists|sage: {BUSY}", re.DOTALL)
_TOLD = ("remote:", "error: remote ")
"""How lines begin that git repeats from the hub."""

_REJECTED = re.compile(r"^!\t\S+\t(.*)$", re.MULTILINE)


def failed_fetch(
    clone: Clone, result: Result, look: HubLooker = hub_look.look
) -> ExchangeError | HubRefused | StorageError | Unreachable:
    """Return what a fetch that failed means."""
    here = _here(result)
    if _is_at_limit(clone):
        return Unsound(f"more than {sizes.text(commands.LARGEST_PACK_BYTES)} at once came from {clone.remote}")
    if _FULL.search(here):
        return StorageError(str(clone.repository), _line(here, _FULL))
    if _UNSOUND.search(here):
        return Unsound(f"{clone.remote} sent something that git refuses: {_line(here, _UNSOUND)}")
    return hub_door.why(HubCaller(clone.remote, clone.host), result, "git-upload-pack", look)


def _is_at_limit(clone: Clone) -> bool:
    """Whether a fetch was ended over a file that may not grow any more; git itself does not say so."""
    begun = (clone.repository / "objects").glob("*/tmp_*")
    return any(path.lstat().st_size >= commands.LARGEST_PACK_BYTES for path in begun)


def failed_push(
    clone: Clone, result: Result, look: HubLooker = hub_look.look
) -> ExchangeError | HubRefused | StorageError | Unreachable:
    """Return what a push that failed means."""
    rejected = _REJECTED.search(result.text)
    if rejected:
        return _rejected(clone, rejected.group(1), result)
    here = _here(result)
    if _FULL.search(here):
        return StorageError(str(clone.repository), _line(here, _FULL))
    return hub_door.why(HubCaller(clone.remote, clone.host), result, "git-receive-pack", look)


def failed_here(clone: Clone, command: Command, result: Result) -> CommandFailed | StorageError | OwnBranchBroken:
    """Return what a command that needs no hub means by failing."""
    if _FULL.search(result.complaint):
        return StorageError(str(clone.repository), _line(result.complaint, _FULL))
    if _DAMAGED.search(result.complaint):
        return damaged(clone, _line(result.complaint, _DAMAGED))
    return CommandFailed(command.words, result.code, result.complaint or result.text)


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
        whose = f"somebody else writes as {clone.host}: find out who; on this host: "
        return HubRefused(message, hint=(whose, sage("exchange repair", because="REASON")))
    for pattern, step in _HUB_STEPS:
        if pattern.search(result.complaint):
            return HubRefused(message, hint=f"on the hub, {step}; then publish again: everything waits on this host")
    return HubRefused(message, hint="mend what the hub names, then publish again: everything waits on this host")


def _hub_lines(result: Result) -> list[str]:
    lines = [
        line.removeprefix(prefix).strip()
        for line in result.complaint.splitlines()
        for prefix in _TOLD
        if line.startswith(prefix)
    ]
    return [line for line in lines if line][:20]


def _here(result: Result) -> str:
    """What was said on this side of the wire."""
    return "\n".join(line for line in result.complaint.splitlines() if not line.startswith("remote:"))


def _line(text: str, pattern: re.Pattern[str]) -> str:
    return next((line for line in text.splitlines() if pattern.search(line)), "")
