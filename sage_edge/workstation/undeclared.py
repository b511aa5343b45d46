"""Hosts that are known here though no file below fleet/ declares them: a board may go on that nobody mentions any more.

    what this workstation did (`host_memory`), a key that counts (`allowed_signers`),
    a branch that the desk has heard of                                                  somebody has to decide
    an address in ssh_config                                                             only mentioned

Nothing is asked over the network. A host that was retired, here or by keys that have all ended, is none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sage_edge import hints
from sage_edge.exchange import hub_address
from sage_edge.exchange.commands import INCOMING
from sage_edge.hints import Hint, Surroundings, invoke
from sage_edge.names import HostName
from sage_edge.remote.ssh import config
from sage_edge.workstation import desk, host_memory
from sage_edge.workstation.context import FleetContext

_BLOCK = re.compile(r"^\s*Host[ \t=]+(.+)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Undeclared:
    """A host without a declaration. evidence: why it is known; counts: somebody has to decide what becomes of it."""

    host: HostName
    evidence: tuple[str, ...]
    counts: bool

    def described(self, surroundings: Surroundings) -> str:
        """What people read, with the next step."""
        restore = f", or restore fleet/hosts/{self.host}.yaml"
        address: Hint = f"its block there can go{restore}"
        hint: Hint = (invoke("retire", host=self.host), restore) if self.counts else address
        return f"known here ({'; '.join(self.evidence)}), not declared; next: {hints.text(hint, surroundings)}"


def of(here: FleetContext) -> tuple[Undeclared, ...]:
    """Return the hosts that are known and not declared, in name order, but for those that were retired."""
    known: dict[HostName, list[str]] = {}
    for host, evidence in _evidence(here):
        known.setdefault(host, []).append(evidence)
    gone = set(_retired(here))
    cases = [Undeclared(host, tuple(why), counts=True) for host, why in known.items() if host not in gone]
    cases += [
        Undeclared(host, (f"an address in {here.fleet.addresses.name}/{config.CONFIG}",), counts=False)
        for host in _addressed(here)
        if host not in known and host not in gone
    ]
    return tuple(sorted(cases, key=lambda case: case.host))


def has_address(here: FleetContext, host: HostName) -> bool:
    """Whether ssh_config has a block of this name."""
    return host in _blocks(here)


def _evidence(here: FleetContext) -> Iterator[tuple[HostName, str]]:
    declared = here.fleet.hosts
    for memory in host_memory.every(here.root, here.fleet):
        if memory.host not in declared and memory.deployed:
            yield memory.host, f"last deployed {memory.deployed.at:%Y-%m-%d %H:%M}Z: {memory.deployed.release}"
        elif memory.host not in declared and memory.archived:
            yield memory.host, f"last backed up {memory.archived:%Y-%m-%d %H:%M}Z"
    counting = {signer.host for signer in here.fleet.signers if signer.until is None}
    for host in sorted(counting - set(declared)):
        yield host, "a key of it counts"
    for host in _branches(here):
        if host not in declared:
            yield host, "the exchange has a branch of it"


def _retired(here: FleetContext) -> Iterator[HostName]:
    for memory in host_memory.every(here.root, here.fleet):
        if memory.retired and memory.retired.done:
            yield memory.host
    listed = {signer.host for signer in here.fleet.signers}
    yield from listed - {signer.host for signer in here.fleet.signers if signer.until is None}


def _branches(here: FleetContext) -> set[HostName]:
    """Hosts whose branch the desk's clone has heard of, read without asking git or the hub."""
    clone = desk.place(here) / "exchange.git"
    folder = clone / INCOMING
    loose = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    packed = clone / "packed-refs"
    text = packed.read_text("utf-8", "replace") if packed.is_file() else ""
    listed = re.findall(rf"^[0-9a-f]{{40}} {re.escape(INCOMING)}(\S+)$", text, re.MULTILINE)
    return {HostName(name) for name in loose | set(listed) if HostName.grammar.fullmatch(name)}


def _addressed(here: FleetContext) -> Iterator[HostName]:
    hub = hub_address.place_of(here.fleet.remote)
    others = {str(here.fleet.hub_administrator), *(hub.names if hub else ()), *here.fleet.hosts}
    machine = hub_address.over_ssh(here.fleet.remote)
    yield from sorted(_blocks(here) - others - ({machine.machine} if machine else set()))


def _blocks(here: FleetContext) -> set[HostName]:
    """The plain names of blocks; what they mean, OpenSSH says."""
    path = here.fleet.addresses / config.CONFIG
    text = path.read_text("utf-8", "replace") if path.is_file() else ""
    names = {name.strip('"') for words in _BLOCK.findall(text) for name in words.split()}
    return {HostName(name) for name in names if HostName.grammar.fullmatch(name)}
