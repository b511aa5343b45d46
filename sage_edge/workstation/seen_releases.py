"""Releases that this workstation has seen on hosts, for completion alone: nothing else may rest on them.

.sage/releases/<host>.json    a list of ids, newest first, as the host said it last
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

from sage_edge import files


def remember(root: Path, host: str, releases: Sequence[str]) -> None:
    """Keep what a host said; where that cannot be written, a Tab offers less."""
    with contextlib.suppress(OSError):
        path = root / ".sage" / "releases" / f"{host}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomic(path, (json.dumps(list(releases)) + "\n").encode())


def known(root: Path) -> list[str]:
    """Return every release that any host has named."""
    names: set[str] = set()
    for path in (root / ".sage" / "releases").glob("*.json"):
        with contextlib.suppress(OSError, ValueError):
            names.update(str(name) for name in json.loads(path.read_text("utf-8")))
    return sorted(names)
