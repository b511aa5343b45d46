"""`--until` of a decline: how long the same is not to be offered again."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Literal

import click

from sage_edge import clock

until_option = click.option(
    "--until", metavar="WHEN", help="Not to be offered again before that: a day, a time like 14d, or never."
)


def until(words: str, now: datetime) -> datetime | Literal["never"]:
    """Return the moment that a day or a duration means, or `never`. Raises click's usage error."""
    if words == "never":
        return "never"
    with contextlib.suppress(ValueError):
        return clock.parse(f"{words}T00:00:00Z")
    try:
        return now + clock.Duration.parse(words)
    except (ValueError, OverflowError):
        expected = f"expected a day like 2026-12-31, a time like 14d, or never, got {words!r}"
        raise click.BadParameter(expected, param_hint="--until") from None
