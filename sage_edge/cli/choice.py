"""What a person means by an id, or by its beginning."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from sage_edge.errors import UsageError
from sage_edge.hints import Hint

Id = TypeVar("Id", bound=str)
_SHOWN = 8


def unique(kind: str, given: str, known: Iterable[Id], *, hint: Hint) -> Id:
    """Return the one known id that is `given` or begins with it. Raises UsageError, which names what fits instead."""
    ids = sorted(set(known))
    fitting = [name for name in ids if name == given] or [name for name in ids if given and name.startswith(given)]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise UsageError(f"there is no {kind} {given!r:.80}", hint=hint)
    more = f" and {len(fitting) - _SHOWN} more" if len(fitting) > _SHOWN else ""
    raise UsageError(f"{kind} {given!r:.80} may be {', '.join(fitting[:_SHOWN])}{more}", hint="give more of the id")
