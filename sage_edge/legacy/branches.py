"""A talk that was taken up again further back, as its items name the one before them → the one path that was followed.

    {uuid, parent_message_uuid, …}    {uuid, parentUuid, …}    {id, parent_id, …}     items of a list
    {message: {id, parent, …}, …}                                                      an item within an item
    mapping: {ID: {message, parent, children}, …}      ChatGPT; `nodes` makes a list of it
    {…, children: [{…}, …]}                            LibreChat; so it does of this

Followed is the path to the item that the file names (`current_node`, beside the items, in an object there, or in one of
them that nobody says), else to the newest end: by its time where every end has one, else by its place. What stands in
no tree is kept, as are questions with their answers, which are whole wherever they hang; where nothing forks nothing
changes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from sage_edge.legacy import nodes, shapes, times, vocabulary
from sage_edge.legacy.containers import Container
from sage_edge.legacy.errors import NoTurn

_OWN = ("uuid", "id", "message_id", "messageid", "message_uuid", nodes.OWN)
_PARENTS = (
    *("parent_message_uuid", "parent_uuid", "parentuuid", "parent_message_id", "parentmessageid", "parent_id"),
    *("parentid", "parent", nodes.PARENT),
)
_PARENTS_SET = frozenset(_PARENTS)
_CURRENT = (
    *("current_node", "currentnode", "currnode", "current_id", "currentid"),
    *("current_leaf_message_uuid", "current_message_uuid"),
)
_OFF = "it lies off the path that was followed"


def follow(held: Container) -> Container:
    """Return a container with the items of one path, and those off it refused; itself where nothing forks."""
    about = [_about(item) for item in held.items]
    links = _links(about)
    if links is None:
        return held
    known = {own for own, _ in links if own is not None}
    current = next((node for node in _named(held) if node in known), None)
    path = _path(links, about, current)
    off = {at for at, (own, _) in enumerate(links) if own is not None and own not in path}
    off = {at for at in off if is_said(held.items[at])}
    if not off:
        return held
    numbers = held.numbers or tuple(range(1, len(held.items) + 1))
    kept = [at for at in range(len(held.items)) if at not in off]
    end = "the item that the file names" if current in path else "the newest end"
    are = "lies" if len(off) == 1 else "lie"
    return dataclasses.replace(
        held,
        items=[held.items[at] for at in kept],
        numbers=tuple(numbers[at] for at in kept),
        off=(*held.off, *(f"item {numbers[at]}: {_OFF}" for at in sorted(off))),
        repairs=(*held.repairs, f"{len(off)} of {len(held.items)} items {are} off the path to {end}"),
    )


def links(items: Sequence[JsonValue]) -> list[tuple[str | None, str | None]] | None:
    """Return id and parent of each item; None where no item names another one of them as its parent."""
    return _links([_about(item) for item in items])


def is_child_first(items: Sequence[JsonValue]) -> bool:
    """Whether items of one tree, all in a list, stand before their parents."""
    known = links(items) or []
    at = {own: place for place, (own, _) in enumerate(known) if own is not None}
    parents = [(place, at[up]) for place, (_, up) in enumerate(known) if up in at]
    return len(parents) > 1 and all(place < parent for place, parent in parents)


def _named(held: Container) -> Iterator[str]:
    """Yield what a file names as the item at which its talk stands."""
    heads = [item for item in held.items if isinstance(item, dict) and not is_said(item)]
    for holder in (held.owner, *held.owner.values(), *heads):
        if isinstance(holder, dict):
            yield from filter(None, map(_id, vocabulary.folded(holder, _CURRENT).values()))


def _about(item: JsonValue) -> dict[str, JsonValue]:
    """Return what an item says of its place; the message within it says that where the item names none before it."""
    if not isinstance(item, dict):
        return {}
    about, inner = (
        vocabulary.folded(it, (*_OWN, *_PARENTS, *times.STAMPS)) if isinstance(it, dict) else {}
        for it in (item, item.get("message"))
    )
    is_inside = _PARENTS_SET.isdisjoint(about) and not _PARENTS_SET.isdisjoint(inner)
    return {**about, **inner} if is_inside else about


def is_said(item: JsonValue) -> bool:
    """Whether an item is an utterance."""
    try:
        return isinstance(shapes.read(item), shapes.Utterance)
    except NoTurn:
        return False


def _links(about: Sequence[Mapping[str, JsonValue]]) -> list[tuple[str | None, str | None]] | None:
    """Return id and parent of each item, by the two names under which most parents are items; None without any."""
    best, most = None, 0
    for parent in _PARENTS:
        if not any(entry.get(parent) for entry in about):
            continue
        for own in _OWN:
            links = [(_id(entry.get(own)), _id(entry.get(parent))) for entry in about]
            known = {node for node, _ in links}
            met = sum(node is not None and up is not None and up in known for node, up in links)
            best, most = (links, met) if met > most else (best, most)
    return best


def _id(value: JsonValue) -> str | None:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "" else None


def _path(
    links: Sequence[tuple[str | None, str | None]], about: Sequence[Mapping[str, JsonValue]], current: str | None
) -> set[str]:
    """Return the ids on the path of each tree, and those in none."""
    parents = {own: up for own, up in reversed(links) if own is not None}
    children: dict[str | None, list[str]] = {}
    for own, up in parents.items():
        children.setdefault(up, []).append(own)
    ranks = _ranks(links, about, {own for own in parents if own not in children})
    tops = [*children.pop(None, ()), *(up for up in children if up is not None and up not in parents)]
    path, left = set[str](), set(parents)
    for top in tops:
        tree = list(_down(top, children))
        left.difference_update(tree)
        end = (
            current if current in (whole := set(tree)) else max((n for n in tree if n in ranks), key=ranks.__getitem__)
        )
        node: str | None = end
        while node is not None and node in whole:
            path.add(node)
            node = parents.get(node)
    return path | left


def _down(top: str, children: Mapping[str | None, Sequence[str]]) -> Iterator[str]:
    """Yield an id and all those below it."""
    stack = [top]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(children.get(node, ()))


def _ranks(
    links: Sequence[tuple[str | None, str | None]], about: Sequence[Mapping[str, JsonValue]], ends: set[str]
) -> dict[str, tuple[float, int]]:
    """Return how new each end is; the greatest is the newest."""
    at = {own: place for place, (own, _) in enumerate(links) if own in ends}
    clocks = {own: _clock(about[place]) for own, place in at.items() if own is not None}
    is_timed = all(clock is not None for clock in clocks.values())
    return {own: ((clock or 0.0) if is_timed else 0.0, at[own]) for own, clock in clocks.items()}


def _clock(about: Mapping[str, JsonValue]) -> float | None:
    moment = times.of_item(dict(about)).moment
    return None if moment is None else moment.timestamp()
