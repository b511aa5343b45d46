"""A path that somebody types: an empty one names nothing, and is never taken for the current folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class Place(click.Path):
    """click's path as a `Path`; an unset variable of a script, `""`, is refused."""

    def __init__(self, **demands: Any) -> None:
        super().__init__(path_type=Path, **demands)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("it is empty; for the current folder say .", param, ctx)
        return super().convert(value, param, ctx)
