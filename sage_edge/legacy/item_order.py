"""The order of the items of a list, held against the times and the places that they say.

An export may have the newest item first: where the time of every turn is readable and each is earlier than the one
before, the list is turned round; without such times, where each item stands before the one that it names as its parent.
Times that run backwards otherwise are told, and the order of the file stands.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from pydantic import JsonValue

from sage_edge.legacy import branches, shapes, times
from sage_edge.legacy.containers import Container
from sage_edge.legacy.errors import NoTurn
from sage_edge.legacy.shapes import Utterance
from sage_edge.legacy.vocabulary import is_asker, is_system

BY_TIME = "the newest item stands first, by the times; the list was turned round"
BY_PARENT = "each item stands before its parent; the list was turned round"


def oldest_first(held: Container) -> Container:
    """Return a container whose list begins with its oldest item; itself where it does, or nothing says."""
    is_timed = any(times.of_item(item).moment for item in held.items)
    turns = [(item, spoken) for item in held.items if is_timed and (spoken := _turn(item)) is not None]
    moments = [times.of_item(item).moment for item, _ in turns]
    timed = [moment for moment in moments if moment is not None]
    is_falling = len(timed) > 1 and all(later < earlier for earlier, later in pairwise(timed))
    if len(timed) == len(turns) and timed:
        repair = BY_TIME if is_falling and not _is_one_question(turns[0][1], len(turns)) else ""
    else:
        repair = BY_PARENT if branches.is_child_first(held.items) else ""
    if not repair:
        return held
    numbers = held.numbers or range(1, len(held.items) + 1)
    return dataclasses.replace(
        held, items=held.items[::-1], numbers=tuple(numbers)[::-1], repairs=(*held.repairs, repair)
    )


def backwards_told(held: Container) -> Container:
    """Return a container that tells where the times of its items run backwards."""
    back = _backwards(held.items)
    if not back:
        return held
    numbers = held.numbers or range(1, len(held.items) + 1)
    more = f" and at {len(back) - 1} more" if len(back) > 1 else ""
    repair = f"the times of its turns run backwards at item {numbers[back[0]]}{more}; the order of the file stands"
    return dataclasses.replace(held, repairs=(*held.repairs, repair))


def _backwards(items: Sequence[JsonValue]) -> list[int]:
    """Return the places of items whose time is before that of the last one with a time."""
    back: list[int] = []
    last: datetime | None = None
    for at, item in enumerate(items):
        reading = times.of_item(item)
        if reading.moment is None:
            continue
        moment = reading.moment
        if last is not None and moment < last:
            if reading.later is None or reading.later < last:
                back.append(at)
            else:
                moment = reading.later
        last = moment
    return back


def _turn(item: JsonValue) -> shapes.Utterance | shapes.QuestionItem | None:
    """Return a turn that has its place in the order; the system's words have none."""
    try:
        turn = shapes.read(item)
    except NoTurn:
        return None
    return None if isinstance(turn, Utterance) and is_system(turn.who) else turn


def _is_one_question(first: shapes.Utterance | shapes.QuestionItem, turns: int) -> bool:
    """Whether a list is a question and its answer, whose clocks differ."""
    return turns == 2 and isinstance(first, Utterance) and is_asker(first.who)
