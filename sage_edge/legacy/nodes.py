"""The tree in which ChatGPT keeps a talk → a list of turns, each with its id and its parent, from the top down.

{title, mapping: {ID: {id, message: {author: {role}, content: {parts}, …} | null, parent, children}}, current_node}

A message with a `recipient` that is not `all` is for a tool: the mind calls it, and says nothing to anybody.
"""

from __future__ import annotations

from pydantic import JsonValue

from sage_edge.legacy.parts import Json

MAPPING = "mapping"
_LINKS = frozenset(("parent", "children"))
_EVERYBODY = "all"
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
