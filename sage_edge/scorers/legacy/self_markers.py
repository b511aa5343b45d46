"""The phrases by which an answer refers to its mind by name, as the predecessor sought them.

They need no word boundary on the left: "has SAGE" holds one. Of the third pattern only the group's word counts as the
marker, which is a quirk of the predecessor.

Source: legacy §5.4; repository dp-web4/SAGE, commit 5b924e16.
"""

from __future__ import annotations

import functools
import re

from sage_edge.scorers.legacy.markers import read

PATTERNS = (
    "As {n}",
    "I'?m {n}",
    "my (identity|role|purpose) as {n}",
    "{n}, I",
    "speaking as {n}",
    "in my capacity as {n}",
)
"""Read without regard to letter case; {n} is the name."""


def markers(answer: str, name: str) -> frozenset[str]:
    """Return the distinct strings by which an answer refers to the mind of this name; none for an empty name."""
    lower, wanted = read(answer).lower, name.lower()
    if not wanted:
        return frozenset()
    if name.isascii() and _is_lowered_one_by_one(answer, lower):
        matches = _in_lower(answer, lower, wanted)
    else:
        matches = {marker for pattern in _patterns(name, re.IGNORECASE) for marker in pattern.findall(answer)}
    if f"i am {wanted}" in lower:
        matches.add(f"I am {name}")
    return frozenset(matches)


@functools.lru_cache(maxsize=64)
def _patterns(name: str, flags: int) -> tuple[re.Pattern[str], ...]:
    lower = flags == 0
    return tuple(
        re.compile((pattern.lower() if lower else pattern).replace("{n}", re.escape(name)), flags)
        for pattern in PATTERNS
    )


def _in_lower(answer: str, lower: str, name: str) -> set[str]:
    """Return what the patterns find in the lower-cased answer, as it stands in the answer itself.

    A search that ignores letter case is many times slower.
    """
    if name not in lower:
        return set()
    return {
        answer[slice(*match.span(match.lastindex or 0))]
        for pattern in _patterns(name, 0)
        for match in pattern.finditer(lower)
    }


def _is_lowered_one_by_one(answer: str, lower: str) -> bool:
    """True if each character has its place in the lower-cased answer and ignoring letter case means no more than that.

    The dotless i and the long s are equal to i and s where letter case is ignored, but are lower case already.
    """
    return answer.isascii() or (len(answer) == len(lower) and "ı" not in lower and "ſ" not in lower)
