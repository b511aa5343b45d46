"""What a proxy between this machine and the hub answers: its no is not the hub's, and asks for no token.

407            it wants a login, which belongs into the variable that names it
other, CONNECT it lets nobody through to the hub
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sage_edge.errors import HubRefused
from sage_edge.hints import sage
from sage_edge.models.download import hub_environment

WANTS_LOGIN = 407
_STATUS = re.compile(r"\d{3}(?!\d)")


def login_wanted(endpoint: str, env: Mapping[str, str]) -> HubRefused:
    """Return the refusal of a proxy that does not know this machine. endpoint: of the hub behind it."""
    name = hub_environment.proxy_for(endpoint, env)
    where = name or "HTTPS_PROXY"
    return HubRefused(
        f"the proxy {f'of the variable {name}' if name else 'on the way to the hub'} wants another login (status 407)",
        hint=(
            f"write the proxy's own login into {where}: http://NAME:PASSWORD@HOST:PORT; then: ",
            sage("model prepare", "REF"),
        ),
    )


def status(answer: str) -> int | None:
    """Return the status with which a proxy refused a connection, as the library tells it; None where it had none."""
    match = _STATUS.match(answer)
    return int(match[0]) if match else None


def why(answer: str) -> str:
    """Return what a proxy did, in words that cannot hold its own."""
    number = status(answer)
    return "the proxy makes no connection" + (f" (status {number})" if number else "")


def through(endpoint: str, env: Mapping[str, str]) -> str:
    """Return by which way a hub was asked, for the end of a sentence; empty for the straight one."""
    name = hub_environment.proxy_for(endpoint, env)
    return f", asked through the proxy of {name}" if name else ""
