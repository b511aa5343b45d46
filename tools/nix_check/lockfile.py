"""flake.lock: as nix writes it, and as new as flake.nix; all of it without a network.

What no machine can tell offline: whether a hash is that of its revision. nix finds out when it first fetches it. An
edit that changes one of the two and not the other is found as long as it is not committed.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

from tools.nix_check.errors import LockEdited, LockStale
from tools.nix_check.flake import Flake, last_error

NAME = "flake.lock"
_TOGETHER = ("rev", "narHash", "lastModified")
"""They change together or not at all."""
_STALE = re.compile(r"while updating the flake input '([^']*)'|requires lock file changes")
"""An input that flake.nix asks for and the lock has not: nix looks for it, or says that it may not."""


def check(flake: Flake) -> str:
    """Return what is locked. Raises LockStale, LockEdited."""
    path = flake.folder / NAME
    if not path.is_file():
        raise LockStale(f"there is no {NAME}, so nobody could build the same bytes again")
    text = path.read_text("utf-8")
    if wrong := list(edits(text, flake.committed(NAME))):
        raise LockEdited(f"{NAME} is not as nix writes it:\n" + "\n".join(wrong))
    words = ("flake", "metadata", flake.address, "--json", "--offline", "--no-update-lock-file")
    asked = flake.nix.ask(*words)
    if stale := _STALE.search(asked.complaint):
        what = f"input {stale[1]}" if stale[1] else "inputs"
        raise LockStale(f"{NAME} does not have the {what} that flake.nix asks for", output=asked.complaint)
    if asked.code != 0:
        raise LockEdited(f"nix does not read {NAME}: {last_error(asked)}", output=asked.complaint)
    if json.loads(asked.out)["locks"] != json.loads(text):
        raise LockEdited(f"{NAME} says more than nix reads in it")
    inputs = [name for name in json.loads(text)["nodes"] if name != "root"]
    return f"{', '.join(inputs)} locked, and flake.nix asks for nothing else"


def edits(text: str, committed: str | None) -> Iterator[str]:
    """Yield what shows that a hand was at it, each with its place. committed: the lock as git has it."""
    try:
        lock = json.loads(text)
        nodes: dict[str, Any] = {name: dict(node) for name, node in lock["nodes"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        yield f"it cannot be read: {wrong}"
        return
    if text != json.dumps(lock, indent=2, sort_keys=True, ensure_ascii=False) + "\n":
        yield "order or spaces are others"
    for name, node in nodes.items():
        if name != lock.get("root"):
            yield from (f"{name}: {what}" for what in _node(node))
    if committed is not None:
        yield from _halves(nodes, committed)


def _node(node: dict[str, Any]) -> Iterator[str]:
    locked, original = node.get("locked"), node.get("original")
    if not isinstance(locked, dict) or not isinstance(original, dict):
        yield "locked or original is missing"
        return
    if not re.fullmatch(r"[0-9a-f]{40}", str(locked.get("rev"))):
        yield f"rev {locked.get('rev')!r} is no commit"
    if not _is_hash(str(locked.get("narHash"))):
        yield f"narHash {locked.get('narHash')!r} is no sha256"
    if not isinstance(locked.get("lastModified"), int):
        yield "lastModified is no time"
    for key in ("type", "owner", "repo"):
        if locked.get(key) != original.get(key):
            yield f"{key} is {locked.get(key)!r}, and {original.get(key)!r} was asked for"


def _is_hash(text: str) -> bool:
    """Whether text is a sha256 as nix writes it: exactly one text for each hash."""
    try:
        content = base64.b64decode(text.removeprefix("sha256-"), validate=True)
    except binascii.Error:
        return False
    return len(content) == 32 and text == f"sha256-{base64.b64encode(content).decode()}"


def _halves(nodes: dict[str, Any], committed: str) -> Iterator[str]:
    """Yield each input of which only a part is another than before."""
    try:
        before = json.loads(committed)["nodes"]
        old = {name: before[name]["locked"] for name in nodes if "locked" in before.get(name, {})}
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # the lock that was committed is the broken one, and this may mend it
    for name, locked in old.items():
        new = nodes[name].get("locked", {})
        other = [key for key in _TOGETHER if new.get(key) != locked.get(key)]
        if other and len(other) < len(_TOGETHER):
            rest = [key for key in _TOGETHER if key not in other]
            yield f"{name}: {', '.join(other)} changed without {', '.join(rest)}"
