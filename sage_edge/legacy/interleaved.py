"""A list in which messages of several sessions stand, each with the id of its own → one list for each session.

    {session_id: "A", role, content}  {session_id: "B", …}  {session_id: "A", …}      one line each, as a log has them

Questions with their answers of which no two have the same id are rows of one table, and stay together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from pydantic import JsonValue

from sage_edge.legacy import ids, shapes, vocabulary
from sage_edge.legacy.containers import Container
from sage_edge.legacy.errors import NoTurn
from sage_edge.sizes import counted

_NAMES = tuple(
    spelling
    for thing in ("session", "conversation", "thread", "chat", "dialogue", "dialog")
    for spelling in (f"{thing}_id", f"{thing}id", f"{thing}_uuid", f"{thing}uuid")
)


def apart(held: Container) -> list[Container]:
    """Return a container for each session of a bare list, in the order of their first items; itself where it is one.

    An item without an id goes with the one before it.
    """
    named = _ids(held.items) if not held.key and held.place is None else None
    if named is None:
        return [held]
    name, each = named
    groups: dict[str, list[int]] = {}
    current = next(filter(None, each))
    for at, own in enumerate(each):
        current = own or current
        groups.setdefault(current, []).append(at)
    repair = f"the list holds turns of {counted(len(groups), 'session')}, by `{name}`; each makes a paper"
    if lacking := each.count(None):
        repair += f"; {counted(lacking, 'item')} without one went with the item before"
    return [
        dataclasses.replace(
            held,
            items=[held.items[at] for at in places],
            numbers=tuple(at + 1 for at in places),
            chain=({"session_id": own},) if ids.is_numbered(own) else (),
            place=own,
            repairs=(*held.repairs, repair),
        )
        for own, places in groups.items()
    ]


def _ids(items: Sequence[JsonValue]) -> tuple[str, list[str | None]] | None:
    """Return the first name under which items hold several ids, and the id of each; None where none does."""
    about = [vocabulary.folded(item, _NAMES) if isinstance(item, dict) else {} for item in items]
    for name in _NAMES:
        each = [_id(entry.get(name)) for entry in about]
        several = set(filter(None, each))
        if len(several) > 1 and (len(several) < len(items) or not all(map(_is_row, items))):
            return name, each
    return None


def _id(value: JsonValue) -> str | None:
    is_id = isinstance(value, (str, int)) and not isinstance(value, bool)
    return f"{str(value).strip():.200}" or None if is_id else None


def _is_row(item: JsonValue) -> bool:
    try:
        return isinstance(shapes.read(item), shapes.QuestionItem)
    except NoTurn:
        return False
