"""What a host's key may run on the hub: git's two services on this one repository, and nothing else.

Part of the hub's program (see hub_program): standard library only, Python 3.9 or later.

    restrict,command="/srv/git/exchange.git/sage-hub sprout" ssh-ed25519 AAAA… sprout

sshd runs `sage-hub HOST` whatever was asked for, and hands over the question in SSH_ORIGINAL_COMMAND. Of that only
counts which service is meant, and that it is for this repository, however it is spelled; git gets our own words. The
host stands in SAGE_HOST, by which the hook knows whose branch may be pushed.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from sage_edge.exchange.doorkeeper import BOUND
from sage_edge.exchange.rules import HOST, shown

NAME = "sage-hub"
SERVICES = ("upload-pack", "receive-pack")
"""git's words for what serves a fetch and a push."""

LOGINS_FOLDER = re.compile(r"\A~(?:/|\Z)")
"""How a client spells the folder of the login."""

_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "SSH_CONNECTION")
_PROTOCOLS = ("version=1", "version=2")
_REFUSED = 128


def serve(words: Sequence[str], environment: Mapping[str, str], repository: Path) -> NoReturn:
    """Become the service that was asked for; one line on stderr and exit status 128 where that is refused.

    words: the host to which the key is bound, as authorized_keys says it, and nothing after it.
    """
    if len(words) != 1 or not HOST.fullmatch(words[0]):
        _refuse("authorized_keys must name one host after this program")
    host, asked = words[0], environment.get("SSH_ORIGINAL_COMMAND", "")
    service = asked_service(asked, repository)
    if service is None:
        what = shown(asked) if asked else "a shell"
        _refuse(f"the key of {host} is for git fetch and push on {repository} alone, not for {what}")
    try:
        os.execvpe("git", ["git", service, str(repository)], surroundings(environment, host))  # noqa: S606 - every word is ours
    except OSError as absent:
        _refuse(f"git cannot be run on the hub: {absent}")


def asked_service(asked: str, repository: Path) -> str | None:
    """Return git's word for what a client asks for; None for what is no service, or for another place."""
    try:
        words = shlex.split(asked)
    except ValueError:
        return None
    if words[:1] == ["git"]:
        words = [f"git-{words[1]}", *words[2:]] if len(words) > 1 else []
    services = {f"git-{service}": service for service in SERVICES}
    if len(words) != 2 or words[0] not in services or not _is(repository, words[1]):
        return None
    return services[words[0]]


def surroundings(environment: Mapping[str, str], host: str) -> dict[str, str]:
    """Return the environment of the service: nothing that a client may have sent but the version of git's protocol."""
    kept = {name: environment[name] for name in _KEPT if name in environment}
    if environment.get("GIT_PROTOCOL") in _PROTOCOLS:
        kept["GIT_PROTOCOL"] = environment["GIT_PROTOCOL"]
    return {"PATH": os.defpath, **kept, "LC_ALL": "C", BOUND: host}


def _is(repository: Path, spelled: str) -> bool:
    """Whether a path is this repository's, as git itself would find it; sshd starts us in the login's own folder."""
    if not spelled or "\0" in spelled:
        return False
    plain = LOGINS_FOLDER.sub("", spelled)
    spellings = (plain, f"{plain.rstrip('/')}.git")
    return any(os.path.realpath(spelling) == os.path.realpath(repository) for spelling in spellings)


def _refuse(why: str) -> NoReturn:
    sys.stderr.write(f"sage-hub: {why}\n")
    raise SystemExit(_REFUSED)
