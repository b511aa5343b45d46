"""The chores of a desk, called by name in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sage_edge.workstation.registry import Chore


class Chores:
    """What a desk's `add` registers; a call returns the exit status, and lets errors through."""

    def __init__(self, add: Callable[[Chore], None]) -> None:
        self._found: dict[str, Callable[..., int]] = {}
        self.help: dict[str, dict[str, str]] = {}
        add(self._chore)

    def _chore(self, name: str, **about: str) -> Callable[[Callable[..., int]], Any]:
        self.help[name] = about
        return lambda body: self._found.setdefault(name, body)

    def __call__(self, name: str, **given: Any) -> int:
        return self._found[name](None, **given)
