"""Why a host did not let us in, as OpenSSH sees it: it is asked once more, with the same files, and its log is read."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sage_edge import shell, ssh_log, ssh_refusals
from sage_edge.errors import SageError, Unreachable
from sage_edge.hints import ssh as ssh_command
from sage_edge.paths import shown
from sage_edge.remote.errors import AccessDenied
from sage_edge.remote.ssh import config
from sage_edge.remote.ssh.config import Address
from sage_edge.ssh_log import SshStop
from sage_edge.ssh_refusals import SshSides

_LOOK_S = 2.0 * config.CONNECT_S


def reason(address: Address, refused: str) -> SageError:
    """Return the error for a host that hung up on us or took none of our keys. refused: what our own side says."""
    with tempfile.TemporaryDirectory(prefix="sage-ssh-") as folder:
        log = Path(folder) / "log"
        words = (*config.ssh(address.fleet), "-v", "-E", str(log), address.host, "true")
        seen = shell.attempt(shell.Command(words, _LOOK_S, env={"LC_ALL": "C"}))
        stop = ssh_log.stopped(log.read_text("utf-8", "replace") if log.is_file() else seen.complaint)
    if stop is None:
        return unreachable(address, refused, "silent")
    if stop.at in ssh_refusals.PASSING:
        return unreachable(address, stop.words, stop.at)
    if stop.at == "inside":
        why = f"{address} lets ssh in, and this program cannot do the same: {refused}"
        return AccessDenied(address.host, why, "name a key of ed25519, ECDSA or RSA in ssh_config")
    sides = SshSides(str(address), shown(address.known_hosts), shown(address.fleet / config.CONFIG))
    return AccessDenied(address.host, *ssh_refusals.refusal(stop, sides))


def unreachable(address: Address, why: str, at: SshStop = "port") -> Unreachable:
    """Return the error for a host that does not answer. at: where it stopped, one of those that may pass."""
    return Unreachable(
        f"{address} does not answer: {why.strip()[:300]}",
        hint=(f"{ssh_refusals.PASSING[at]} ", ssh_command(address.host, "true")),
    )
