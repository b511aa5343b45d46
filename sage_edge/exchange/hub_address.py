"""The hub's address, taken apart where it is reached over ssh: `ssh://git@hub:22/srv/git/x.git`, `git@hub:x.git`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sage_edge.exchange.hub_gate import LOGINS_FOLDER

_SHORT = re.compile(r"(?:([^@/:]+)@)?(\[[^\]/]+\]|[^@:/\[]+):(.*)", re.DOTALL)
"""As scp spells it: no slash before the first colon, else git takes it for a folder."""


@dataclass(frozen=True)
class HubAddress:
    """login: as whom every host comes in; None: the address does not say. path: absolute, or below the login's home."""

    login: str | None
    machine: str
    path: str


def over_ssh(remote: str) -> HubAddress | None:
    """Return where a hub is that is reached over ssh; None for a folder, and for what is reached in another way."""
    if "://" in remote:
        parts = urlsplit(remote)
        if parts.scheme not in ("ssh", "git+ssh", "ssh+git") or not parts.hostname:
            return None
        path = unquote(parts.path)
        path = LOGINS_FOLDER.sub("", path[1:]) if LOGINS_FOLDER.match(path[1:]) else path
        return HubAddress(unquote(parts.username) if parts.username else None, parts.hostname, path)
    match = _SHORT.fullmatch(remote)
    return HubAddress(match[1], match[2].strip("[]"), LOGINS_FOLDER.sub("", match[3])) if match else None
