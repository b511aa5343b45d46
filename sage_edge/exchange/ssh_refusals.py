"""Where ssh stopped on its way to the hub, as a sentence and a next step: which side, which file, which key."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping

from sage_edge.exchange import hub_look
from sage_edge.hints import Hint, invoke
from sage_edge.names import HostName
from sage_edge.ssh_log import SshStop, Stopped

PASSING: Mapping[SshStop, str] = {
    "name": "on the way: is the name in fleet/fleet.yaml right, and does this host's DNS work?",
    "port": "on the way: is the hub on, does its sshd listen on that port, and is there a route?",
    "silent": "the hub's machine listens and says nothing: is it overloaded, or something else on that port?",
    "no-ssh": "what listens there speaks no ssh or hangs up at once: is it the hub's port, and is its sshd well?",
}
"""What may pass by itself, with what a person may look at meanwhile."""

_CONSOLE = "compare at the hub's own console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; only if they agree, "


def refusal(host: HostName, stop: Stopped) -> tuple[str, Hint]:
    """Return what only a person can mend as (sentence, next step), for stops not in PASSING. host: whose ssh it was."""
    words, step = _REFUSALS[stop.at](stop)
    pinned = stop.at in ("host-unknown", "host-changed", "host-revoked")
    return words, (step, "; on a board then: ", invoke("provision", host=host)) if pinned else step


def _pinned() -> str:
    """Where the exchange's ssh looks for the hub's key."""
    named = re.search(r"UserKnownHostsFile=(\S+)", hub_look.ssh_command())
    return named[1].strip("\"'") if named else "the file that ssh reads (known_hosts)"


def _unknown(stop: Stopped) -> tuple[str, str]:
    file, host = _pinned(), stop.host or "the hub"
    words = f"{file} of this host holds no key of {host}, which shows {stop.shown or 'one'}; nothing was sent"
    return words, f"{_CONSOLE}add its line to {file}, or to fleet/known_hosts"


def _changed(stop: Stopped) -> tuple[str, str]:
    file = stop.file or _pinned()
    words = f"the hub shows key {stop.shown}, and {file} of this host pins another; nothing was sent"
    return words, f"{_CONSOLE}replace the line of {file}, or of fleet/known_hosts"


def _revoked(stop: Stopped) -> tuple[str, str]:
    return (
        f"the hub shows key {stop.shown}, which {_pinned()} of this host marks as revoked; nothing was sent",
        "whoever holds the old key may stand between: renew the hub's key there, then pin the new one",
    )


def _no_user(stop: Stopped) -> tuple[str, str]:
    return (
        f"ssh on this host was not started: {stop.words}",
        "run as a user whom /etc/passwd names, in a container too: ssh needs the name of its user id",
    )


def _config(stop: Stopped) -> tuple[str, str]:
    return (
        f"ssh on this host cannot read its own configuration: {stop.words}",
        f"mend {stop.file or 'it'}, then see: ssh -G HOST",
    )


def _key_file(stop: Stopped) -> tuple[str, str]:
    return (
        f"ssh on this host cannot use its key {stop.file}: {stop.words}",
        f"it must be the private half, and readable by its owner alone: chmod 600 {shlex.quote(stop.file)}",
    )


def _key_locked(stop: Stopped) -> tuple[str, str]:
    return (
        f"the hub takes this host's key {stop.file}, but nobody is here to type its passphrase",
        f"name a key without one in GIT_SSH_COMMAND, or load it: ssh-add {shlex.quote(stop.file)}",
    )


def _agent(stop: Stopped) -> tuple[str, str]:
    return (
        f"the hub takes key {stop.file}, but the ssh-agent of this host does not sign with it",
        "unlock or confirm it, see: ssh-add -l; or name a key file in GIT_SSH_COMMAND",
    )


def _no_key(stop: Stopped) -> tuple[str, str]:
    return (
        f"ssh on this host has no key to offer; it looked for {', '.join(stop.keys) or 'none'}",
        "name this host's key in GIT_SSH_COMMAND (`invoke provision` makes a board's), and add its .pub on the hub",
    )


def _too_many(stop: Stopped) -> tuple[str, str]:
    return (
        f"the hub hung up after {len(stop.keys)} keys of this host: {', '.join(stop.keys)}",
        "offer the right one alone: ssh -i KEY -o IdentitiesOnly=yes in GIT_SSH_COMMAND",
    )


def _algorithm(stop: Stopped) -> tuple[str, str]:
    return (
        f"this host's ssh and the hub's sshd have no algorithm in common: {stop.words}",
        "renew the older of the two, or mend HostKeyAlgorithms, KexAlgorithms or Ciphers where they are set",
    )


def _account(stop: Stopped) -> tuple[str, str]:
    return (
        f"the hub takes a key of this host for its account {stop.user}, and hangs up: {stop.words}",
        "on the hub, see whether that account has expired or is locked: chage -l ACCOUNT; passwd -S ACCOUNT",
    )


def _denied(stop: Stopped) -> tuple[str, str]:
    return (
        f"the hub opens its account {stop.user} to none of this host's keys: {', '.join(stop.keys)}",
        "give this host its key on the hub: add the .pub to the account's authorized_keys there, or mend the account",
    )


_REFUSALS: Mapping[SshStop, Callable[[Stopped], tuple[str, str]]] = {
    "no-user": _no_user,
    "config": _config,
    "key-file": _key_file,
    "key-locked": _key_locked,
    "agent": _agent,
    "no-key": _no_key,
    "host-unknown": _unknown,
    "host-changed": _changed,
    "host-revoked": _revoked,
    "too-many": _too_many,
    "algorithm": _algorithm,
    "account": _account,
    "denied": _denied,
}
