"""Decide whether a trouble is damage at home, and mend that: git's own check of the clone says so, not git's words.

A command that needs no hub and fails has found damage. One that talks to the hub may fail for either side's reasons, so
the clone is checked (`git fsck` of all content: a push may fail by a torn object) before the hub is blamed, once
for each message. A git that hangs may hang on a pipe among its objects, so they are looked at, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sage_edge import shell
from sage_edge.errors import CommandFailed, HubRefused, SageError, Unreachable
from sage_edge.exchange import commands, git_errors, rebuild, repository, rules
from sage_edge.exchange.commands import Clone
from sage_edge.exchange.errors import CloneDamaged, ExchangeError

T = TypeVar("T")

_NO_GIT = {124, 126, 127}
"""Ended by its time limit, not startable, not installed: none of these speaks of the clone."""


class Mender:
    """Makes a clone anew when it is damaged. For the holder of exchange.lock."""

    def __init__(self, clone: Clone) -> None:
        self._clone = clone
        self._repairs: list[str] = []
        self._cleared = ""
        self.has_lost = False

    def make(self) -> None:
        """Make the clone where there is none, and anew where something is in its place. Raises StorageError."""
        rebuild.take_place(self._clone)
        try:
            repository.make(self._clone)
        except CloneDamaged as damage:
            self._rebuild(damage)

    def mended(self, act: Callable[[], T]) -> T:
        """Do something with the clone; if it fails because the clone is damaged, mend that and do it once more."""
        try:
            outcome = self._tried(act)
        except (ExchangeError, CommandFailed, Unreachable, HubRefused) as trouble:
            if not self._is_damage(trouble):
                raise
            self._rebuild(trouble)
            outcome = self._tried(act)
        self._cleared = ""
        return outcome

    def read(self, read: Callable[[], T]) -> T:
        """Read from the clone, without its lock. Raises CloneDamaged, CommandFailed: mend, then read again."""
        return self._tried(read)

    def take_repairs(self) -> tuple[str, ...]:
        """Return what was mended since this was last asked, in words."""
        repairs, self._repairs = tuple(self._repairs), []
        return repairs

    def _tried(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except rules.ObjectMissing as missing:
            raise git_errors.damaged(self._clone, str(missing)) from None

    def _is_damage(self, trouble: SageError) -> bool:
        if isinstance(trouble, CloneDamaged):
            return True
        if isinstance(trouble, CommandFailed) and trouble.exit_code not in _NO_GIT:
            return trouble.exit_code > 0
        if trouble.message == self._cleared:
            return False  # the same as before, and then the clone was whole
        damaged = not repository.is_plain(self._clone) or self._fails_its_check()
        self._cleared = "" if damaged else trouble.message
        return damaged

    def _fails_its_check(self) -> bool:
        return shell.attempt(commands.check(self._clone)).code not in (0, *_NO_GIT)

    def _rebuild(self, trouble: SageError) -> None:
        lost = rebuild.rebuild(self._clone)
        self.has_lost = bool(lost)
        gone = f"; not whole there, so fetched anew: {', '.join(lost)}" if lost else ""
        self._repairs.append(f"{self._clone.repository} was damaged and is made anew{gone}: {trouble.message}")
