"""What provisioning lays on a board (`host.provision`), step by step, as rows of expectations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sage_edge.verify.expect_wants import Holds, Is, Wants
from sage_edge.verify.rulings import Kind

CARD = "etc/sage/host.yaml"
Step = Mapping[str, Any]
Row = tuple[str, Kind, str, Wants]
"""Name of the check, kind and subject of the question, what is expected."""


def rows(step: Step) -> Iterator[Row]:
    """Yield what must be true after a step; nothing for one that leaves nothing to be looked at."""
    if make := _LAID.get(str(step["kind"])):
        yield from make(step)


def _group(step: Step) -> Iterator[Row]:
    yield f"group {step['name']}", "group", step["name"], Is(int(step["gid"]))


def _user(step: Step) -> Iterator[Row]:
    name = step["name"]
    yield f"user {name}", "user", name, Is(f"{step['uid']}:{step['gid']}")
    if step["groups"]:
        yield f"groups of {name}", "groups", name, Holds(frozenset(step["groups"]))


def _folder(step: Step) -> Iterator[Row]:
    rights = f"{step['mode']} {step['uid']}:{step.get('gid', step['uid'])}"
    yield f"rights of /{step['path']}", "place", step["path"], Is(rights)


def _file(step: Step) -> Iterator[Row]:
    yield from _folder(step)
    if step["path"] == CARD:
        yield "host card", "card", "", Is(claims(step["text"]) or "")
    else:
        yield f"content of /{step['path']}", "text", step["path"], Is(_digest(step["text"]), "as provisioned")


def _unit(step: Step) -> Iterator[Row]:
    path = f"etc/systemd/system/{step['name']}"
    yield f"content of {step['name']}", "text", path, Is(_digest(step["text"]), "as provisioned")
    yield f"{step['name']} at boot", "unit", step["name"], Is("enabled")


def _key(step: Step) -> Iterator[Row]:
    yield from _folder({**step, "mode": "0400"})


_LAID: Mapping[str, Callable[[Step], Iterator[Row]]] = {
    "group": _group, "user": _user, "folder": _folder, "file": _file, "unit": _unit, "key": _key,
}  # fmt: skip


def claims(card: str | None) -> str | None:
    """Return what a host card says, on one line, without comments and format; None without a card."""
    if card is None:
        return None
    lines = (line.strip() for line in card.splitlines())
    return "; ".join(line for line in lines if line and not line.startswith(("#", "format:")))


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode('utf-8')).hexdigest()}"
