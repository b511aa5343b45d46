"""File systems that refuse: the n-th call fails with an errno, once or for ever."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.kill.victims import CALLS

ERRNOS = (errno.ENOSPC, errno.EIO, errno.EROFS)


class Refusing:
    """Lets the calls of this process through, but for the `at`-th one (from 1), or from that one on."""

    def __init__(self, at: int, number: int, *, for_ever: bool, below: Path | None = None) -> None:
        self.at, self.number, self.for_ever, self.below = at, number, for_ever, below
        self.count = 0

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Refuse while the body runs."""
        real = {name: getattr(os, name) for name in CALLS}
        for name, function in real.items():
            setattr(os, name, self._around(function))
        try:
            yield
        finally:
            for name, function in real.items():
                setattr(os, name, function)

    def _around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **named: Any) -> Any:
            if self.below is not None and not self._concerns(words[0]):
                return real(*words, **named)
            self.count += 1
            if self.count == self.at or (self.for_ever and self.count > self.at):
                raise OSError(self.number, os.strerror(self.number))
            return real(*words, **named)

        return call

    def _concerns(self, what: Any) -> bool:
        place = Path(f"/proc/self/fd/{what}").readlink() if isinstance(what, int) else Path(what)
        return self.below is not None and place.is_relative_to(self.below)
