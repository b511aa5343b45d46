"""What stands for something else in a path of ssh_config: `~`, `%h` and the like, `${HOME}`.

`ssh -G` prints these paths as they are written, and ssh puts in what they stand for when it opens them (ssh_config(5),
TOKENS and ENVIRONMENT VARIABLES).
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import socket
from collections.abc import Mapping
from pathlib import Path

_HOME = re.compile(r"^~([^/]*)")
_TOKEN = re.compile(r"%(.?)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class UnknownToken(ValueError):
    """A path names something that ssh does not put in there."""


def of(host: str, settings: Mapping[str, str]) -> Mapping[str, str]:
    """Return token → what it stands for. host: as it was typed; settings: what `ssh -G` says."""
    person, here = pwd.getpwuid(os.getuid()), socket.gethostname()
    hostname, port, user = settings["hostname"], settings["port"], settings["user"]
    # ssh's own name for a connection, not a protection
    connection = hashlib.sha1(f"{here}{hostname}{port}{user}".encode(), usedforsecurity=False).hexdigest()
    return {
        "%": "%",
        "C": connection,
        "d": person.pw_dir,
        "h": hostname,
        "i": str(os.getuid()),
        "j": "",
        "k": settings.get("hostkeyalias") or host,
        "L": here.partition(".")[0],
        "l": here,
        "n": host,
        "p": port,
        "r": user,
        "u": person.pw_name,
    }


def path(text: str, meant: Mapping[str, str]) -> Path:
    """Return the path that a text stands for. meant: as `of` returns it. Raises UnknownToken."""
    return Path(_TOKEN.sub(lambda match: _put_in(match, meant), _VARIABLE.sub(_variable, _home(text))))


def _home(text: str) -> str:
    """`~/x` and `~user/x`, where the system says that these are, whatever $HOME says."""
    match = _HOME.match(text)
    if match is None:
        return text
    try:
        person = pwd.getpwnam(match[1]) if match[1] else pwd.getpwuid(os.getuid())
    except KeyError:
        raise UnknownToken(f"there is no user {match[1]}") from None
    return person.pw_dir + text[match.end() :]


def _variable(match: re.Match[str]) -> str:
    if match[1] not in os.environ:
        raise UnknownToken(f"the variable {match[1]} is not set")
    return os.environ[match[1]]


def _put_in(match: re.Match[str], meant: Mapping[str, str]) -> str:
    if match[1] not in meant:
        raise UnknownToken(f"{match[0]} stands for nothing")
    return meant[match[1]]
