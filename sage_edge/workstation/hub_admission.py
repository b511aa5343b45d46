"""Let the exchange know a host by its key, or no more: over its administrator's ssh where fleet.yaml names one.

Without an administrator a person is told what to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from sage_edge.exchange import hub_address, hub_keys
from sage_edge.exchange.hub_gate import NAME
from sage_edge.inventory.fleet import Fleet
from sage_edge.names import HostName
from sage_edge.remote.board.helper_zipapp import AS_ROOT
from sage_edge.remote.ssh.client import connect
from sage_edge.sizes import counted
from sage_edge.workstation.errors import NotAdmitted

PYTHON = "python3"
"""The hub's own; hub_keys needs nothing else there."""

_ADMIT_S = 30.0


def admit(fleet: Fleet, addresses: Path, host: HostName, public: str, say: Callable[[str], None]) -> None:
    """Bind a host's key at the hub, or say which line does. Raises NotAdmitted, and what `connect` raises."""
    if fleet.hub_administrator is not None:
        changed, unbound = _over_ssh(fleet, addresses, host, "admit", public)
        if changed:
            say(f"its key is bound to {host} at the exchange")
        if unbound:
            say(
                f"look at the exchange: {counted(unbound, 'key')} there may push any branch, "
                "because no host stands with it"
            )
    elif fleet.overlay == "sim":
        from sage_edge import sim

        sim.admit(sim.SimPlace.of(fleet))
    else:
        say(_by_hand(fleet, host, public))


def dismiss(fleet: Fleet, addresses: Path, host: HostName, public: str, say: Callable[[str], None]) -> str:
    """Take a host's keys away at the hub; return what is left to do by hand, nothing where all of it is done.

    public: its key, empty where nobody knows it. Raises as `admit`.
    """
    if fleet.hub_administrator is not None:
        changed, _ = _over_ssh(fleet, addresses, host, "drop", *([public] if public else []))
        say("its key is let in at the exchange no more" if changed else "the exchange lets no key of it in")
        return ""
    if fleet.overlay == "sim":
        from sage_edge import sim

        sim.dismiss(sim.SimPlace.of(fleet), host)
        say("its key is let in at the exchange no more")
        return ""
    hub = hub_address.over_ssh(fleet.remote)
    if hub is None:
        key = f"the key {public}" if public else "its key"
        return f"let the exchange {fleet.remote} forget {key}, where it was told one"
    line = hub_keys.line(f"{hub.path}/{NAME}", host, public) if public else f"the line of `{NAME} {host}`"
    return f"remove from authorized_keys of {hub.login or 'its login'} on {hub.machine}: {line}"


def _by_hand(fleet: Fleet, host: HostName, public: str) -> str:
    hub = hub_address.over_ssh(fleet.remote)
    if hub is None:
        return f"let the exchange accept its key: {public}"
    own = hub_keys.line(f"{hub.path}/{NAME}", host, public)
    return (
        f"let the exchange know it by its key; in authorized_keys of {hub.login or 'its login'} on {hub.machine}: {own}"
    )


def _over_ssh(fleet: Fleet, addresses: Path, host: HostName, verb: str, *public: str) -> tuple[bool, int]:
    """Let hub_keys do it there; return whether something changed, and how many keys are bound to nobody."""
    hub = hub_address.over_ssh(fleet.remote)
    if hub is None or hub.login is None or fleet.hub_administrator is None:
        raise NotAdmitted(host, f"{fleet.remote} does not say as whom hosts come in over ssh")
    source = Path(hub_keys.__file__).read_bytes()
    with connect(addresses, fleet.hub_administrator) as remote:
        words = (PYTHON, "-I", "-S", "-", verb, hub.login, hub.path, host, *public)
        ran = remote.run(AS_ROOT, *words, stdin=source, timeout_s=_ADMIT_S)
    try:
        answer = json.loads(ran.text.splitlines()[-1] if ran.code == 0 else "{}")
        return bool(answer["changed"]), int(answer["unbound"])
    except (ValueError, LookupError, TypeError):
        raise NotAdmitted(host, ran.complaint[-300:] or f"it said {ran.text[-100:]!r}, exit {ran.code}") from None
