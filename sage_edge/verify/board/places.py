"""People and places, as provisioning left them: groups, users, rights, what files hold, units, secrets."""

from __future__ import annotations

from sage_edge.hints import ssh
from sage_edge.inventory.board_facts import contradictions
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.verify import provisioned
from sage_edge.verify.board.facts import HELPER, PROVISION, BoardCheck, as_set, mapping, of_each, of_probe, sha256
from sage_edge.verify.check import CheckedThing, Fact, HostCheck, always, once
from sage_edge.verify.wants import FactValue, Is, Nothing


def _account(seen: BoardProbe, name: str) -> FactValue:
    account = mapping(seen, "users").get(name)
    return f"{account['uid']}:{account['gid']}" if account else None


def _memberships(seen: BoardProbe, name: str) -> FactValue:
    account = mapping(seen, "users").get(name)
    return frozenset(account["groups"]) if account else None


def _place(seen: BoardProbe, path: str) -> FactValue:
    place = seen.files.get(path)
    return f"{place['mode']} {place['uid']}:{place['gid']}" if place else None


TEXT = of_each("text", lambda seen, path: sha256(mapping(seen, "texts").get(path)))

CHECKS: tuple[BoardCheck, ...] = (
    HostCheck("helper", HELPER, once(lambda at: Is(at.helper)), PROVISION),
    HostCheck(
        "board is {}",
        Fact("board", lambda at, _: frozenset(contradictions(at.probe.board, at.card))),
        lambda at: [CheckedThing(Nothing("no contradiction"), name=at.card.name)],
        ("is the address right? ", ssh("HOST", "hostname"), "; if so, mend fleet/boards"),
    ),
    HostCheck("group {}", of_each("group", lambda seen, name: seen.groups.get(name)), provisioned.groups, PROVISION),
    HostCheck("user {}", of_each("user", _account), provisioned.users, PROVISION),
    HostCheck("groups of {}", of_each("groups", _memberships), provisioned.memberships, PROVISION),
    HostCheck("rights of /{}", of_each("place", _place), provisioned.places, PROVISION),
    HostCheck(
        "host card",
        of_probe("card", lambda seen: provisioned.claims(seen.card)),
        provisioned.card,
        PROVISION,
    ),
    HostCheck("content of {}", TEXT, provisioned.texts, PROVISION),
    HostCheck(
        "{} at boot",
        of_each("unit", lambda seen, name: "enabled" if mapping(seen, "units").get(name) else "disabled"),
        provisioned.units,
        PROVISION,
    ),
    HostCheck(
        "rights below /srv/sage/state",
        of_probe("below", lambda seen: as_set(seen.answer.get("foreign_state"))),
        always(Nothing("all its owner's")),
        PROVISION,
    ),
    HostCheck(
        "secrets open to anybody",
        of_probe("secrets", lambda seen: as_set(seen.answer.get("secrets_open"))),
        always(Nothing()),
        "on the board: sudo chmod o-r FILE",
    ),
)
