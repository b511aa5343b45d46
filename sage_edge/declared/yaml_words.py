"""What a word without quotes means, in YAML 1.2's core schema, and nothing else.

    null  true  false          null, Null, NULL, ~ and nothing at all; true, True, TRUE; false, False, FALSE
    16  -3  0o17  0x1f         whole numbers; 020 is twenty
    1_000_000                  the same grouped by thousands, which is ours: published declarations have it
    0.5  .5  1e3  -2.5e-7      numbers
    everything else            text: on, yes, 17:04, 1_0, 2026-11-30

PyYAML makes of words what YAML 1.1 says: `on` is true, 020 is 16, 17:04 is 1024. (ruamel.yaml keeps 1_0, 0b1 and dates
of 1.1 when it reads 1.2, and would be a second library.)
"""

from __future__ import annotations

import math
import re

Word = str | float | int | bool | None

MOST_DIGITS = 40
"""Of a whole number. No field needs half as many, and thousands would be slow to read and to print."""

_SHOWN = 60
_KNOWN: dict[str, bool | None] = {
    **dict.fromkeys(("", chr(126), "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[-+]?(?:[0-9]+|[1-9][0-9]{0,2}(?:_[0-9]{3})+)")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_QUOTED = "write it in quotes if it is text"


class WordRefused(ValueError):
    """A word is a number that cannot be held."""


def meaning(word: str) -> Word:
    """Return what a word without quotes means. Raises WordRefused for a number that is not finite or too large."""
    if word in _KNOWN:
        return _KNOWN[word]
    if word[0] not in "+-.0123456789":
        return word
    if _WHOLE.fullmatch(word) or _OTHER_BASE.fullmatch(word):
        if len(word) > MOST_DIGITS:
            raise WordRefused(f"{shown(word)} has too many digits; {_QUOTED}")
        return int(word, {"0o": 8, "0x": 16}.get(word[:2], 10))
    if _NOT_FINITE.fullmatch(word):
        raise WordRefused(f"{word} is no finite number; {_QUOTED}")
    return _number(word) if _NUMBER.fullmatch(word) else word


def _number(word: str) -> float:
    number = float(word)
    vanished = number == 0 and re.search("[1-9]", re.split("[eE]", word)[0]) is not None
    if vanished or math.isinf(number):
        raise WordRefused(f"{shown(word)} is beyond what a number can be here; {_QUOTED}")
    return number


def shown(text: str) -> str:
    """Return a word for a message: printable, and not long."""
    text = text if text.isprintable() else ascii(text)[1:-1]
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
