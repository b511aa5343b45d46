"""Check that the board that answers is the declared host: its own card, laid there by provisioning, says so.

Nothing but the address leads to a board, so a slip in ssh_config leads to another host's, or to another fleet's.
"""

from __future__ import annotations

from sage_edge.errors import DeclarationError
from sage_edge.inventory import host_card
from sage_edge.inventory.host_card import HostCard
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.remote.errors import WrongBoard


def require_own(facts: BoardProbe, fleet: str) -> None:
    """Raise WrongBoard when the board's card names another host, or another fleet; one without a card is nobody's."""
    card = card_of(facts)
    if card is None:
        return
    if card.host != facts.host:
        raise WrongBoard(facts.host, f"its card says host {card.host}")
    if (owner := card.fleet or fleet) != fleet:
        raise WrongBoard(facts.host, f"its card says that it belongs to the fleet {owner}, this one is {fleet}")


def card_of(facts: BoardProbe) -> HostCard | None:
    """Return the board's card, None without one. Raises WrongBoard for one that cannot be read."""
    if facts.card is None:
        return None
    try:
        return host_card.parse(facts.card)
    except DeclarationError as damaged:
        raise WrongBoard(facts.host, f"its card is damaged: {damaged.faults[0]}") from None
