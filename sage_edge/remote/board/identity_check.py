"""Check that the board that answers is the declared host: its own card, laid there by provisioning, says so.

Nothing but the address leads to a board, so a slip in ssh_config leads to another host's, or to another fleet's.
"""

from __future__ import annotations

from sage_edge.errors import DeclarationError
from sage_edge.hints import Hint, invoke, ssh
from sage_edge.inventory import host_card
from sage_edge.inventory.host_card import HostCard
from sage_edge.names import HostName
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.remote.errors import CardDamaged, WrongBoard


def require_own(facts: BoardProbe, fleet: str) -> None:
    """Raise WrongBoard when the board's card names another host, or another fleet; one without a card is nobody's."""
    card = card_of(facts)
    if card is None:
        return
    if card.host != facts.host:
        raise WrongBoard(facts.host, f"its card says host {card.host}", _edited(facts.host))
    if (owner := card.fleet or fleet) != fleet:
        what = f"its card says that it belongs to the fleet {owner}, this one is {fleet}"
        raise WrongBoard(facts.host, what, _edited(facts.host))


def require_mendable(facts: BoardProbe, fleet: str) -> None:
    """As `require_own`, but let a card pass that nobody can read, unless what was released there is another host's."""
    try:
        require_own(facts, fleet)
    except CardDamaged:
        released_for = (facts.deployed.release or {}).get("host", facts.host)
        if released_for != facts.host:
            what = f"its card cannot be read, and what was released there is for {released_for}"
            raise WrongBoard(facts.host, what, _edited(facts.host)) from None


def _edited(host: HostName) -> Hint:
    look = ssh(host, "cat", "/etc/sage/host.yaml", "/etc/nv_tegra_release")
    return (
        "is the address right? ",
        look,
        "; if it is, somebody edited the card: remove /etc/sage/host.yaml there, then ",
        invoke("provision", host=host),
    )


def card_of(facts: BoardProbe) -> HostCard | None:
    """Return the board's card, None without one. Raises WrongBoard for one that cannot be read."""
    if facts.card is None:
        return None
    try:
        return host_card.parse(facts.card)
    except DeclarationError as damaged:
        raise CardDamaged(facts.host, str(damaged.faults[0])) from None
