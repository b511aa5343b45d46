"""Who this machine is: its own card, the host that was claimed and the measured board must agree."""

from __future__ import annotations

from dataclasses import dataclass

from sage_edge.hints import Hint, invoke
from sage_edge.inventory import host_card, load
from sage_edge.inventory.board_card import Board
from sage_edge.inventory.board_facts import BoardFacts, contradictions, measure
from sage_edge.inventory.errors import IdentityConflict, NoIdentity
from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.host_card import HostCard
from sage_edge.inventory.host_entry import Host
from sage_edge.inventory.roles import Role
from sage_edge.paths import Paths


@dataclass(frozen=True)
class Me:
    """A host whose card, role and board have been checked; `facts` are what was measured."""

    host: Host
    role: Role
    board: Board
    fleet: Fleet
    overlay: str | None
    facts: BoardFacts


def claim(paths: Paths, as_host: str | None = None) -> tuple[Fleet, Host, HostCard | None]:
    """Return the fleet (under the card's overlay), the claimed host and the card. Nothing is measured yet.

    Raises DeclarationError for a bad card or fleet, NoIdentity without any claim, UsageError for an unknown `as_host`,
    IdentityConflict when the card and `as_host` differ.
    """
    card = host_card.read(paths.card)
    if card is None and as_host is None:
        raise NoIdentity(paths.card)
    fleet = _load(paths, card)
    if card is None:
        return fleet, fleet.host(as_host or ""), None
    if card.host not in fleet.hosts:
        known = ", ".join(sorted(fleet.hosts))
        raise host_card.bad(paths.card, "host", f"no host named {card.host}; there are: {known}")
    if as_host is not None and fleet.host(as_host).name != card.host:
        raise IdentityConflict(
            f"{paths.card} says that this machine is {card.host}, not {as_host}",
            hint=f"leave out --as {as_host} here, or run it on {as_host}",
        )
    return fleet, fleet.host(card.host), card


def _load(paths: Paths, card: HostCard | None) -> Fleet:
    if card is None or card.overlay is None:
        return load.load(paths.fleet)
    if card.overlay not in (known := load.overlays(paths.fleet)):
        there = ", ".join(known) or "none"
        raise host_card.bad(paths.card, "overlay", f"no overlay named {card.overlay}; there are: {there}")
    return load.load(paths.fleet, card.overlay)


def confirm(paths: Paths, fleet: Fleet, host: Host, card: HostCard | None, facts: BoardFacts | None = None) -> Me:
    """Return who this machine is, once its board agrees; facts None: measured now. Raises IdentityConflict."""
    board = fleet.board_of(host.name)
    measured = measure(paths.facts_root) if facts is None else facts
    wrong = contradictions(measured, board)
    if wrong:
        raise IdentityConflict(
            f"this machine is not {host.name}, whose board is {board.name}: {'; '.join(wrong)}",
            hint=_conflict_hint(paths, host, card),
        )
    return Me(host, fleet.role_of(host.name), board, fleet, fleet.overlay, measured)


def _conflict_hint(paths: Paths, host: Host, card: HostCard | None) -> Hint:
    if card is None:
        return (f"run it on {host.name}; to raise a mind on this machine: ", invoke("demo"))
    return f"if this is another machine, correct {paths.card}; if not, {paths.fleet}/boards/{host.board}.yaml is wrong"


def whoami(paths: Paths, as_host: str | None = None, facts: BoardFacts | None = None) -> Me:
    """Return who this machine is. Raises what `claim` raises, and IdentityConflict for another board."""
    fleet, host, card = claim(paths, as_host)
    return confirm(paths, fleet, host, card, facts)
