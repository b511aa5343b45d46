"""The declarations that concern one host, as they are understood: what its release is a digest over.

    fleet         name, exchange, wake_every
    schedule      the fleet's cadence with the host's own keys, where it conducts
    host, role, board      its own, without what is there only to be read by people
    kinds         every kind of session: whose letters tell papers apart
    signers       by which keys their commits are known
    peers         each other host: what it may do, which is all that its branch is judged by
    curriculum    where it conducts; interventions alone where it only recommends them
    models        the cards of its models and of their bases; every card where it makes models
    claims        where it analyses
    theories      where it analyses: it publishes how they stand
    trials        where it recommends: it proposes them

A comment, another layout, a key written out at its default or a peer's sampling changes nothing here, and so restarts
nobody. What a later version of this program declares by default changes nothing either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pydantic import JsonValue

from sage_edge import curriculum, trials
from sage_edge.declared import Declared, yaml_text
from sage_edge.inventory import signers
from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.host_entry import Host
from sage_edge.inventory.roles import Role
from sage_edge.models.card import ModelCard
from sage_edge.models.cards import read_card, read_cards
from sage_edge.names import ModelRef

HostDeclarations = Mapping[str, JsonValue]

_FOR_PEOPLE = {"format", "summary"}
_STUDIED = {"claims": "claims.yaml", "theories": "theories.yaml"}
"""What a host that analyses goes by, as it stands."""


def concerning(fleet: Fleet, host: Host) -> HostDeclarations:
    """Return what concerns a host. Raises DeclarationError for a curriculum, card or claim that cannot be read."""
    return dict(_concerning(fleet, host))


def _concerning(fleet: Fleet, host: Host) -> Iterator[tuple[str, JsonValue]]:
    role, conducts = fleet.role_of(host.name), fleet.conducts(host.name)
    spans = {"wake_every": fleet.wake_every, "clock_ahead": fleet.clock_ahead, "clock_slack": fleet.clock_slack}
    yield "fleet", {"name": fleet.name, "exchange": fleet.remote, **{key: str(span) for key, span in spans.items()}}
    yield "host", _said(host)
    yield "role", _said(role, _FOR_PEOPLE)
    yield "board", _said(fleet.boards[host.board], {*_FOR_PEOPLE, "source"})
    yield (
        "kinds",
        {"order": list[JsonValue](fleet.kinds.names), "each": {kind.name: _said(kind) for kind in fleet.kinds}},
    )
    yield "peers", {name: list[JsonValue](sorted(fleet.role_of(name).abilities)) for name in sorted(fleet.hosts)}
    if by_key := [signer for signer in fleet.signers if signers.COMMITS in signer.namespaces]:
        yield "signers", [str(replace(signer, namespaces=(signers.COMMITS,), counters=None)) for signer in by_key]
    if conducts:
        yield "schedule", fleet.schedule_of(host.name).model_dump(mode="json")
    if conducts or role.may("decide") or role.may("analyse"):
        yield "curriculum", _curriculum(fleet, whole=conducts)
    yield "models", _cards(fleet, host, role)
    for name, file in _STUDIED.items():
        if role.may("analyse") and (fleet.folder / file).is_file():
            yield name, yaml_text.load((fleet.folder / file).read_text("utf-8"))
    if role.may("recommend") and (declared := trials.load(fleet.folder)):
        yield "trials", {name: _said(card) for name, card in sorted(declared.items())}


def _said(declared: Declared, without: Iterable[str] = ("format",)) -> dict[str, JsonValue]:
    """What somebody wrote, without defaults: a later default changes no release."""
    return declared.model_dump(mode="json", exclude_defaults=True, exclude=set(without))


def _curriculum(fleet: Fleet, *, whole: bool) -> dict[str, JsonValue]:
    lessons = curriculum.load(fleet.folder)
    parts: dict[str, JsonValue] = {
        "interventions": {f"{card.name}-{card.version}": card.model_dump(mode="json") for card in lessons.interventions}
    }
    if whole:
        parts["phases"] = {phase.name: phase.model_dump(mode="json") for phase in lessons.phases}
        parts["tracks"] = {track.name: track.model_dump(mode="json") for track in lessons.tracks}
    return parts


def _cards(fleet: Fleet, host: Host, role: Role) -> dict[str, JsonValue]:
    if role.may("merge") or role.may("train"):
        cards = read_cards(fleet.folder)
    else:
        cards = {card.ref: card for ref in host.models for card in _chain(fleet, ref)}
    return {ref: _said(card, {*_FOR_PEOPLE, "validation", "source_of_facts"}) for ref, card in sorted(cards.items())}


def _chain(fleet: Fleet, ref: ModelRef | None) -> Iterator[ModelCard]:
    """A model's card, its base's, and so on; the other cards are not even read."""
    passed: set[ModelRef] = set()
    while ref is not None and ref not in passed and (card := read_card(fleet.folder, ref)) is not None:
        passed.add(ref)
        yield card
        ref = card.base
