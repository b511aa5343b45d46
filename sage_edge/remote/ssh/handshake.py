"""Open a connection to a host whose key is in fleet/known_hosts; the only door to fabric.

A bare `fabric.Connection` adds every key that it meets and reads no known_hosts (facts §4.2). Here every question that
OpenSSH would answer is answered by it, or as it does: `config` says where the host is, `known_keys` which keys are its
own, `identities` which of ours are offered. Without a key of the host nothing is sent, and any other is rejected.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any

from sage_edge.remote.errors import KeyChanged, KeyRevoked, KeyUnknown
from sage_edge.remote.ssh import identities, known_keys, second_look
from sage_edge.remote.ssh.config import CONNECT_S, Address
from sage_edge.remote.ssh.known_keys import PinnedKeys

_RSA = ("rsa-sha2-512", "rsa-sha2-256")
"""How a key of the type ssh-rsa is asked for: its own name means signatures that nobody takes any more."""


@contextlib.contextmanager
def opened(address: Address) -> Iterator[Any]:
    """Yield paramiko's transport to a host during the body; it is closed behind it. Raises as `client.connect`."""
    keys = known_keys.pinned(address.known_hosts, address.key_name, address.bare_name)
    if not keys.trusted:
        raise KeyUnknown(address.host, address.key_name, str(address), address.known_hosts)
    with contextlib.ExitStack() as stack:
        wire = _dialled(address)
        stack.callback(wire.close)
        connection = _connection(address, keys, wire)
        stack.callback(connection.client.close)  # fabric leaves the socket of a handshake that failed
        stack.callback(connection.close)
        _open(address, connection)
        yield connection.transport


def load() -> None:
    """Load what connecting needs, ahead of the first connection."""
    import fabric  # noqa: F401


def _dialled(address: Address) -> socket.socket:
    """Return a socket to the first of the host's addresses that answers. Raises Unreachable."""
    why: OSError = OSError("it has no address")
    try:
        places = socket.getaddrinfo(address.hostname, address.port, address.family, socket.SOCK_STREAM)
    except OSError as unknown:
        raise second_look.unreachable(address, str(unknown), "name") from None
    for family, kind, protocol, _, place in places:
        wire = socket.socket(family, kind, protocol)
        try:
            wire.settimeout(CONNECT_S)
            if address.source:
                wire.bind((address.source, 0))
            wire.connect(place)
        except OSError as silent:
            wire.close()
            why = silent
        else:
            return wire
    raise second_look.unreachable(address, str(why), "port")


def _open(address: Address, connection: Any) -> None:
    import paramiko

    try:
        with identities.in_agent(address) as agent_keys:
            connection.connect_kwargs["auth_strategy"] = _strategy(address, agent_keys)
            connection.open()
    except paramiko.auth_strategy.AuthFailure as refused:
        last = refused.result[-1].result if refused.result else "there is no key to offer"
        raise second_look.reason(address, str(last)) from None
    except (paramiko.SSHException, OSError, EOFError) as silent:
        raise second_look.reason(address, str(silent) or type(silent).__name__) from None


def _connection(address: Address, keys: PinnedKeys, wire: socket.socket) -> Any:
    import fabric
    import paramiko

    logging.getLogger("paramiko").addHandler(logging.NullHandler())  # its tracebacks are told as our errors
    nothing_else = fabric.Config(ssh_config=paramiko.SSHConfig(), lazy=True)

    def transport(sock: Any, disabled_algorithms: Any) -> Any:
        fresh = paramiko.Transport(sock, disabled_algorithms=disabled_algorithms)
        _restrict(fresh.get_security_options(), address, keys)
        return fresh

    connection = fabric.Connection(
        address.hostname,
        user=address.user,
        port=address.port,
        config=nothing_else,
        connect_timeout=CONNECT_S,
        connect_kwargs={
            "sock": wire,
            "transport_factory": transport,
            "banner_timeout": CONNECT_S,
            "auth_timeout": CONNECT_S,
        },
    )
    connection.client.set_missing_host_key_policy(_policy(address, keys))
    return connection


def _restrict(options: Any, address: Address, keys: PinnedKeys) -> None:
    """Offer only algorithms that ssh_config allows, and ask for the kinds of host key that are pinned first."""
    allowed = address.algorithms
    for kind, name in (("kexalgorithms", "kex"), ("ciphers", "ciphers"), ("macs", "digests")):
        ours = getattr(options, name)
        setattr(options, name, _common(ours, allowed.get(kind, ours)))
    kinds = _common(options.key_types, allowed.get("hostkeyalgorithms", options.key_types))
    pinned = {name for kind in keys.kinds for name in (_RSA if kind == "ssh-rsa" else (kind,))}
    options.key_types = sorted(kinds, key=lambda name: name not in pinned)


def _common(ours: tuple[str, ...], allowed: tuple[str, ...]) -> tuple[str, ...]:
    """What both know, in the order of ssh_config. Raises IncompatiblePeer, as for a peer that knows nothing of ours."""
    import paramiko

    common = tuple(name for name in allowed if name in ours)
    if not common:
        raise paramiko.ssh_exception.IncompatiblePeer(f"ssh_config allows only {', '.join(allowed)[:200]}")
    return common


def _policy(address: Address, keys: PinnedKeys) -> Any:
    """What decides on every key that a host shows: none is in paramiko's own list."""
    import paramiko

    class Pinned(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
        def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
            verdict = keys.verdict(key.get_name(), key.asbytes())
            actual = f"{key.get_name()} {key.fingerprint}"
            if verdict == "revoked":
                raise KeyRevoked(address.host, str(address), address.known_hosts, actual=actual)
            if verdict != "pinned":
                expected = ", ".join(f"{key.type} {key.fingerprint}" for key in keys.trusted)
                raise KeyChanged(
                    address.host, address.key_name, str(address), address.known_hosts, expected=expected, actual=actual
                )

    return Pinned()


def _strategy(address: Address, agent_keys: tuple[Any, ...]) -> Any:
    import paramiko

    class InOrder(paramiko.auth_strategy.AuthStrategy):  # type: ignore[misc]
        def get_sources(self) -> Iterator[Any]:
            for key in identities.offered(address, agent_keys):
                yield paramiko.auth_strategy.InMemoryPrivateKey(username=address.user, pkey=key)

    return InOrder(ssh_config=paramiko.SSHConfig())
