"""Draws that need arithmetic or order: the values that a scene is played with, such as two numbers and their sum.

Each function is named in a scene's `draw` key, takes the language and the random source, and returns the kept values.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tools.seedling.language import Language

_ROW_SLOTS = ("noun", "name", "colour", "number", "weekday", "kin", "thing")

Draw = Callable[[Language, random.Random], dict[str, str]]


def _count(language: Language, rng: random.Random) -> dict[str, str]:
    numbers = language.lists["number"]
    start = rng.choice((0, 0, 0, 1, 2, 3))
    end = start + rng.randint(2, 6)
    return {"from": numbers[start], "to": numbers[end], "row": ", ".join(numbers[start : end + 1])}


def _plus(language: Language, rng: random.Random) -> dict[str, str]:
    numbers = language.lists["number"]
    a, b = rng.randint(1, 5), rng.randint(1, 5)
    return {"a": numbers[a - 1], "b": numbers[b - 1], "sum": numbers[a + b - 1], "da": str(a), "db": str(b)}


def _row(language: Language, rng: random.Random) -> dict[str, str]:
    pool = sorted({word for slot in _ROW_SLOTS for word in language.lists[slot]})
    return {"row": " ".join(rng.sample(pool, rng.randint(5, 24)))}


def _days(language: Language, rng: random.Random) -> dict[str, str]:
    days = language.lists["weekday"]
    first = rng.randrange(len(days))
    return {f"day{step + 1}": days[(first + step) % len(days)] for step in range(3)}


def _ending(language: Language, rng: random.Random) -> dict[str, str]:
    start, end = rng.choice(language.facts.endings)
    return {"start": start, "end": end}


def _fact(language: Language, rng: random.Random) -> dict[str, str]:
    if rng.random() < 0.5:
        return {"fact": rng.choice(language.facts.holds), "answer": "yes"}
    return {"fact": rng.choice(language.facts.fails), "answer": "no"}


def _person(language: Language, rng: random.Random) -> dict[str, str]:
    return {"person": rng.choice(language.lists["name"])}


def _place(language: Language, rng: random.Random) -> dict[str, str]:
    stem = "".join(rng.choice(language.lists["syllable"]) for _ in range(rng.randint(1, 2)))
    return {"place": (stem + rng.choice(language.lists["ending"])).capitalize()}


def _deed(language: Language, rng: random.Random) -> dict[str, str]:
    past, base, things = rng.choice(language.facts.deeds)
    thing = rng.choice(things)
    return {"past": past, "base": base, "object": thing, "article": "an" if thing[0] in "aeiou" else "a"}


def _daytime(language: Language, rng: random.Random) -> dict[str, str]:
    return {"daytime": rng.choice(language.facts.daytimes)}


DRAWS: dict[str, Draw] = {
    "count": _count,
    "plus": _plus,
    "row": _row,
    "days": _days,
    "ending": _ending,
    "fact": _fact,
    "person": _person,
    "place": _place,
    "deed": _deed,
    "daytime": _daytime,
}


def composed_name(language: Language, rng: random.Random) -> str:
    """Return an invented name of two or three syllables, so that the model learns to copy names."""
    return "".join(rng.choice(language.lists["syllable"]) for _ in range(rng.randint(2, 3))).capitalize()
