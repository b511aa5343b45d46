"""Resolve a host's address and its pinned keys, as OpenSSH reads them.

    fleet/ssh_config    OpenSSH's own format; a `Host` block per host of the fleet: HostName, Port, User, HostKeyAlias
    fleet/known_hosts   <fleet name> <key type> <base64>, a line per key (`known_keys`)

A host's file in fleet/hosts/ says what the host is for, not where it stands, so addresses live in `ssh_config`, in the
format that every ssh tool reads: `ssh -F fleet/ssh_config thor` reaches the machine that we reach. `ssh -G` resolves a
name (OpenSSH's semantics, none of our own), the person's and the machine's own configuration are left out, and the
options below stand on the command line, where no file can soften them.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sage_edge import shell, ssh_log, ssh_refusals
from sage_edge.errors import DeclarationError, Fault
from sage_edge.hints import Hint
from sage_edge.hints import ssh as ssh_command
from sage_edge.names import HostName
from sage_edge.paths import shown
from sage_edge.remote.errors import AccessDenied
from sage_edge.remote.ssh import known_keys, tokens
from sage_edge.ssh_refusals import SshSides

CONFIG, KEYS = "ssh_config", "known_hosts"
_PORT = 22
CONNECT_S = 10
ALIVE_S = 15
ALIVE_COUNT = 3
"""A peer that answers nothing for ALIVE_S * ALIVE_COUNT seconds is gone."""

_STRICT = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "KnownHostsCommand=none",
    "UpdateHostKeys=no",
    "VerifyHostKeyDNS=no",
    "CheckHostIP=no",
    "NoHostAuthenticationForLocalhost=no",
    f"ConnectTimeout={CONNECT_S}",
    "ConnectionAttempts=1",
    f"ServerAliveInterval={ALIVE_S}",
    f"ServerAliveCountMax={ALIVE_COUNT}",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "ControlMaster=no",
    "ControlPath=none",
    "ProxyCommand=none",
    "ProxyJump=none",
    "RequestTTY=no",
    "LogLevel=ERROR",
)
_NOT_DIRECT = ("proxyjump", "proxycommand", "proxyusefdpass", "knownhostscommand")
_NOT_OURS = ("certificatefile", "revokedhostkeys", "remotecommand", "pkcs11provider", "bindinterface")
_UNSET = ("none", "no", "false", "")
_LISTS = ("kexalgorithms", "ciphers", "macs", "hostkeyalgorithms")
_FAMILIES = {"any": socket.AF_UNSPEC, "inet": socket.AF_INET, "inet6": socket.AF_INET6}
_BOM = r"\357\273\277"
"""A byte order mark, as ssh quotes it."""


@dataclass(frozen=True)
class Address:
    """Where a host is, and as whom to log in.

    key_name: the name under which fleet/known_hosts knows the host's key; bare_name: a second one that ssh asks for.
    identities: files that may hold a key, whether they exist or not; agent: the socket of the ssh-agent to ask, if any;
    identities_only: of its keys only those that belong to `identities`. algorithms: kind of algorithm → those allowed.
    family, source: which addresses of the host may be used, and from which of ours; source may be empty.
    """

    host: HostName
    hostname: str
    port: int
    user: str
    key_name: str
    fleet: Path
    bare_name: str | None = None
    identities: tuple[Path, ...] = ()
    agent: Path | None = None
    identities_only: bool = False
    algorithms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    family: int = socket.AF_UNSPEC
    source: str = ""

    @property
    def known_hosts(self) -> Path:
        """The file with the keys of all hosts."""
        return self.fleet / KEYS

    def __str__(self) -> str:
        return f"{self.host} ({self.user}@{self.hostname} port {self.port})"


def find(fleet: Path, host: HostName) -> Address:
    """Return the address of a host. Raises DeclarationError for what cannot be read, CommandFailed without ssh."""
    for name in (CONFIG, KEYS):
        if not (fleet / name).is_file():
            raise _fault(fleet / name, host, "the file is missing")
    settings = shell.attempt(shell.Command(("ssh", "-F", str(fleet / CONFIG), "-G", "-T", host), timeout_s=CONNECT_S))
    if settings.code != 0:
        raise _refusal(fleet, host, settings.complaint.replace(f"{fleet / CONFIG}: ", ""))
    return read(fleet, host, settings.text)


def _refusal(fleet: Path, host: HostName, complaint: str) -> DeclarationError | AccessDenied:
    stop = ssh_log.stopped(complaint)
    if stop is not None and stop.at == "no-user":
        return AccessDenied(host, *ssh_refusals.refusal(stop, SshSides(str(host), KEYS, CONFIG)))
    line = complaint.partition("\n")[0] or "ssh does not say what is wrong with it"
    if _BOM in line:
        number = line.partition(":")[0]
        line = f"{number} begins with a byte order mark, so ssh does not know the word; save the file without one"
    return _fault(fleet / CONFIG, host, line)


def read(fleet: Path, host: HostName, settings: str) -> Address:
    """Return the address that the output of `ssh -G` tells. Raises DeclarationError for what we do not follow."""
    pairs = [(key, value.strip()) for key, _, value in (line.partition(" ") for line in settings.splitlines())]
    says: Mapping[str, str] = dict(reversed(pairs))  # of several, the first counts
    _require_followed(fleet, host, says)
    hostname, port, alias = says["hostname"], int(says["port"]), says.get("hostkeyalias")
    try:
        meant = tokens.of(host, says)
        files = tuple(tokens.path(value, meant) for key, value in pairs if key == "identityfile" and value != "none")
        agent = _agent(says.get("identityagent", ""), meant)
    except tokens.UnknownToken as unknown:
        raise _fault(fleet / CONFIG, host, str(unknown), key=host) from None
    return Address(
        host=host,
        hostname=hostname,
        port=port,
        user=says["user"],
        key_name=alias or (hostname if port == _PORT else f"[{hostname}]:{port}"),
        bare_name=None if alias or port == _PORT else hostname,
        identities=files,
        agent=agent,
        identities_only=says.get("identitiesonly") in ("yes", "true"),
        algorithms={kind: tuple(says[kind].split(",")) for kind in _LISTS if kind in says},
        family=_FAMILIES[says.get("addressfamily", "any")],
        source=says.get("bindaddress", ""),
        fleet=fleet,
    )


def _require_followed(fleet: Path, host: HostName, says: Mapping[str, str]) -> None:
    for key in (*_NOT_DIRECT, *_NOT_OURS):
        if says.get(key, "none") not in _UNSET:
            direct = "; a host is reached directly, so its key is checked" if key in _NOT_DIRECT else ""
            raise _fault(fleet / CONFIG, host, f"{key} is not supported{direct}", key=host)
    if says.get("pubkeyauthentication", "true") in ("no", "false"):
        raise _fault(fleet / CONFIG, host, "pubkeyauthentication no leaves no way in", key=host)


def _agent(says: str, meant: Mapping[str, str]) -> Path | None:
    """The socket of the agent: none, that of the variable, of another variable, or a path."""
    if says == "none":
        return None
    if says in ("", "SSH_AUTH_SOCK"):
        value = os.environ.get("SSH_AUTH_SOCK", "")
    elif says.startswith("$") and not says.startswith("${"):
        value = os.environ.get(says[1:], "")
    else:
        return tokens.path(says, meant)
    return Path(value) if value else None


def require_distinct(fleet: Path, hosts: Sequence[HostName]) -> None:
    """Raise DeclarationError, with every fault, when two hosts have one address: what is meant for one meets another.

    Raises what `find` raises.
    """
    met: dict[tuple[str, int], HostName] = {}
    faults = []
    for host in hosts:
        address = find(fleet, host)
        other = met.setdefault((address.hostname, address.port), host)
        if other != host:
            faults.append(
                Fault(shown(fleet / CONFIG), host, f"has the address of {other}: {address.hostname}:{address.port}")
            )
    if faults:
        raise DeclarationError(faults, hint=_resolve(HostName(faults[0].key)))


def ssh(fleet: Path) -> tuple[str, ...]:
    """Return the words of an ssh that reads nothing but the fleet's files and trusts no key that is not in them."""
    keys = f'UserKnownHostsFile="{fleet.resolve() / KEYS}"'
    options = [word for option in (keys, *_STRICT) for word in ("-o", option)]
    return ("ssh", "-F", str(fleet.resolve() / CONFIG), *options)


def _resolve(host: HostName) -> Hint:
    return ("mend the file, then see what ssh makes of it: ", ssh_command("-G", host))


def _fault(path: Path, host: HostName, why: str, key: str = "") -> DeclarationError:
    hint = _resolve(host) if path.name == CONFIG else known_keys.step(path)
    return DeclarationError([Fault(shown(path), key, why)], hint=hint)


def quoted_for_rsync(words: Sequence[str]) -> str:
    """Return words as rsync's `--rsh` splits them: quotes around each, a quote inside doubled; no backslashes."""
    return " ".join("'" + word.replace("'", "''") + "'" for word in words)
