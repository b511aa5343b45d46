"""Which keys fleet/known_hosts pins for a host: OpenSSH reads the file (`ssh-keygen -F`), and nothing else does.

Names may be plain, hashed or with a port; `@revoked` takes a key away. What speaks for more than the hosts it names is
refused, though OpenSSH would take it: wildcards, exceptions, certificate authorities.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sage_edge import shell
from sage_edge.errors import CommandFailed, DeclarationError, Fault
from sage_edge.hints import quoted
from sage_edge.paths import shown

REVOKED = "@revoked"
_NOTE = re.compile(r"# Host .* found: line (\d+) ?(?:REVOKED)?\s*")
_BOM = "\ufeff"
KeyVerdict = Literal["pinned", "changed", "unknown", "revoked"]


@dataclass(frozen=True)
class HostKey:
    """One key as its line says it. line: its number; text: the line itself, without its comment."""

    line: int
    type: str
    blob: bytes
    text: str
    revoked: bool

    @property
    def fingerprint(self) -> str:
        """As ssh-keygen -l prints it."""
        return f"SHA256:{base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip('=')}"


@dataclass(frozen=True)
class PinnedKeys:
    """What the file says of one host: by its own name, and by its bare name where the own one holds a port.

    OpenSSH asks for `[host]:port` first, and for `host` only where the first names no key of the kind that is shown.
    """

    own: tuple[HostKey, ...]
    bare: tuple[HostKey, ...] = ()

    @property
    def trusted(self) -> tuple[HostKey, ...]:
        """Every key that may count."""
        return tuple(key for key in (*self.own, *self.bare) if not key.revoked)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of key that OpenSSH asks a host for first: those whose first key in the file is not revoked."""
        revoked = {key.blob for key in self.own if key.revoked}
        first = {key.type: key for key in reversed(self.own) if not key.revoked}
        return tuple(kind for kind, key in first.items() if key.blob not in revoked)

    def verdict(self, kind: str, blob: bytes) -> KeyVerdict:
        """Return what OpenSSH makes of a key that is shown. kind: its type, blob: its bytes."""
        first = _verdict(self.own, kind, blob)
        return _verdict(self.bare, kind, blob) if first == "unknown" else first


def _verdict(keys: Sequence[HostKey], kind: str, blob: bytes) -> KeyVerdict:
    if any(key.revoked and key.blob == blob for key in keys):
        return "revoked"
    of_kind = [key for key in keys if key.type == kind and not key.revoked]
    if any(key.blob == blob for key in of_kind):
        return "pinned"
    return "changed" if of_kind else "unknown"


def pinned(path: Path, name: str, bare: str | None = None) -> PinnedKeys:
    """Return the keys of a host. name: as ssh asks for it; bare: its name without a port, if it may be asked for, too.

    Raises DeclarationError, with every fault of the file, for lines that OpenSSH cannot read or that we do not take.
    """
    check(path)
    return PinnedKeys(_of(path, name), _of(path, bare) if bare else ())


def check(path: Path) -> None:
    """Raise DeclarationError, with every fault, for lines that name no key, and for those that we do not take."""
    faults = [Fault(shown(path), f"line {number}", why) for number, line in _lines(path) if (why := _odd(line))]
    if faults:
        raise DeclarationError(faults, hint=step(path))


def step(path: Path) -> str:
    """Return what to do about a file that cannot be read."""
    return f"mend the file, then see what is in it: ssh-keygen -lf {quoted(shown(path))}"


def _of(path: Path, name: str) -> tuple[HostKey, ...]:
    asked = shell.attempt(shell.Command(("ssh-keygen", "-F", name, "-f", str(path)), timeout_s=10, env={"LC_ALL": "C"}))
    if asked.code not in (0, 1):  # 1: no line of this host
        raise CommandFailed(("ssh-keygen", "-F", name), asked.code, asked.complaint)
    return tuple(_pairs(asked.out.decode("utf-8", "replace").split("\n")))


def _pairs(lines: Sequence[str]) -> Iterable[HostKey]:
    for note, line in itertools.pairwise(lines):
        number = _NOTE.fullmatch(note)
        words = _words(line)
        marked = words[:1] == [REVOKED]
        name, kind, key = (*words[marked:], "", "", "")[:3]
        if number and name and (blob := _blob(key)):
            yield HostKey(int(number[1]), kind, blob, " ".join((*words[:marked], name, kind, key)), marked)


def _lines(path: Path) -> list[tuple[int, str]]:
    """(number, line) of every line that OpenSSH does not take for a comment; it knows one end of lines."""
    lines = enumerate(path.read_bytes().decode("utf-8", "replace").split("\n"), start=1)
    return [(number, line) for number, line in lines if not _is_comment(line)]


def _is_comment(line: str) -> bool:
    text = line.strip(" \t\r")
    return not text or text.removeprefix(_BOM).lstrip(" \t").startswith("#")


def _words(line: str) -> list[str]:
    return re.split("[ \t]+", line.strip(" \t\r"))  # what else Python takes for a space belongs to a word for ssh


def _odd(line: str) -> str:
    words = _words(line)
    if line.startswith(_BOM):
        return "a byte order mark stands before the name, so ssh does not know it; save the file without one"
    if "\0" in line:
        return "holds a NUL, behind which ssh does not read on"
    if words[0] == REVOKED:
        words = words[1:]
    elif words[0].startswith("@"):
        return f"markers like {words[0]} are not supported; give the key of each host"
    if words and any(character in words[0] for character in "*?!") and not words[0].startswith("|"):
        return f"expected a plain name, got {words[0]!r}"
    if len(words) < 3:
        return "expected a name, a key type and a key"
    return "" if _is_of(words[1], _blob(words[2])) else "holds no key that can be read"


def _blob(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_of(kind: str, blob: bytes | None) -> bool:
    """Whether a key begins with its own type, as every key does."""
    name = kind.encode()
    return blob is not None and len(blob) > 8 + len(name) and blob.startswith(len(name).to_bytes(4, "big") + name)
