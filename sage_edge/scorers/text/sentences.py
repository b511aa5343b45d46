"""The sentences of a text, and which of them claim something of the speaker."""

from __future__ import annotations

import functools
import re

from sage_edge.scorers.text import normalize, self_naming

ENDS = (". ", "! ", "? ", "\n")
"""Where a sentence ends in plain text; the end of the text ends one too."""

SELF = r"(?<!\w)(?:i|me|my|mine|we|us|our|ours|together)(?!\w)"
"""The speaker, alone or with its teacher."""

DOUBT = (
    rf"{self_naming.DENIAL}|(?<!\w)(?:would|could|might|may|perhaps|imagine|suppose|wish|will|next|coming|future)(?!\w)"
)
"""Denials, doubts, wishes and plans: nothing is claimed."""

RULES = {"ends": ENDS, "self": SELF, "doubt": DOUBT}

_SELF, _DOUBT = re.compile(SELF), re.compile(DOUBT)


@functools.lru_cache(maxsize=normalize.REMEMBERED)
def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences and lines of a text, folded for comparison."""
    plain = normalize.plain(text)
    for end in ENDS[1:]:
        plain = plain.replace(end, ENDS[0])
    return tuple(plain.split(ENDS[0]))


def is_of_self(sentence: str) -> bool:
    """True if a folded sentence speaks of the speaker."""
    return _SELF.search(sentence) is not None


def is_asserted(sentence: str) -> bool:
    """True if nothing in a folded sentence denies, doubts, wishes or plans."""
    return _DOUBT.search(sentence) is None
