"""Resolve a host's address and its pinned keys, as OpenSSH reads them.

    fleet/ssh_config    OpenSSH's own format; a `Host` block per host of the fleet: HostName, Port, User, HostKeyAlias
    fleet/known_hosts   <fleet name> <key type> <base64>, a line per key; no markers, wildcards or exceptions

A host's file in fleet/hosts/ says what the host is for, not where it stands, so addresses live in `ssh_config`, in the
format that every ssh tool reads: `ssh -F fleet/ssh_config thor` reaches the machine that we reach. `ssh -G` resolves a
name (OpenSSH's semantics, none of our own), the person's and the machine's own configuration are left out, and the
options below stand on the command line, where no file can soften them.
"""

from __future__ import annotations

import os
import pwd
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sage_edge import shell
from sage_edge.errors import DeclarationError, Fault
from sage_edge.hints import Hint
from sage_edge.hints import ssh as ssh_command
from sage_edge.names import HostName
from sage_edge.paths import shown

CONFIG, KEYS = "ssh_config", "known_hosts"
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
_REFUSED = ("proxyjump", "proxycommand", "proxyusefdpass", "knownhostscommand")
_USERS_HOME = re.compile(r"^~(?=/)")


@dataclass(frozen=True)
class Address:
    """Where a host is, and as whom to log in. `key_name`: the name under which fleet/known_hosts knows the host's key.

    `identities`: private key files that exist; `agent`: whether the person's ssh-agent may be asked, too.
    """

    host: HostName
    hostname: str
    port: int
    user: str
    key_name: str
    identities: tuple[Path, ...]
    agent: bool
    fleet: Path

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
        raise _fault(fleet / CONFIG, host, settings.complaint.replace(f"{fleet / CONFIG}: ", "").splitlines()[0])
    return read(fleet, host, settings.text)


def read(fleet: Path, host: HostName, settings: str) -> Address:
    """Return the address that the output of `ssh -G` tells. Raises DeclarationError for what we do not follow."""
    pairs = [(key, value.strip()) for key, _, value in (line.partition(" ") for line in settings.splitlines())]
    says: Mapping[str, str] = dict(reversed(pairs))  # of several, the first counts
    for key in _REFUSED:
        if says.get(key, "none") not in ("none", "no", ""):
            why = f"{key} is not supported; a host is reached directly, so its key is checked"
            raise _fault(fleet / CONFIG, host, why, key=host)
    home = pwd.getpwuid(os.getuid()).pw_dir  # where OpenSSH looks, whatever $HOME says
    files = [Path(_USERS_HOME.sub(lambda _: home, value)) for key, value in pairs if key == "identityfile"]
    hostname, port = says["hostname"], int(says["port"])
    return Address(
        host=host,
        hostname=hostname,
        port=port,
        user=says["user"],
        key_name=says.get("hostkeyalias") or (hostname if port == 22 else f"[{hostname}]:{port}"),
        identities=tuple(path for path in files if path.is_file()),
        agent=says.get("identitiesonly") != "yes" and says.get("identityagent", "") != "none",
        fleet=fleet,
    )


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


def known_lines(path: Path) -> list[tuple[int, str]]:
    """Return (line number, line) of each key in a known_hosts file, comments left out.

    Raises DeclarationError, with every fault, for lines that OpenSSH and paramiko would read differently.
    """
    lines = [(number, line.strip()) for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)]
    kept = [(number, line) for number, line in lines if line and not line.startswith("#")]
    faults = [_key_fault(path, number, why) for number, line in kept if (why := _odd(line))]
    if faults:
        raise DeclarationError(faults, hint=_list(path))
    return kept


def _odd(line: str) -> str:
    fields = line.split()
    if fields[0].startswith("@"):
        return f"markers like {fields[0]} are not supported; leave out keys that are not to be trusted"
    if any(character in fields[0] for character in "*?!"):
        return f"expected a plain name, got {fields[0]!r}"
    return "" if len(fields) >= 3 else "expected a name, a key type and a key"


def _list(keys: Path) -> str:
    return f"mend the file, then see what is in it: ssh-keygen -lf {shlex.quote(shown(keys))}"


def _resolve(host: HostName) -> Hint:
    return ("mend the file, then see what ssh makes of it: ", ssh_command("-G", host))


def _key_fault(keys: Path, number: int, why: str) -> Fault:
    return Fault(shown(keys), f"line {number}", why)


def _fault(path: Path, host: HostName, why: str, key: str = "") -> DeclarationError:
    hint = _resolve(host) if path.name == CONFIG else _list(path)
    return DeclarationError([Fault(shown(path), key, why)], hint=hint)


def bad_key(keys: Path, number: int, why: str) -> DeclarationError:
    """Return the error for one line of a known_hosts file."""
    return DeclarationError([_key_fault(keys, number, why)], hint=_list(keys))


def quoted_for_rsync(words: Sequence[str]) -> str:
    """Return words as rsync's `--rsh` splits them: quotes around each, a quote inside doubled; no backslashes."""
    return " ".join("'" + word.replace("'", "''") + "'" for word in words)
