"""Check who this machine is and whether its role may do something, before anything is started or written."""

from __future__ import annotations

from dataclasses import dataclass

from sage_edge.inventory import identity, image
from sage_edge.inventory.board_facts import BoardFacts
from sage_edge.inventory.errors import NotMyRole
from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.identity import Me
from sage_edge.inventory.roles import Ability
from sage_edge.paths import Paths


def allow(fleet: Fleet, host: str, ability: Ability) -> None:
    """Return if the host's role has the ability. Raises NotMyRole, which names whose it is."""
    role = fleet.role_of(host)
    if not role.may(ability):
        raise NotMyRole(host, role.name, ability, owners=fleet.owners(ability), abilities=role.abilities)


def require(paths: Paths, ability: Ability, as_host: str | None = None, facts: BoardFacts | None = None) -> Me:
    """Return who this machine is, if that host may use the ability and this is its board.

    The role is looked at before the board, so that a host hears what it may do wherever it runs.
    Raises what `identity.claim` raises, NotMyRole, IdentityConflict for another board, and in a container WrongImage
    when its image was made for another host.
    """
    fleet, host, card = identity.claim(paths, as_host)
    allow(fleet, host.name, ability)
    me = identity.confirm(paths, fleet, host, card, facts)
    image.demand(paths.image, me)
    return me


@dataclass(frozen=True)
class Row:
    """One host in the capability table; `schedule` in words."""

    host: str
    role: str
    board: str
    abilities: tuple[str, ...]
    model: str | None
    schedule: str


def table(fleet: Fleet) -> tuple[Row, ...]:
    """Return who may do what, one row per host in name order; `dataclasses.asdict` of it is JSON."""
    return tuple(_row(fleet, name) for name in sorted(fleet.hosts))


def _row(fleet: Fleet, name: str) -> Row:
    host, role = fleet.host(name), fleet.role_of(name)
    return Row(str(host.name), str(role.name), str(host.board), role.abilities, host.model, _schedule(fleet, name))


def _schedule(fleet: Fleet, name: str) -> str:
    if fleet.scheduled(name):
        return fleet.schedule_of(name).words()
    is_researcher = fleet.role_of(name).may("analyse")
    return f"looks for new papers every {fleet.wake_every}" if is_researcher else "by hand"
