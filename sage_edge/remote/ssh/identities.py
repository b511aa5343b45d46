"""Which private keys are offered to a host, in OpenSSH's order: the agent's that are named, its others, files.

A file that others may read is not used, nor one with a passphrase: nobody is there to type it. A named `x` or `x.pub`
whose private half is in the agent is used there, also with `IdentitiesOnly yes`.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sage_edge.remote.ssh.config import CONNECT_S, Address

_MOST_BYTES = 1 << 20
_OPEN_TO_OTHERS = 0o077
_BEGIN, _MAGIC = b"-----BEGIN OPENSSH PRIVATE KEY-----", b"openssh-key-v1\0"


def offered(address: Address, agent_keys: tuple[Any, ...]) -> Iterator[Any]:
    """Yield keys as paramiko holds them, loaded as they are asked for. agent_keys: all that the agent has."""
    named = [public for path in address.identities if (public := public_half(path))]
    ours = tuple(key for key in agent_keys if key.asbytes() in named)
    yield from ours
    if not address.identities_only:
        yield from (key for key in agent_keys if key not in ours)
    held = [key.asbytes() for key in agent_keys]
    for path in address.identities:
        if public_half(path) not in held:
            yield from _of_file(path)


def _of_file(path: Path) -> Iterator[Any]:
    import paramiko

    if not path.is_file() or _others_may_read(path):
        return
    certificate = path.with_name(f"{path.name}-cert.pub")
    try:
        if certificate.is_file():
            key = paramiko.PKey.from_path(path)
            key.load_certificate(str(certificate))
            yield key
        yield paramiko.PKey.from_path(path)
    except (OSError, ValueError, TypeError, IndexError, paramiko.SSHException, paramiko.UnknownKeyType):
        return  # OpenSSH goes on with the next one, and says why in the second look


def _others_may_read(path: Path) -> bool:
    status = path.stat()
    return status.st_uid == os.getuid() and bool(status.st_mode & _OPEN_TO_OTHERS)


def public_half(path: Path) -> bytes | None:
    """Return the public key that belongs to an identity, if its file, or the one beside it, shows it."""
    for place in (path.with_name(f"{path.name}.pub"), path):
        try:
            with place.open("rb") as stream:
                content = stream.read(_MOST_BYTES)
            if content.startswith(_BEGIN):
                return _in_private(content)
            words = content.split(b"\n")[0].split()
            blob = base64.b64decode(words[1], validate=True) if len(words) > 1 else b""
            if blob[4 : 4 + len(words[0])] == words[0]:
                return blob
        except (OSError, ValueError, IndexError, binascii.Error):
            continue
    return None


def _in_private(content: bytes) -> bytes:
    """The public half that OpenSSH's own format holds in clear, before what a passphrase may lock."""
    lines = [line.strip() for line in content.split(b"\n")]
    rest = base64.b64decode(b"".join(line for line in lines if not line.startswith(b"-")))[len(_MAGIC) :]
    for _ in ("cipher", "kdf", "its options"):
        rest = rest[4 + int.from_bytes(rest[:4], "big") :]
    rest = rest[4:]  # how many keys: one
    return rest[4 : 4 + int.from_bytes(rest[:4], "big")]


@contextlib.contextmanager
def in_agent(address: Address) -> Iterator[tuple[Any, ...]]:
    """Yield the keys of the agent that ssh would ask, usable during the body; nothing where there is none."""
    import paramiko

    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as wire:
        agent = paramiko.agent.AgentSSH()
        keys: tuple[Any, ...] = ()
        if address.agent is not None:
            with contextlib.suppress(OSError, paramiko.SSHException, EOFError):
                wire.settimeout(CONNECT_S)
                wire.connect(str(address.agent))
                agent._connect(wire)  # its public way is SSH_AUTH_SOCK alone, which ssh_config may overrule
                keys = tuple(agent.get_keys())
        yield keys
