"""Who this machine is: its own card, the host that was claimed and the measured board must agree.

/etc/sage/host.yaml    format: 1
                       host: sprout
                       overlay: cpu      only where declarations are to be laid over (a laptop)
                       fleet: sage       whose board this is; written by provisioning, so that no other fleet takes it
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sage_edge.declared import Declared, Reader
from sage_edge.errors import DeclarationError, Fault
from sage_edge.inventory import load
from sage_edge.inventory.board_card import Board
from sage_edge.inventory.board_facts import Facts, contradictions, measure
from sage_edge.inventory.errors import IdentityConflict, NoIdentity
from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.host_entry import Host
from sage_edge.inventory.roles import Role
from sage_edge.names import HostName, Slug
from sage_edge.paths import Paths


class Card(Declared):
    """What a machine says of itself; written once, when it is provisioned."""

    format: Literal[1]
    host: HostName
    overlay: Slug | None = None
    fleet: Slug | None = None


@dataclass(frozen=True)
class Me:
    """A host whose card, role and board have been checked; `facts` are what was measured."""

    host: Host
    role: Role
    board: Board
    fleet: Fleet
    overlay: str | None
    facts: Facts


def read_card(path: Path) -> Card | None:
    """Return the machine's card, or None if there is no such file. Raises DeclarationError for a bad one."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as refused:
        raise _bad_card(path, "", f"cannot be read: {refused.strerror}") from None
    reader = Reader(path.parent)
    card = reader.read(path, Card)
    if card is None:
        faults = [Fault(str(path), fault.key, fault.message) for fault in reader.faults]
        raise DeclarationError(faults, hint=_CARD_HINT)
    return card


_CARD_HINT = "a card is two lines, `format: 1` and `host: NAME`; the names: sage-edge fleet show"


def _bad_card(path: Path, key: str, message: str) -> DeclarationError:
    return DeclarationError([Fault(str(path), key, message)], hint=_CARD_HINT)


def claim(paths: Paths, as_host: str | None = None) -> tuple[Fleet, Host, Card | None]:
    """Return the fleet (under the card's overlay), the claimed host and the card. Nothing is measured yet.

    Raises DeclarationError for a bad card or fleet, NoIdentity without any claim, UsageError for an unknown `as_host`,
    IdentityConflict when the card and `as_host` differ.
    """
    card = read_card(paths.card)
    if card is None and as_host is None:
        raise NoIdentity(paths.card)
    fleet = _load(paths, card)
    if card is None:
        return fleet, fleet.host(as_host or ""), None
    if card.host not in fleet.hosts:
        raise _bad_card(paths.card, "host", f"no host named {card.host}; there are: {', '.join(sorted(fleet.hosts))}")
    if as_host is not None and fleet.host(as_host).name != card.host:
        raise IdentityConflict(
            f"{paths.card} says that this machine is {card.host}, not {as_host}",
            hint=f"leave out --as {as_host} here, or run it on {as_host}",
        )
    return fleet, fleet.host(card.host), card


def _load(paths: Paths, card: Card | None) -> Fleet:
    if card is None or card.overlay is None:
        return load.load(paths.fleet)
    if card.overlay not in (known := load.overlays(paths.fleet)):
        there = ", ".join(known) or "none"
        raise _bad_card(paths.card, "overlay", f"no overlay named {card.overlay}; there are: {there}")
    return load.load(paths.fleet, card.overlay)


def confirm(paths: Paths, fleet: Fleet, host: Host, card: Card | None, facts: Facts | None = None) -> Me:
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


def _conflict_hint(paths: Paths, host: Host, card: Card | None) -> str:
    if card is None:
        return f"run it on {host.name}; to raise a mind on this machine: invoke demo"
    return f"if this is another machine, correct {paths.card}; if not, {paths.fleet}/boards/{host.board}.yaml is wrong"


def whoami(paths: Paths, as_host: str | None = None, facts: Facts | None = None) -> Me:
    """Return who this machine is. Raises what `claim` raises, and IdentityConflict for another board."""
    fleet, host, card = claim(paths, as_host)
    return confirm(paths, fleet, host, card, facts)
