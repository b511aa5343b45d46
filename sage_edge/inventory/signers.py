"""Who signs what: `allowed_signers` beside the fleet's known_hosts. git and `ssh-keygen -Y verify` read it as it is.

    # a comment
    sprout namespaces="git" ssh-ed25519 AAAA… after=0a1b…
    sprout namespaces="git" ssh-ed25519 BBBB… after=77aa…
    desk namespaces="git,sage-release" ssh-ed25519 CCCC… after=start counters=0-

One line is one key of one host; a host's lines stand in the order in which its keys came. OpenSSH ignores what follows
the key, and there our words stand. None of them is a date, because a board may not know the date:

    after=<commit|start>    behind this commit of host/<host> every commit is signed
    until=<commit|start>    behind this commit the key counts no more; `start`: it never counted
    counters=<n>-[<n>]      from which counter of a release the key counts, and to which; only with sage-release

Behind the first line's `after` a commit is signed by a key that has begun and has not ended, and keys only ever move
forward: once a later key has signed, an earlier one is refused. So a rotation needs no `until`, only a loss does.
A host without a line signs what it likes: nothing of it is checked.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sage_edge import files
from sage_edge.names import HostName

FILE = "allowed_signers"
OPERATOR_KEY = "operator_key"
"""The operator's private key beside the addresses of machines that have addresses of their own."""

START = "start"
COMMITS, RELEASES = "git", "sage-release"
"""Namespaces: what a signature is for, so that it passes for nothing else."""

LIMIT_BYTES = 100_000
KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com")

_LINE = re.compile(
    r'(?P<host>\S+) namespaces="(?P<spaces>[a-z,-]+)" (?P<kind>\S+) (?P<body>[A-Za-z0-9+/=]+)(?P<rest>.*)'
)
_COMMIT = re.compile(r"start|[0-9a-f]{40}")
_COUNTERS = re.compile(r"(?P<first>\d{1,9})-(?P<last>\d{1,9})?")


@dataclass(frozen=True)
class Signer:
    """One line. key: `kind base64`; after, until: a commit or `start`; counters: the first and the last, both count."""

    host: HostName
    namespaces: tuple[str, ...]
    key: str
    after: str
    until: str | None = None
    counters: tuple[int, int | None] | None = None

    @property
    def fingerprint(self) -> str:
        """How ssh-keygen names the key: `SHA256:…`."""
        return fingerprint(self.key)

    def __str__(self) -> str:
        """The line."""
        words = [self.host, f'namespaces="{",".join(self.namespaces)}"', self.key, f"after={self.after}"]
        words += [f"until={self.until}"] if self.until else []
        if self.counters:
            first, last = self.counters
            words.append(f"counters={first}-{'' if last is None else last}")
        return " ".join(words)


def fingerprint(key: str) -> str:
    """Return how ssh-keygen names a key that is given as `kind base64`."""
    digest = hashlib.sha256(base64.b64decode(key.split(" ")[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Return number and content of each line that is one."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line


def parse(line: str) -> Signer:
    """Return what a line says. Raises ValueError, in words for people."""
    fits = _LINE.fullmatch(line)
    if fits is None:
        raise ValueError('expected: HOST namespaces="git" ssh-ed25519 KEY after=COMMIT')
    spaces = tuple(fits["spaces"].split(","))
    if set(spaces) - {COMMITS, RELEASES} or len(set(spaces)) < len(spaces):
        raise ValueError(f"expected the namespaces {COMMITS} and {RELEASES}, got {fits['spaces']}")
    _require_key(fits["kind"], fits["body"])
    words = dict(word.partition("=")[::2] for word in fits["rest"].split())
    signer = Signer(
        host=HostName(fits["host"]),
        namespaces=spaces,
        key=f"{fits['kind']} {fits['body']}",
        after=_commit(words.pop("after", ""), "after"),
        until=_commit(words.pop("until"), "until") if "until" in words else None,
        counters=_counters(words.pop("counters")) if "counters" in words else None,
    )
    if (signer.counters is not None) != (RELEASES in spaces):
        raise ValueError(f"counters=… stands with the namespace {RELEASES}, and only there")
    if words or str(signer) != line:
        raise ValueError(f"expected {str(signer).split(signer.key)[1].strip()!r} behind the key")
    return signer


def _require_key(kind: str, body: str) -> None:
    try:
        blob = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    if kind not in KINDS or blob[4 : 4 + len(kind)] != kind.encode() or blob[:4] != len(kind).to_bytes(4, "big"):
        raise ValueError(f"expected a public key of the kind {', '.join(KINDS)}")


def _commit(text: str, word: str) -> str:
    if not _COMMIT.fullmatch(text):
        raise ValueError(f"expected {word}=start or {word}= and the 40 hex digits of a commit")
    return text


def _counters(text: str) -> tuple[int, int | None]:
    fits = _COUNTERS.fullmatch(text)
    if fits is None or (fits["last"] is not None and int(fits["last"]) < int(fits["first"])):
        raise ValueError(f"expected counters=12- or counters=12-40, got {text!r:.40}")
    return int(fits["first"]), None if fits["last"] is None else int(fits["last"])


def read(folder: Path) -> str:
    """Return the text of a folder's allowed_signers; nothing where there is none. Raises ValueError, OSError."""
    try:
        return files.read_text(folder / FILE, at_most=LIMIT_BYTES, encoding="ascii")
    except FileNotFoundError:
        return ""


def added(text: str, signer: Signer) -> str:
    """Return the file's text with one more line; as it is where that key already stands there for its host."""
    if any((known.host, known.key) == (signer.host, signer.key) for known in map(parse, dict(lines(text)).values())):
        return text
    return text + ("" if not text or text.endswith("\n") else "\n") + f"{signer}\n"


def ended(text: str, host: str, until: str) -> str:
    """Return the file's text in which every key of a host that has not ended ends behind a commit, for good."""
    return _changed(text, host, lambda signer: signer if signer.until else replace(signer, until=until))


def counted_out(text: str, host: str, counter: int, but: str) -> str:
    """Return the file's text in which no key of a host but one (`kind base64`) counts for releases after a counter."""

    def close(signer: Signer) -> Signer:
        if signer.counters is None or signer.counters[1] is not None or signer.key == but:
            return signer
        return replace(signer, counters=(signer.counters[0], max(signer.counters[0], counter)))

    return _changed(text, host, close)


def _changed(text: str, host: str, change: Callable[[Signer], Signer]) -> str:
    known = {number: parse(line) for number, line in lines(text)}
    return "".join(
        f"{change(known[number]) if number in known and known[number].host == host else line}\n"
        for number, line in enumerate(text.splitlines(), start=1)
    )
