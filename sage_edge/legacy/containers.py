"""The lists of turns in a JSON document, wherever they stand (legacy §4, rule 1).

The first non-empty list of objects under `conversation`, `conversations`, `transcript`, `exchanges`, `results`,
`turns` (an integer in most files) or `messages` is the conversation; `exercises` stand beside it. Without one, a list
of which every item is a turn, under any name, or a tree of them (`nodes`); without that, the same question for each
object further in. Turns that an item holds as its `children` come behind it; others in an item are named (`within`).

A battery asks each question in several arms (`shapes.arms`), and keeps the talk that prepared one of them in a list of
its own: there, every list of turns is a container. In any other file a second list mostly holds the same words again:
it is named (`spare`), and stands in `extra`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from sage_edge.legacy import nodes, shapes, vocabulary
from sage_edge.legacy.errors import NoTurn
from sage_edge.legacy.parts import Json
from sage_edge.legacy.shapes import Utterance

KNOWN = ("conversation", "conversations", "transcript", "exchanges", "results", "turns", "messages")
EXERCISES = "exercises"
ABOUT = ("metadata", "meta", "session_info", "session_metadata", "info", "config")
"""Names of an object that speaks of the session as the one around it does."""
_DEEPEST = 5


@dataclass(frozen=True)
class Container:
    """The turns of one session. items: of the list `key`; exercises: of the list beside it.

    owner: the object that holds them, without them. chain: the owner, then the plain values of each object around it,
    each followed by what it says under `metadata`. place: where the owner stands in the file, like `models.0`; None for
    the file itself. is_beside: they are of a battery, beside the first list, and `place` ends in their key; or a side
    chain (`trees`).
    numbers: the place of each item in its list, from 1, where it is another one. repairs: what was done with the list.
    off: a sentence for each item that was taken out of it.
    """

    key: str
    items: list[JsonValue]
    exercises: list[JsonValue]
    owner: Json
    chain: tuple[Json, ...]
    place: str | None = None
    is_beside: bool = False
    numbers: tuple[int, ...] = ()
    repairs: tuple[str, ...] = ()
    off: tuple[str, ...] = ()


@dataclass(frozen=True)
class TurnContainers:
    """The containers of a document. around: the document without them; None where they are all of it."""

    containers: tuple[Container, ...]
    around: JsonValue


def find(value: JsonValue) -> TurnContainers:
    """Return every container of a document, in its order, and what stands around them."""
    listed = nodes.flat([value] if nodes.holds_turns(value) else value if isinstance(value, list) else [])
    if listed and _is_turns(listed):
        return TurnContainers((Container("", listed, [], {}, (), repairs=nodes.repairs(listed)),), None)
    containers: list[Container] = []
    left = _search(value, "", (), containers)
    is_top = bool(containers) and containers[0].place is None
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
    if any(map(shapes.is_turn, tree := nodes.items(value))):
        return nodes.MAPPING, tree, []
    for key, other in value.items():
        if isinstance(other, list) and other and _is_talk(items := nodes.flat(shapes.spread(other))):
            return key, items, []
        if nodes.holds_turns(other) and _is_talk(items := nodes.flat([other])):
            return key, items, []
    return next(((key, held, []) for key, held in lists.items()), None)


def spare(held: Container) -> list[str]:
    """Return the names under which turns, or what might be, stand beside those of a container."""
    known = [key for key in (*KNOWN, EXERCISES) if isinstance(listed := held.owner.get(key), list) and listed]
    further = (key for key, other in held.owner.items() if key not in known and _holds_turns(other))
    return [*known, *further]


def within(held: Container) -> list[str]:
    """Return the names under which items of a container hold turns that nobody reads."""
    names: dict[str, None] = {}
    for item in (*held.items, *held.exercises):
        if isinstance(item, dict):
            names.update(dict.fromkeys(name for name, value in item.items() if _speaks(value)))
    return list(names)


def _speaks(value: JsonValue) -> bool:
    """Whether a list within a value holds something that somebody says who is known to ask or to answer."""
    if isinstance(value, dict):
        return any(map(_speaks, value.values()))
    return isinstance(value, list) and any(_is_spoken(item) or _speaks(item) for item in value)


def _is_spoken(item: JsonValue) -> bool:
    try:
        turn = shapes.read(item)
    except NoTurn:
        return False
    if isinstance(turn, Utterance):
        return vocabulary.is_mind(turn.who) or vocabulary.is_asker(turn.who)
    return turn.has_answer and turn.question is not None


def _holds_turns(value: JsonValue) -> bool:
    inner: list[Container] = []
    _search({"": value}, "", (), inner)
    return bool(inner)


def _search(value: JsonValue, place: str, chain: tuple[Json, ...], containers: list[Container]) -> JsonValue:
    """Append every container in a value; return the value without them, a mark in the place of each owner."""
    if place.count(".") > _DEEPEST:
        return value
    if isinstance(value, dict):
        if (mine := own(value)) is not None:
            key, items, exercises = mine
            beside = _beside(value, key) if not exercises else {}
            taken = {key, *beside, *((EXERCISES,) if exercises else ())}
            owner = {name: held for name, held in value.items() if name not in taken}
            around = (*_levels(owner, owner), *chain)
            flattened = nodes.repairs(items)
            containers.append(
                Container(key, items, exercises, owner, around, place.rstrip(".") or None, repairs=flattened)
            )
            containers += (Container(name, held, [], {}, around, place + name, True) for name, held in beside.items())
            return {"paper": place.rstrip(".")}
        plain: Json = {name: held for name, held in value.items() if not isinstance(held, (dict, list))}
        chain = (*_levels(plain, value), *chain)
        return {name: _search(held, f"{place}{name}.", chain, containers) for name, held in value.items()}
    if isinstance(value, list):
        return [_search(held, f"{place}{number}.", chain, containers) for number, held in enumerate(value)]
    return value


def _levels(level: Json, value: Json) -> tuple[Json, ...]:
    """Return what an object says, and after it what it says under `metadata`."""
    return (level, *(about for name in ABOUT if isinstance(about := value.get(name), dict)))


def _beside(value: Json, chosen: str) -> dict[str, list[JsonValue]]:
    """Return the further lists of turns of a battery: none where no list has arms."""
    lists = {name: held for name, held in value.items() if isinstance(held, list) and held}
    if not any(shapes.arms(item) for held in lists.values() for item in held):
        return {}
    spread = {name: shapes.spread(held) for name, held in lists.items() if name != chosen}
    return {name: items for name, items in spread.items() if _is_talk(items)}


def _is_talk(held: list[JsonValue]) -> bool:
    """Whether a list under an unknown name is a conversation beyond doubt."""
    spoken = [item for item in held if not shapes.is_silent(item)]
    if not spoken or not all(map(shapes.is_whole, spoken)):
        return False
    speakers = [item.who for item in map(shapes.read, spoken) if isinstance(item, Utterance)]
    return not speakers or any(map(vocabulary.is_mind, speakers))


def _is_turns(held: list[JsonValue]) -> bool:
    """Whether every item of a list is a turn, and something is said in it; or most are a talk beyond doubt."""
    turns = [item for item in held if shapes.is_turn(item)]
    strange = [item for item in held if not shapes.is_turn(item) and not shapes.is_silent(item)]
    if not turns or not strange:
        return bool(turns)
    return 2 * len(strange) <= len(held) and _is_talk(turns) and not any(map(_holds_turns, strange))


def _objects(held: JsonValue) -> list[JsonValue]:
    if not isinstance(held, list) or not any(isinstance(item, dict) for item in held):
        return []
    return nodes.flat(shapes.spread(held))
