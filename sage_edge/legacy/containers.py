"""The lists of turns in a JSON document, wherever they stand (legacy §4, rule 1).

The first non-empty list of objects under `conversation`, `conversations`, `transcript`, `exchanges`, `results` or
`turns` (an integer in most files) is the conversation; `exercises` stand beside it. Without one, a list of which every
item is a turn, under any name; without that, the same question for each object further in.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from sage_edge.legacy import shapes, vocabulary
from sage_edge.legacy.shapes import Json, Utterance

KNOWN = ("conversation", "conversations", "transcript", "exchanges", "results", "turns")
EXERCISES = "exercises"
_DEEPEST = 5


@dataclass(frozen=True)
class Container:
    """The turns of one session. items: of the list `key`; exercises: of the list beside it.

    owner: the object that holds them, without them. chain: the owner, then the plain values of each object around it.
    place: where the owner stands in the file, like `models.0`; None for the file itself.
    """

    key: str
    items: list[JsonValue]
    exercises: list[JsonValue]
    owner: Json
    chain: tuple[Json, ...]
    place: str | None = None


@dataclass(frozen=True)
class TurnContainers:
    """The containers of a document. around: the document without them; None where they are all of it."""

    containers: tuple[Container, ...]
    around: JsonValue


def find(value: JsonValue) -> TurnContainers:
    """Return every container of a document, in its order, and what stands around them."""
    if isinstance(value, list) and value and all(shapes.is_turn(item) for item in value):
        return TurnContainers((Container("", value, [], {}, ()),), None)
    containers: list[Container] = []
    left = _search(value, "", (), containers)
    is_top = len(containers) == 1 and containers[0].place is None
    return TurnContainers(tuple(containers), None if is_top or not containers else left)


def own(value: Json) -> tuple[str, list[JsonValue], list[JsonValue]] | None:
    """Return the name of an object's list of turns, its items, and its exercises; None when it has neither."""
    lessons = _objects(value.get(EXERCISES))
    if not any(map(shapes.is_turn, lessons)):
        lessons = []
    lists = {key: held for key in KNOWN if (held := _objects(value.get(key)))}
    for key, held in lists.items():
        if any(map(shapes.is_turn, held)):
            return key, held, lessons
    if lessons:
        return next(((key, held, lessons) for key, held in lists.items()), (EXERCISES, [], lessons))
    for key, other in value.items():
        if isinstance(other, list) and other and _is_talk(other):
            return key, other, []
    return next(((key, held, []) for key, held in lists.items()), None)


def spare(held: Container) -> list[str]:
    """Return the names of lists beside the turns that might hold turns as well."""
    return [key for key in (*KNOWN, EXERCISES) if isinstance(listed := held.owner.get(key), list) and listed]


def _search(value: JsonValue, place: str, chain: tuple[Json, ...], containers: list[Container]) -> JsonValue:
    """Append every container in a value; return the value without them, a mark in the place of each owner."""
    if place.count(".") > _DEEPEST:
        return value
    if isinstance(value, dict):
        if (mine := own(value)) is not None:
            key, items, exercises = mine
            taken = {key, EXERCISES} if exercises else {key}
            owner = {name: held for name, held in value.items() if name not in taken}
            containers.append(Container(key, items, exercises, owner, (owner, *chain), place.rstrip(".") or None))
            return {"paper": place.rstrip(".")}
        plain: Json = {name: held for name, held in value.items() if not isinstance(held, (dict, list))}
        return {name: _search(held, f"{place}{name}.", (plain, *chain), containers) for name, held in value.items()}
    if isinstance(value, list):
        return [_search(held, f"{place}{number}.", chain, containers) for number, held in enumerate(value)]
    return value


def _is_talk(held: list[JsonValue]) -> bool:
    """Whether a list under an unknown name is a conversation beyond doubt."""
    if not all(map(shapes.is_whole, held)):
        return False
    speakers = [item.who for item in map(shapes.read, held) if isinstance(item, Utterance)]
    return not speakers or any(map(vocabulary.is_mind, speakers))


def _objects(held: JsonValue) -> list[JsonValue]:
    return held if isinstance(held, list) and any(isinstance(item, dict) for item in held) else []
