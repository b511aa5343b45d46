"""Where ssh stopped, as a sentence and a next step: which side, which file, which key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sage_edge.hints import quoted
from sage_edge.ssh_log import SshStop, Stopped

PASSING: Mapping[SshStop, str] = {
    "name": "on the way: is the name right, and does this host's DNS work?",
    "port": "on the way: is it on, does its sshd listen on that port, and is there a route?",
    "silent": "the other machine listens and says nothing: is it overloaded, or something else on that port?",
    "no-ssh": "what listens there speaks no ssh or hangs up at once: is it the right port, and is its sshd well?",
}
"""What may pass by itself, with what a person may look at meanwhile."""


@dataclass(frozen=True)
class SshSides:
    """The two sides of a connection. there: what the other one is called; pinned: the file that holds its key here.

    setting: where it is said which key of ours is offered.
    """

    there: str
    pinned: str
    setting: str


def refusal(stop: Stopped, sides: SshSides) -> tuple[str, str]:
    """Return what only a person can mend, as (sentence, next step). stop: none of PASSING, and not "inside"."""
    return _REFUSALS[stop.at](stop, sides)


def _console(there: str) -> str:
    return f"compare at the console of {there}: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; only if they agree, "


def _unknown(stop: Stopped, sides: SshSides) -> tuple[str, str]:
    names = f" as {stop.host}" if stop.host else ""
    words = f"{sides.pinned} holds no key of {sides.there}{names}, which shows {stop.shown or 'one'}; nothing was sent"
    return words, f"{_console(sides.there)}add its line to {sides.pinned}"


def _changed(stop: Stopped, sides: SshSides) -> tuple[str, str]:
    file = stop.file or sides.pinned
    words = f"{sides.there} shows key {stop.shown}, and {file} of this host pins another; nothing was sent"
    return words, f"{_console(sides.there)}replace the line of {file}"


def _revoked(stop: Stopped, sides: SshSides) -> tuple[str, str]:
    return (
        f"{sides.there} shows key {stop.shown}, which {sides.pinned} marks as revoked; nothing was sent",
        "whoever holds the old key may stand between: renew the key there, then pin the new one",
    )


def _no_user(stop: Stopped, sides: SshSides) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return (
        f"ssh on this host was not started: {stop.words}",
        "run as a user whom /etc/passwd names, in a container too: ssh needs the name of its user id",
    )


def _config(stop: Stopped, sides: SshSides) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return (
        f"ssh on this host cannot read its own configuration: {stop.words}",
        f"mend {stop.file or 'it'}, then see: ssh -G HOST",
    )


def _key_file(stop: Stopped, sides: SshSides) -> tuple[str, str]:
    return (
        f"ssh on this host cannot use its key {stop.file} for {sides.there}: {stop.words}",
        f"it must be the private half, and readable by its owner alone: chmod 600 {quoted(stop.file)}",
    )


def _key_locked(stop: Stopped, sides: SshSides) -> tuple[str, str]:
    return (
        f"{sides.there} takes this host's key {stop.file}, but nobody is here to type its passphrase",
        f"name a key without one in {sides.setting}, or load it: ssh-add {quoted(stop.file)}",
    )


def _agent(stop: Stopped, sides: SshSides) -> tuple[str, str]:
    return (
        f"{sides.there} takes key {stop.file}, but the ssh-agent of this host does not sign with it",
        f"unlock or confirm it, see: ssh-add -l; or name a key file in {sides.setting}",
    )


def _no_key(stop: Stopped, sides: SshSides) -> tuple[str, str]:
    return (
        f"ssh on this host has no key to offer to {sides.there}; it looked for {', '.join(stop.keys) or 'none'}",
        f"name this host's key in {sides.setting}, and add its .pub to the account's authorized_keys there",
    )


def _too_many(stop: Stopped, sides: SshSides) -> tuple[str, str]:
    return (
        f"{sides.there} hung up after {len(stop.keys)} keys of this host: {', '.join(stop.keys)}",
        f"offer the right one alone: name it in {sides.setting}, with IdentitiesOnly=yes",
    )


def _algorithm(stop: Stopped, sides: SshSides) -> tuple[str, str]:
    return (
        f"this host's ssh and the sshd of {sides.there} have no algorithm in common: {stop.words}",
        "renew the older of the two, or mend HostKeyAlgorithms, KexAlgorithms or Ciphers where they are set",
    )


def _account(stop: Stopped, sides: SshSides) -> tuple[str, str]:
    return (
        f"{sides.there} takes a key of this host for its account {stop.user}, and hangs up: {stop.words}",
        "see there whether that account has expired or is locked: chage -l ACCOUNT; passwd -S ACCOUNT",
    )


def _denied(stop: Stopped, sides: SshSides) -> tuple[str, str]:
    return (
        f"{sides.there} opens its account {stop.user} to none of this host's keys: {', '.join(stop.keys)}",
        "give this host its key there: add the .pub to the account's authorized_keys, or mend the account's name",
    )


_REFUSALS: Mapping[SshStop, Callable[[Stopped, SshSides], tuple[str, str]]] = {
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
