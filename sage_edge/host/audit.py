"""One line per action on this board, each bound to the line before it: a changed or missing line shows.

    /srv/sage/deploy/audit.jsonl    format 1
    {"format": 1, "n": 7, "at": …, "who": "ada@desk", "action": "activate", "detail": "…", "previous": "<line 6>"}

The chain proves that nothing between two lines went away; that the newest lines are all there, only somebody who noted
the head before can tell, so every answer of the helper that changed something carries the head.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sage_edge.host import durable
from sage_edge.host.clock import now_text
from sage_edge.host.errors import Refusal

START = "0" * 64
"""What the first line names as the line before it."""


def note(path: Path, who: str, action: str, detail: str) -> str:
    """Append one action and return the chain's new head. Never hand it a secret: it is read by many."""
    lines, _ = durable.readable(path)  # an audit that stops the board would help nobody; `check` tells
    previous = head(lines)
    entry = {
        "format": 1,
        "n": len(lines) + 1,
        "at": now_text(),
        "who": who[:120],
        "action": action,
        "detail": detail[:400],
        "previous": previous,
    }
    durable.append(path, entry)
    return _digest(entry)


def head(lines: list[dict[str, Any]]) -> str:
    """Return the digest of the newest line."""
    return _digest(lines[-1]) if lines else START


def check(path: Path) -> tuple[int, str, str]:
    """Return (lines, head, what is wrong): the last is empty for a whole chain."""
    lines, damaged = durable.readable(path)
    if damaged:
        return len(lines), head(lines), damaged
    previous = START
    for number, line in enumerate(lines, start=1):
        if line.get("n") != number or line.get("previous") != previous:
            return len(lines), head(lines), f"line {number} does not follow the line before it"
        previous = _digest(line)
    return len(lines), previous, ""


def newest(path: Path, n: int) -> list[dict[str, Any]]:
    """Return the last `n` lines, oldest first."""
    return durable.readable(path)[0][-n:] if n > 0 else []


def require(path: Path) -> None:
    """Raise Refusal where no line can be written: what is done to a board and not noted is never done."""
    if path.exists() and not path.is_file():
        aside = f"a person has to look at it, and then: sudo mv {path} {path}.damaged"
        raise Refusal("audit-damaged", f"{path} is no file, so nothing that is done here can be noted", aside)


def _digest(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(durable.canonical(entry)).hexdigest()
