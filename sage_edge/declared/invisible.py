"""Characters that a person who reads a declaration cannot see, or not tell from a blank.

    anywhere      characters of format (zero-width, bidi, tags, soft hyphens), blanks but the one of the keyboard, marks
                  that choose how another one looks, fillers
    in quotes     those of them that a language or a picture is written with may stand: joiners, marks of direction,
                  blanks that do not break or are as wide as a letter, choosers

Signs of format that are drawn, like those before Arabic numbers, are none of them.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata

_FOREIGN = re.compile(r"[^\x00-\x7f]")
_DRAWN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
_WRITTEN = "\u061c\u200c\u200d\u200e\u200f\u00a0\u202f\u3000"


def find(text: str, start: int = 0, stop: int = sys.maxsize, *, in_quotes: bool = False) -> int | None:
    """Return where the first character stands that cannot be seen, between two places of a text; None for none."""
    for match in _FOREIGN.finditer(text, start, stop):
        character = match[0]
        if is_hidden(character) and not (in_quotes and (character in _WRITTEN or _is_chooser(character))):
            return match.start()
    return None


@functools.cache
def is_hidden(character: str) -> bool:
    """Return whether a character cannot be seen; the blank of the keyboard is told from nothing."""
    if character in _FILLERS or _is_chooser(character):
        return True
    kind = unicodedata.category(character)
    return (kind == "Cf" and character not in _DRAWN) or (kind == "Zs" and character != " ")


def _is_chooser(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
