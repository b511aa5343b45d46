"""Sign the own commits: git asks ssh-keygen, with the key that a host was given at provision.

A host that fleet/allowed_signers names commits nothing unsigned, because nobody would believe it: its papers wait. Any
other host signs when it has a key, so that a line for it can begin at any of its commits.

The key is a private key in OpenSSH's format; or the public half of one that ssh-agent holds, a file named `*.pub`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sage_edge import shell
from sage_edge.exchange.commands import UNSIGNED
from sage_edge.exchange.errors import KeyUnusable
from sage_edge.hints import invoke
from sage_edge.inventory.signers import COMMITS, Signer
from sage_edge.names import HostName
from sage_edge.shell import Command

_HEAD, _TAIL = "-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"


@dataclass(frozen=True)
class Signing:
    """Whose signatures count (the fleet's signers), and this machine's own key; None or no such file: it has none."""

    signers: tuple[Signer, ...] = ()
    key: Path | None = None

    @cached_property
    def _of_commits(self) -> Mapping[str, tuple[Signer, ...]]:
        hosts = dict.fromkeys(signer.host for signer in self.signers if COMMITS in signer.namespaces)
        return {host: tuple(s for s in self.signers if s.host == host and COMMITS in s.namespaces) for host in hosts}

    def of(self, host: str) -> tuple[Signer, ...]:
        """The keys of a host's commits, in their order; none: its commits are not checked."""
        return self._of_commits.get(host, ())

    def words(self, host: HostName) -> tuple[str, ...]:
        """Return git's verb and options to commit as `host`: signed, or not where it need not and cannot.

        Raises KeyUnusable when the host has to sign and has no key, or one that nobody expects.
        """
        if self.key is None or not self.key.is_file():
            if self.of(host):
                raise _unusable(host, f"{host} has to sign its commits, and its key {self.key or ''} is not there")
            return UNSIGNED
        if signers := self.of(host):
            own = public_half(self.key)
            if not any(signer.key == own and signer.until is None for signer in signers):
                raise _unusable(host, f"nobody expects commits of {host} that are signed by its key {self.key}")
        settings = ("gpg.format=ssh", f"user.signingKey={self.key}", "gpg.ssh.program=ssh-keygen")
        return (*(word for setting in settings for word in ("-c", setting)), "commit", "--gpg-sign")


def make_key(path: Path, comment: str) -> str:
    """Make a key pair without a passphrase, `path` and `path.pub`, and return its public half as `kind base64`.

    Raises CommandFailed, with 127 where there is no ssh-keygen.
    """
    shell.run(Command(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path))))
    return public_half(path)


def public_half(key: Path) -> str:
    """Return `kind base64` of a key file, private or public. Raises KeyUnusable."""
    try:
        text = key.read_text("ascii")
        if key.name.endswith(".pub"):
            return " ".join(text.split()[:2])
        body = text.partition(_HEAD)[2].partition(_TAIL)[0]
        blob = _public_blob(base64.b64decode("".join(body.split()), validate=True))
    except (OSError, ValueError, binascii.Error, IndexError) as unreadable:
        raise KeyUnusable(
            f"{key} cannot be read as a key: {unreadable}", hint=("make a new one: ", invoke("key.rotate", host="HOST"))
        ) from None
    (length, rest) = int.from_bytes(blob[:4], "big"), blob[4:]
    return f"{rest[:length].decode('ascii')} {base64.b64encode(blob).decode()}"


def _public_blob(key: bytes) -> bytes:
    """The first public key of OpenSSH's format (PROTOCOL.key): magic, cipher, kdf, options, number, then the keys."""
    if not key.startswith(_MAGIC):
        raise ValueError("it is not in OpenSSH's format")
    at = len(_MAGIC)
    for _ in range(3):
        at += 4 + int.from_bytes(key[at : at + 4], "big")
    at += 4
    length = int.from_bytes(key[at : at + 4], "big")
    blob = key[at + 4 : at + 4 + length]
    if len(blob) != length or length < 8:
        raise ValueError("it ends too early")
    return blob


def _unusable(host: HostName, what: str) -> KeyUnusable:
    return KeyUnusable(
        what, hint=("papers wait here and nothing is lost; at the workstation: ", invoke("key.rotate", host=host))
    )
