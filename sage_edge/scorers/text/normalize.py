"""Text made comparable, and patterns that match whole words of it (legacy §5.8)."""

from __future__ import annotations

import functools
import re
import unicodedata

FOLDED = {**dict.fromkeys("’ʼ‘ʻ`´′＇", "'"), **dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‐‑−", "-"), "–": "—"}
"""Characters that are written in many ways, and the one way in which they are compared."""

MARKUP = dict.fromkeys("*_#", " ")
"""Emphasis and headings, which say nothing."""

BOUNDED = r"(?<!\w)(?:{either})(?!\w)"
"""How a phrase must stand in a text: with no word character on either side."""

INVISIBLE = ("Cf", "Cs")
"""Unicode categories of characters that are left out."""

RULES = {"folded": {**FOLDED, **MARKUP}, "invisible": INVISIBLE, "bounded": BOUNDED}

REMEMBERED = 256
"""Texts whose folded form is kept: every scorer asks for those of one session, one after the other."""

_REPLACED = tuple({**FOLDED, **MARKUP}.items())
_ASCII = bytes(ord(dict(_REPLACED).get(chr(code), chr(code)).lower()) for code in range(128)) + bytes(range(128, 256))


@functools.lru_cache(maxsize=REMEMBERED)
def plain(text: str) -> str:
    """Return a text folded for comparison: Unicode NFKC, no case, straight apostrophes, single spaces.

    Emphasis and headings (`*_#`) become spaces.

    Invisible characters go, line ends stay. Applied to answers and to what is looked for alike.
    """
    folded = text.encode().translate(_ASCII).decode() if text.isascii() else _folded(text)
    if folded.isprintable() and "  " not in folded:  # white space other than a space is not printable
        return folded.strip(" ")
    lines = (" ".join(line.split()) for line in folded.split("\n"))
    return "\n".join(line for line in lines if line)


def _folded(text: str) -> str:
    written = _replaced(text)
    normal = unicodedata.normalize("NFKC", written)
    shown = (normal if normal == written else _replaced(normal)).casefold()
    if not shown.replace("\n", "").isprintable():
        for odd in {sign for sign in set(shown) if unicodedata.category(sign) in INVISIBLE}:
            shown = shown.replace(odd, "")
    return shown


def _replaced(text: str) -> str:
    for written, compared in _REPLACED:
        if written in text:
            text = text.replace(written, compared)
    return text


def words(phrase: str) -> str:
    """Return the pattern source of a phrase, whatever its spacing, not yet bounded."""
    return r"\s+".join(re.escape(word) for word in plain(phrase).split())


@functools.lru_cache(maxsize=1024)
def phrase(alternatives: str) -> re.Pattern[str]:
    """Return the pattern that finds one of `a | b` in plain text, as whole words."""
    either = "|".join(words(alternative) for alternative in alternatives.split("|") if alternative.strip())
    return re.compile(BOUNDED.replace("{either}", either) if either else r"(?!)")
