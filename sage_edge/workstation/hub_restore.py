"""Give a hub the branches of a backup: where it is a folder here, or over its administrator's ssh; else by hand.

The hub is made before (`sage-edge exchange init`), so its doorkeeper is there. It only goes forward: what it holds and
the backup has not stays, and a branch that would go back is refused.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from sage_edge import hints, shell
from sage_edge.exchange import commands, hub_address
from sage_edge.remote.board.helper_zipapp import AS_ROOT
from sage_edge.remote.ssh.client import connect
from sage_edge.shell import Command, Result
from sage_edge.workstation import packed_state
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.errors import BackupDamaged, HubNotRestored

_FETCH_S = 600.0
_THERE = """set -eu; umask 022; folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; chmod 755 "$folder"
cat > "$folder/hub.bundle"; login=$1; shift; cd "$(getent passwd "$login" | cut -d: -f6)"
runuser -u "$login" -- "$@" "$folder/hub.bundle" "$refs"
"""


def restored(here: FleetContext, folder: Path) -> None:
    """Give this fleet's hub what a backup holds of it. Raises BackupDamaged, HubNotRestored, Unreachable."""
    backup = packed_state.read(folder)
    if backup.hub is None:
        raise BackupDamaged(str(folder), "it was made without the hub's branches")
    bundle = folder / packed_state.HUB
    ran = _ran(here, bundle)
    if ran.code != 0:
        raise HubNotRestored(here.fleet.remote, (ran.complaint or f"exit {ran.code}")[-300:])


def _ran(here: FleetContext, bundle: Path) -> Result:
    fleet, hub = here.fleet, hub_address.over_ssh(here.fleet.remote)
    if hub is None:
        place = fleet.remote.removeprefix("file://")
        return shell.attempt(Command(commands.unbundle(place, str(bundle.absolute())), timeout_s=_FETCH_S))
    *words, _, refs = commands.unbundle(hub.path, "")
    if fleet.hub_administrator is None or hub.login is None:
        by_hand = shlex.join(commands.unbundle(hub.path, packed_state.HUB))
        raise HubNotRestored(fleet.remote, f"fleet.yaml names no administrator; copy {bundle} there, then: {by_hand}")
    with connect(here.addresses, fleet.hub_administrator) as remote, bundle.open("rb") as stream:
        script = _THERE.replace("$refs", refs)
        return remote.run(AS_ROOT, "sh", "-c", script, "sage-edge", hub.login, *words, stdin=stream, timeout_s=_FETCH_S)


def line(folder: Path) -> str:
    """What people read."""
    check = hints.text(hints.invoke("status", all=True))
    return f"the hub has the branches of {folder}; each host goes on with its next wake: {check}"
