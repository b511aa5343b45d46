"""The tree in which a talk is kept → a list of turns, each with its id and its parent, from the top down.

{title, mapping: {ID: {id, message: {author: {role}, content: {parts}, …} | null, parent, children}}, current_node}
{messages: [{sender, text, children: [{sender, text, children: […]}]}]}      LibreChat; each turn holds those after it

The first is ChatGPT's.

A message with a `recipient` that is not `all` is for a tool: the mind calls it, and says nothing to anybody.
"""

from __future__ import annotations

from pydantic import JsonValue

from sage_edge.legacy import shapes
from sage_edge.legacy.parts import Json

MAPPING = "mapping"
_LINKS = frozenset(("parent", "children"))
_EVERYBODY = "all"
BELOW = ("children", "replies")
"""Where an item holds the turns that follow it."""
OWN, PARENT = "node#id", "node#parent"
"""Keys under which an item that hung below another says its place, and that of the other one."""
CALL = "tool_calls"
"""Where the words of a message stand that is for a tool; `parts` knows that key."""


def items(value: Json) -> list[JsonValue]:
    """Return the messages of the tree in an object; none where it holds no tree."""
    nodes = value.get(MAPPING)
    if not isinstance(nodes, dict) or not nodes:
        return []
    if not all(isinstance(node, dict) and not _LINKS.isdisjoint(node) for node in nodes.values()):
        return []
    return [_item(name, node) for name, node in _downward(nodes) if isinstance(node.get("message"), dict)]


def flat(listed: list[JsonValue]) -> list[JsonValue]:
    """Return items, and behind each those that hang below it, each with its place; the same where none do."""
    if not any(map(holds_turns, listed)):
        return listed
    flattened: list[JsonValue] = []
    stack: list[tuple[JsonValue, int | None]] = [(item, None) for item in reversed(listed)]
    while stack:
        item, parent = stack.pop()
        place, below = len(flattened) + 1, _below(item)
        if isinstance(item, dict):
            own: Json = {key: held for key, held in item.items() if not (below and held is below)}
            item = {**own, OWN: place, **({} if parent is None else {PARENT: parent})}
        flattened.append(item)
        stack.extend((child, place) for child in reversed(below))
    return flattened


def holds_turns(item: JsonValue) -> bool:
    """Whether an item is a turn and holds those that follow it."""
    return bool(_below(item)) and (shapes.is_turn(item) or shapes.is_silent(item))


def repairs(listed: list[JsonValue]) -> tuple[str, ...]:
    """What was done with a list that was made flat."""
    is_flat = any(isinstance(item, dict) and OWN in item for item in listed)
    return ("turns that hung below others were read behind these; `node#parent` says below which",) if is_flat else ()


def _below(item: JsonValue) -> list[JsonValue]:
    """Return the turns that hang below an item."""
    for name in BELOW if isinstance(item, dict) else ():
        held = item.get(name) if isinstance(item, dict) else None
        if isinstance(held, list) and any(shapes.is_turn(child) or shapes.is_silent(child) for child in held):
            return held
    return []


def _downward(nodes: Json) -> list[tuple[str, Json]]:
    """Return the nodes, each behind its parent; those that hang on nothing come last."""
    known = {name: node for name, node in nodes.items() if isinstance(node, dict)}
    below: dict[str | None, list[str]] = {}
    for name, node in known.items():
        parent = node.get("parent")
        below.setdefault(parent if isinstance(parent, str) and parent in known else None, []).append(name)
    order: dict[str, None] = {}
    stack = below.get(None, [])[::-1]
    while stack:
        name = stack.pop()
        order[name] = None
        stack.extend(reversed(below.get(name, [])))
    return [(name, known[name]) for name in (*order, *(name for name in known if name not in order))]


def _item(name: str, node: Json) -> Json:
    """Return a message as an item, with who speaks as a text; what else is known of the author stays beside it."""
    message = node["message"]
    item: Json = dict(message) if isinstance(message, dict) else {}
    author = item.get("author")
    if isinstance(author, dict) and isinstance(role := author.get("role"), str):
        left: Json = {key: held for key, held in author.items() if key != "role" and held not in (None, {}, "")}
        item = {**{key: held for key, held in item.items() if key != "author"}, "role": role}
        item |= {"author": left} if left else {}
    recipient = item.get("recipient")
    if isinstance(recipient, str) and recipient not in ("", _EVERYBODY) and "content" in item:
        item[CALL] = [{"recipient": recipient, "content": item.pop("content")}]
    return {**item, "id": name, "parent": node.get("parent")}
