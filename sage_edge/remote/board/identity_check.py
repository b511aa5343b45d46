"""Whose board answers: it says so itself, in the card that provisioning laid there.

Nothing but the address leads to a board, so a slip in ssh_config leads to another host's, or to another fleet's.
"""

from __future__ import annotations

from sage_edge.remote.board.probe import BoardProbe
from sage_edge.remote.errors import WrongBoard


def require_own(facts: BoardProbe, fleet: str) -> None:
    """Raise WrongBoard when the board's card names another host, or another fleet; one without a card is nobody's."""
    if facts.card is None:
        return
    if (host := says(facts.card, "host")) != facts.host:
        raise WrongBoard(facts.host, f"its card says host {host or 'nothing'}")
    if (owner := says(facts.card, "fleet") or fleet) != fleet:
        raise WrongBoard(facts.host, f"its card says that it belongs to the fleet {owner}, this one is {fleet}")


def says(card: str, key: str) -> str | None:
    """Return what a host card says under a key; it is a flat file."""
    lines = (line.partition(":") for line in card.splitlines() if not line.startswith("#"))
    return next((value.strip() for name, _, value in lines if name.strip() == key), None)
