"""The numbers that a text mentions, as digits or as words."""

from __future__ import annotations

import re
from decimal import Decimal

from sage_edge.scorers.text.lexicon import listed
from sage_edge.scorers.text.normalize import plain

SMALL = listed(
    "zero | one | two | three | four | five | six | seven | eight | nine | ten | eleven | twelve | thirteen | "
    "fourteen | fifteen | sixteen | seventeen | eighteen | nineteen | twenty"
)
"""Number words that are read, in order from 0."""

LARGE = listed(
    "thirty | forty | fifty | sixty | seventy | eighty | ninety | hundred | thousand | million | billion | half"
)
"""Number words that are seen but not read: they make a text mention a number that is not a small one."""

_DIGITS = r"(?<!\w)(?<!\d\.)-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?!\w|\.\d)"
PATTERN = rf"{_DIGITS}|(?<!\w)(?:(?:minus|negative)\s+)?(?:{'|'.join([*SMALL, *LARGE])})(?!\w)"
"""A number in plain text."""

_NUMERAL = re.compile(PATTERN)


def numbers(text: str) -> tuple[Decimal | None, ...]:
    """Return each number that a text mentions, in order; None for one that is not read.

    Digits with decimals and thousands commas, a sign if it touches; words from zero to twenty. `5th` and `fifth` are
    no numbers; `twenty-one` is two of them.
    """
    return tuple(_value(match[0]) for match in _NUMERAL.finditer(plain(text)))


def _value(numeral: str) -> Decimal | None:
    *sign, word = numeral.split()
    if word in LARGE:
        return None
    value = Decimal(SMALL.index(word)) if word in SMALL else Decimal(word.replace(",", ""))
    return -value if sign else value
