"""A second look at a hub that is reached over ssh, when git could not say what happened.

The same ssh calls the same program of git on the hub by hand and hangs up at once: what ssh says is then apart from
what the hub's account says, from what its git says, and from the exit status there. Nothing is changed on either side.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sage_edge import sanitize, shell, ssh_log
from sage_edge.exchange.commands import SSH
from sage_edge.exchange.hub_address import place_of
from sage_edge.ssh_log import Stopped

GitService = Literal["git-upload-pack", "git-receive-pack"]
"""What git runs on the hub: for a fetch, for a push."""

_LOOK_S = 30.0
_MOST_BLOCKS = 256
"""Of 512 bytes, or of 1,024: what the hub may say in a look; more ends it."""

_QUOTES = "\"'"
_QUOTED, _LONGEST = 200, 4_000
_FIRST_PACKET = re.compile(rb"[0-9a-f]{4}[0-9a-f]{40} |0000\Z")
_SCRIPT = f'ulimit -f {_MOST_BLOCKS}; at=$1; shift; {{}} "$@" >"$at/out" 2>"$at/err"'
_GOODBYE = b"0000"


@dataclass(frozen=True)
class HubLook:
    """What a look saw. stop: where ssh stopped; "inside": it did not.

    code: how the program on the hub ended; None: it was cut off. chatter: what came before git's first word, complaint:
    what the hub said on stderr, behind its banner; both inert, in one line. answered: git spoke there.
    """

    stop: Stopped | None
    code: int | None
    chatter: str
    complaint: str
    answered: bool


def ssh_command() -> str:
    """The ssh that git runs for the exchange, as a line of sh."""
    return os.environ.get("GIT_SSH_COMMAND") or SSH


def pinned_in() -> str:
    """The file in which that ssh looks for the hub's key."""
    named = re.search(r"UserKnownHostsFile=(\S+)", ssh_command())
    return f"{named[1].strip(_QUOTES)} of this host" if named else "known_hosts of this host"


def look(remote: str, service: GitService) -> HubLook | None:
    """Look at the hub; None where it is not reached over ssh, or this ssh cannot be asked so."""
    place = place_of(remote)
    if place is None:
        return None
    called = f"{service} {shlex.quote(place.path)}"
    with tempfile.TemporaryDirectory(prefix="sage-hub-") as folder:
        words = ("-v", "-E", f"{folder}/log", *place.options, place.destination, called)
        script = ("sh", "-c", _SCRIPT.format(ssh_command()), "sh", folder)
        shell.attempt(shell.Command((*script, *words), _LOOK_S, stdin=_GOODBYE, env={"LC_ALL": "C"}))
        return _seen(*(_content(Path(folder) / name) for name in ("log", "out", "err")))


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _seen(log: bytes, out: bytes, complaint: bytes) -> HubLook | None:
    text = log.decode("utf-8", "replace")
    first = _FIRST_PACKET.search(out)
    before = ssh_log.stopped(complaint.decode("utf-8", "replace")) if not log else None  # ssh ended before it had a log
    stop = ssh_log.stopped(text) or before
    if stop is None:
        return None
    chatter = out[: first.start()] if first else out
    return HubLook(
        stop,
        ssh_log.exit_status(text),
        sanitize.joined(chatter)[:_QUOTED],
        sanitize.joined(complaint)[-_LONGEST:],
        first is not None,
    )
