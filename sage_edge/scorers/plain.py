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

RULES = {"folded": {**FOLDED, **MARKUP}, "bounded": BOUNDED}

_TABLE = str.maketrans({**FOLDED, **MARKUP})
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def plain(text: str) -> str:
    """Return a text folded for comparison: Unicode NFKC, no case, no emphasis, straight apostrophes, single spaces.

    Invisible characters go, line ends stay. Applied to answers and to what is looked for alike.
    """
    folded = unicodedata.normalize("NFKC", text.translate(_TABLE)).translate(_TABLE).casefold()
    shown = "".join(character for character in folded if unicodedata.category(character) not in ("Cf", "Cs"))
    return _LINES.sub("\n", _SPACES.sub(" ", shown)).strip()


def words(phrase: str) -> str:
    """Return the pattern source of a phrase, whatever its spacing, not yet bounded."""
    return r"\s+".join(re.escape(word) for word in plain(phrase).split())


@functools.lru_cache(maxsize=1024)
def phrase(alternatives: str) -> re.Pattern[str]:
    """Return the pattern that finds one of `a | b` in plain text, as whole words."""
    either = "|".join(words(alternative) for alternative in alternatives.split("|") if alternative.strip())
    return re.compile(BOUNDED.replace("{either}", either) if either else r"(?!)")
