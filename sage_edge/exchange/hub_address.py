"""The hub's address, taken apart where it is reached over ssh: `ssh://git@hub:22/srv/git/x.git`, `git@hub:x.git`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sage_edge.exchange.hub_gate import LOGINS_FOLDER

_SCP = re.compile(r"(?P<to>(?:[^@/:]+@)?(?:\[[^]]+\]|[^/:\[\]]+)):(?P<path>.+)", re.DOTALL)
"""As scp spells it: no slash before the first colon, else git takes it for a folder."""


@dataclass(frozen=True)
class SshPlace:
    """A remote as git hands it to ssh: options (a port), destination, path on the hub."""

    options: tuple[str, ...]
    destination: str
    path: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which ssh asks known_hosts for its key: with the port, if it is another one, and without."""
        machine, port = self.destination.rpartition("@")[2], "".join(self.options[1:])
        return (f"[{machine}]:{port}", machine) if port not in ("", "22") else (machine,)


def place_of(remote: str) -> SshPlace | None:
    """Return what git makes of a remote that it reaches over ssh; None for any other."""
    if "://" in remote:
        address = urlsplit(remote)
        if address.scheme not in ("ssh", "git+ssh", "ssh+git"):
            return None
        login, _, where = address.netloc.rpartition("@")
        host, port = _parted(where)
        path = unquote(address.path)
        to = f"{unquote(login)}@{host}" if login else host
        return SshPlace(("-p", port) if port else (), to, path[1:] if path.startswith("/~") else path)
    match = _SCP.fullmatch(remote)
    if match is None:
        return None
    login, _, where = match["to"].rpartition("@")
    host, port = _parted(where.strip("[]")) if where.startswith("[") and where.count(":") == 1 else (where, "")
    return SshPlace(
        ("-p", port) if port else (), f"{login}@{host.strip('[]')}" if login else host.strip("[]"), match["path"]
    )


def _parted(where: str) -> tuple[str, str]:
    """(host, port or nothing) of `host:port` or `[host]:port`."""
    host, colon, port = where.rpartition(":")
    return (host.strip("[]"), port) if colon and port.isdecimal() and "]" not in port else (where.strip("[]"), "")


@dataclass(frozen=True)
class HubAddress:
    """login: as whom every host comes in; None: the address does not say. path: absolute, or below the login's home."""

    login: str | None
    machine: str
    path: str


def over_ssh(remote: str) -> HubAddress | None:
    """Return where a hub is that is reached over ssh; None for a folder, and for what is reached in another way."""
    place = place_of(remote)
    login, _, machine = place.destination.rpartition("@") if place else ("", "", "")
    return HubAddress(login or None, machine, LOGINS_FOLDER.sub("", place.path)) if place and machine else None
