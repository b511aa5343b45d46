"""Foreign text on its way to people: it stays text, whatever was meant by it.

Control characters, ANSI escapes, bidi overrides, zero-width and private characters are shown as their codes. What a
page or Markdown would take for markup is escaped: the page by Jinja2's autoescape, Markdown by `markdown`.
"""

from __future__ import annotations

import re

from sage_edge.analysis.corpus.sources import one_line

LONGEST = 2_000
_MARKUP = re.compile(r"[\\`*_\[\]<|&~$]")
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp)(:)|\b(www)(\.)")
_AT = re.compile(r"(?<=\S)@(?=\S)|(?<!\S)@(?=\w)")
_OPENING = re.compile(r"^(\s*)(>|(?:#+|[+-]|=+|-{2,}|\d+[.)])(?=\s|$))")


def visible(text: str) -> str:
    """Return text as one line of printable characters, cut to LONGEST."""
    kept = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "\u00a0".join(map(one_line, kept.split("\u00a0")))


def markdown(text: str) -> str:
    """Return text that Markdown, GitHub's included, shows as it stands: no markup, no link, no mention, no list."""
    escaped = _MARKUP.sub(r"\\\g<0>", visible(text))
    escaped = _LINK.sub(lambda match: f"{match[1] or match[3]}\\{match[2] or match[4]}", escaped)
    escaped = _AT.sub("&#64;&#8203;", escaped)
    return _OPENING.sub(lambda match: f"{match[1]}{match[2][:-1]}\\{match[2][-1]}", escaped)
