"""A list in which turns of several trees stand, as their items name the one before them → one list for each tree.

    {uuid: "u1", parentUuid: null, …}  {uuid: "x1", parentUuid: null, isSidechain: true, …}  {parentUuid: "u1", …}

Claude Code keeps what an agent asked of another one so, among its own turns. Taken apart are trees of which one begins
before the other one ends, and those that are marked as a side chain; what stands one after the other stays together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from sage_edge.legacy import branches, vocabulary
from sage_edge.legacy.containers import Container
from sage_edge.sizes import counted

MARKED = "the file marks these turns as a side chain"
_SIDE = ("issidechain", "is_sidechain", "sidechain")
_MAIN = ""
"""The tree of what stays together."""


def apart(held: Container) -> list[Container]:
    """Return a container for each tree, the one that stays first; itself where nothing has to be taken apart.

    An item without a place in a tree goes with the one before it; what is marked, with what is marked.
    """
    sides = [_is_side(item) for item in held.items]
    links = branches.links(held.items)
    if links is None and not any(sides):
        return [held]
    trees = _trees(held.items, links or [(None, None)] * len(sides), sides)
    marked = {tree for tree, is_side in zip(trees, sides, strict=True) if is_side and tree is not None}
    lone = marked | _entangled([tree for tree in trees if tree is not None and tree not in marked])
    groups: dict[str, list[int]] = {_MAIN: []}
    current, before = _MAIN, False
    for at, tree in enumerate(trees):
        if tree is not None:
            current = tree if tree in lone else _MAIN
        elif sides[at] != before:
            current = f"side chain {at + 1}" if sides[at] else _MAIN
        before = sides[at]
        groups.setdefault(current, []).append(at)
    groups = {name: places for name, places in groups.items() if places}
    if len(groups) < 2:
        return [_noted(held, MARKED) if sides and all(sides) else held]
    return _pieces(held, groups, sides)


def _pieces(held: Container, groups: Mapping[str, Sequence[int]], sides: Sequence[bool]) -> list[Container]:
    numbers = held.numbers or tuple(range(1, len(held.items) + 1))
    chains = {name for name, places in groups.items() if sides[places[0]]}
    repairs: list[str] = []
    if len(groups) - len(chains) > 1:
        trees = counted(len(groups) - len(chains), "tree")
        repairs.append(f"the list holds {trees} of turns that interleave, by their parents; each makes a paper")
    if chains:
        repairs.append(f"the list holds {counted(len(chains), 'side chain')}, as marked; each makes a paper")
    pieces: list[Container] = []
    for name, places in groups.items():
        piece = dataclasses.replace(
            held,
            items=[held.items[at] for at in places],
            numbers=tuple(numbers[at] for at in places),
            repairs=(*held.repairs, *repairs, *((MARKED,) if name in chains else ())),
        )
        pieces.append(_beside(piece, name, is_side=name in chains) if pieces else piece)
    return pieces


def _beside(piece: Container, name: str, *, is_side: bool) -> Container:
    """Return a further container of a list; what stands around the list is kept with the first."""
    place = ".".join(filter(None, (piece.place, f"{name:.200}")))
    return dataclasses.replace(piece, exercises=[], owner={}, place=place, is_beside=piece.is_beside or is_side)


def _noted(held: Container, repair: str) -> Container:
    return dataclasses.replace(held, repairs=(*held.repairs, repair))


def _is_side(item: JsonValue) -> bool:
    return isinstance(item, dict) and True in vocabulary.folded(item, _SIDE).values()


def _trees(
    items: Sequence[JsonValue], links: Sequence[tuple[str | None, str | None]], sides: Sequence[bool]
) -> list[str | None]:
    """Return the tree of each item by the id at its top; None where it is in none, or nobody says anything in that."""
    side_of = {own: is_side for (own, _), is_side in reversed(list(zip(links, sides, strict=True)))}
    parents = {own: None if side_of.get(up, False) != side_of[own] else up for own, up in reversed(links) if own}
    tops: dict[str, str] = {}
    trees: list[str | None] = []
    for (own, up), is_side in zip(links, sides, strict=True):
        start = own or up  # an id that stands twice is that of its first item, which may be in the other talk
        start = start if side_of.get(start) == is_side else None
        trees.append(None if start is None else _top(start, parents, tops))
    spoken = {tree for tree, item in zip(trees, items, strict=True) if branches.is_said(item)}
    return [tree if tree in spoken else None for tree in trees]


def _top(start: str, parents: Mapping[str, str | None], tops: dict[str, str]) -> str:
    """Return the id at the top of a tree, or what is named above it; `tops` keeps what was found."""
    way: dict[str, None] = {}
    node, top = start, ""
    while not top:
        way[node] = None
        up = parents.get(node)
        if node in tops or up is None:
            top = tops.get(node, node)
        elif up in way:
            top = min(list(way)[list(way).index(up) :])
        else:
            node = up
    tops.update(dict.fromkeys(way, top))
    return top


def _entangled(trees: Sequence[str]) -> set[str]:
    """Return the trees of which one begins before another one ends; not the first, with which the others may stay."""
    first = {tree: at for at, tree in reversed(list(enumerate(trees)))}
    last = {tree: at for at, tree in enumerate(trees)}
    entangled, end, widest = set[str](), -1, ""
    for tree in sorted(first, key=first.__getitem__):
        if first[tree] < end:
            entangled |= {tree, widest}
        if last[tree] > end:
            end, widest = last[tree], tree
    return entangled - set(trees[:1])
