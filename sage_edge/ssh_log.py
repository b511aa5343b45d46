"""What ssh itself says of a connection that failed, as a value: where it stopped, at which file, with which keys.

ssh ends with 255 for everything, and on stderr its words stand between those of the other side: a banner or a login
shell may print "Permission denied", too. `ssh -v -E FILE` writes its own words into FILE and nothing else there, in
English; what stands at the start of such a line is ssh's, whatever the other side put behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sage_edge import sanitize

SshStop = Literal[
    "no-user",  # here: the user id that runs ssh has no name
    "config",  # here: ssh's configuration
    "key-file",  # here: a private key cannot be used
    "key-locked",  # here: a private key has a passphrase, and nobody is there to type it
    "agent",  # here: the ssh-agent does not sign
    "no-key",  # here: there is no key to offer
    "host-unknown",  # here: no key of the other side is pinned
    "host-changed",  # there: it shows another key than the pinned one
    "host-revoked",  # there: it shows a key that is marked as revoked
    "name",  # on the way: the name does not resolve
    "port",  # on the way: nobody listens, or no route
    "silent",  # there: it listens and says nothing
    "no-ssh",  # there: it speaks no ssh, or ends at once
    "algorithm",  # between: no algorithm in common
    "too-many",  # there: it ended after too many keys
    "account",  # there: it took a key, and hung up: the account may not be used
    "denied",  # there: none of the keys opens the account
    "inside",  # there: we were let in; what failed is behind sshd
]
"""Where a connection stopped."""

LONGEST = 300


@dataclass(frozen=True)
class Stopped:
    """words: ssh's own line, inert. file: the one that is to be mended, with its line where ssh says it.

    host, user: as ssh called them. keys: what was offered, as `file TYPE fingerprint`. shown: the other side's key.
    """

    at: SshStop
    words: str
    file: str = ""
    host: str = ""
    user: str = ""
    keys: tuple[str, ...] = ()
    shown: str = ""


_OWN_LINES: tuple[tuple[SshStop, str], ...] = (
    ("no-user", r"No user exists for uid \d+"),
    ("config", r"(?P<file>[^:]+?):? line \d+: .*"),
    ("config", r"(?:Bad owner or permissions on|Can't open user config file) (?P<file>[^:]+).*"),
    ("name", r"(?:ssh: )?Could not resolve hostname (?P<host>\S+): .*"),
    ("port", r"(?:ssh: )?connect to (?:host )?(?P<host>\S+) port \S+: .*"),
    ("silent", r"Connection timed out during banner exchange"),
    ("silent", r"Timeout, server .* not responding\."),
    ("algorithm", r"Unable to negotiate with (?P<host>\S+) .*"),
    ("host-revoked", r"\S+ host key for (?P<host>\S+) was revoked .*"),
    ("host-changed", r"Host key for (?P<host>\S+) has changed .*"),
    ("host-unknown", r"No \S+ host key is known for (?P<host>\S+) .*"),
    ("host-unknown", r"Host key verification failed\."),
    ("too-many", r"(?:Received disconnect from|Disconnected from) (?P<host>\S+).*Too many authentication failures"),
    ("agent", r"sign_and_send_pubkey: signing failed for \S+ \"(?P<file>.*)\" from agent.*"),
    ("key-file", r"Load key \"(?P<file>.*?)\": .*"),
    ("denied", r"(?P<user>[^@]*)@(?P<host>\S+): Permission denied \(.*"),
)
_SPOKEN = tuple((stop, re.compile(pattern)) for stop, pattern in _OWN_LINES)
_HOW = r"(?: explicit| agent| token)*"
_INSIDE = re.compile(r"Authenticated to (?P<host>\S+) .*")
_USER = re.compile(r"debug1: Authenticating to \S+ as '(.*)'")
_SHOWN = re.compile(r"debug1: Server host key: (\S+ \S+)")
_OFFERED = re.compile(rf"debug1: Offering public key: (.+?){_HOW}")
_ACCEPTED = re.compile(rf"debug1: Server accepts key: (.+?) [A-Z0-9-]+ \S+?{_HOW}")
_TRIED = re.compile(r"debug1: Trying private key: (.+)")
_OFFENDING = re.compile(r"Offending \S+ key in (.+:\d+)")
_ENDED = re.compile(r"debug1: Exit status (-?\d+)")


def stopped(log: str) -> Stopped | None:
    """Return where a connection stopped by ssh's own log of it; None for a log that does not say."""
    lines = _lines(log)
    inside = _firsts(_INSIDE, lines)
    stop = Stopped("inside", inside[0][0], host=inside[0]["host"]) if inside else _first_stop(lines)
    return _completed(stop, lines) if stop else None


def exit_status(log: str) -> int | None:
    """Return the exit status of what ran on the other side; None where it did not run, or was cut off."""
    ended = _firsts(_ENDED, _lines(log))
    return int(ended[0][1]) if ended else None


def _lines(log: str) -> list[str]:
    return [line.rstrip("\r") for line in log.split("\n")]


def _first_stop(lines: list[str]) -> Stopped | None:
    spoken = [line for line in lines if line and not line.startswith(("debug", "OpenSSH_"))]
    for stop, pattern in _SPOKEN:
        for match in _firsts(pattern, spoken):
            named = match.groupdict(default="")
            return Stopped(stop, match[0], named.get("file", ""), named.get("host", ""), named.get("user", ""))
    if "debug1: Connection established." not in lines:
        return None
    at: SshStop = "account" if _firsts(_ACCEPTED, lines) else "no-ssh"
    return Stopped(at, spoken[-1] if spoken else "it ended without a word")


def _completed(stop: Stopped, lines: list[str]) -> Stopped:
    offered, accepted, tried = (_named(pattern, lines) for pattern in (_OFFERED, _ACCEPTED, _TRIED))
    shown, user, offending = (_named(pattern, lines) for pattern in (_SHOWN, _USER, _OFFENDING))
    at, file = stop.at, stop.file or (offending[0] if stop.at.startswith("host-") and offending else "")
    if at == "denied" and accepted:
        at, file = "key-locked", accepted[-1]
    elif at == "denied" and not offered:
        at = "no-key"
    keys = offered or (tried if at == "no-key" else ())
    return Stopped(
        at,
        _inert(stop.words),
        _inert(file),
        _inert(stop.host),
        _inert(stop.user or "".join(user[:1])),
        keys,
        "".join(shown[:1]),
    )


def _firsts(pattern: re.Pattern[str], lines: list[str]) -> list[re.Match[str]]:
    return [match for line in lines if (match := pattern.fullmatch(line))]


def _named(pattern: re.Pattern[str], lines: list[str]) -> tuple[str, ...]:
    """What the pattern's group holds, once each."""
    return tuple(dict.fromkeys(_inert(match[1]) for match in _firsts(pattern, lines)))


def _inert(text: str) -> str:
    return sanitize.one_line(text)[:LONGEST]
