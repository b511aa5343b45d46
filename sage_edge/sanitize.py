"""Foreign text made safe to show: on a terminal, in one line, on a page, as Markdown.

Control characters, ANSI escapes, bidi overrides, zero-width and private characters are left out on a terminal, and
shown as their codes everywhere else. What a page or Markdown would take for markup is escaped: the page by Jinja2's
autoescape, Markdown by `markdown`.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 2_000
_BYTE = re.compile("[\udc80-\udcff]")
"""How Python holds a byte of a name that is no UTF-8."""

_MARKUP = re.compile(r"[\\`*_\[\]<|&~$]")
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp)(:)|\b(www)(\.)")
_AT = re.compile(r"(?<=\S)@(?=\S)|(?<!\S)@(?=\w)")
_OPENING = re.compile(r"^(\s*)(>|(?:#+|[+-]|=+|-{2,}|\d+[.)])(?=\s|$))")


def terminal(text: str) -> str:
    """Return text without control, format and surrogate characters (ANSI escapes, bidi overrides, zero-width).

    A byte of a file's name that is no UTF-8 is written as its code: without it, the name would be another one's.
    """
    spaced = (" " if c in "\n\r\t" else c for c in _BYTE.sub(_code, text))
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))


def one_line(text: str) -> str:
    """Return text as printable characters; what is not, is written as its code, or as the byte of a name that it is."""
    if text.isprintable():
        return text
    known = _BYTE.sub(_code, text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in known)


def _code(byte: re.Match[str]) -> str:
    return f"\\x{ord(byte[0]) - 0xDC00:02x}"


def joined(words: bytes) -> str:
    """Return the lines of what another program printed as one line of printable characters, ` / ` between them."""
    lines = (line.strip() for line in words.decode("utf-8", "replace").split("\n"))
    return one_line(" / ".join(line for line in lines if line))


def page(text: str) -> str:
    """Return text as one line of printable characters, cut to LONGEST; its markup is left to Jinja2."""
    kept = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "\u00a0".join(map(one_line, kept.split("\u00a0")))


def markdown(text: str) -> str:
    """Return text that Markdown, GitHub's included, shows as it stands: no markup, no link, no mention, no list."""
    escaped = _MARKUP.sub(r"\\\g<0>", page(text))
    escaped = _LINK.sub(lambda match: f"{match[1] or match[3]}\\{match[2] or match[4]}", escaped)
    escaped = _AT.sub("&#64;&#8203;", escaped)
    return _OPENING.sub(lambda match: f"{match[1]}{match[2][:-1]}\\{match[2][-1]}", escaped)
