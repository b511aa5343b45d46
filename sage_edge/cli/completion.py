"""Values that a shell offers at Tab, read from names of files: hosts, roles, overlays, boards, models, sessions.

A Tab must answer at once and never fail, so nothing is parsed or checked here; what cannot be read is not offered.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sage_edge import files
from sage_edge.errors import UsageError
from sage_edge.paths import Paths

if TYPE_CHECKING:
    import click

SHIPPED = Path(__file__).parents[1] / "models"


def hosts(paths: Paths) -> list[str]:
    """Every declared host."""
    return _stems(paths.fleet / "hosts")


def roles(paths: Paths) -> list[str]:
    """Every declared role."""
    return _stems(paths.fleet / "roles")


def overlays(paths: Paths) -> list[str]:
    """Every overlay."""
    return _stems(paths.fleet / "overlays")


def boards(paths: Paths) -> list[str]:
    """Every declared kind of board."""
    return _stems(paths.fleet / "boards")


def models(paths: Paths) -> list[str]:
    """Every model that a card declares, that ships with the code or that this machine's store names."""
    cards = [
        *files.listed(paths.fleet / "models", "*.yaml"),
        *SHIPPED.glob("*/card.yaml"),
        *paths.models.glob("*/card.yaml"),
    ]
    named = {ref for card in cards for ref in _refs(card)}
    manifests = paths.models / "manifests"
    stored = (path.relative_to(manifests).with_suffix("") for path in manifests.glob("*/*/*.json"))
    return sorted(named | {f"{path.parent.as_posix()}:{path.name}" for path in stored})


def sessions(paths: Paths) -> list[str]:
    """Every session of this host, as named by its papers."""
    return sorted(path.stem for path in (paths.papers / "sessions").glob("*/*/*.json"))


def values(of: Callable[[Paths], list[str]]) -> list[str]:
    """Return what a source offers here; nothing without a fleet, or where it cannot be read."""
    with contextlib.suppress(UsageError, OSError):
        return of(Paths.from_env(os.environ, Path.cwd()))
    return []


def offered(of: Callable[[Paths], list[str]]) -> Any:
    """Return a callback for click's `shell_complete`."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
        return [value for value in values(of) if value.startswith(incomplete)]

    return complete


def _stems(folder: Path) -> list[str]:
    return [path.stem for path in files.listed(folder, "*.yaml")]


def _refs(card: Path) -> Iterator[str]:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for line in card.read_text("utf-8").splitlines():
            if line.startswith("ref:"):
                yield line.partition(":")[2].split("#")[0].strip().strip("'\"")
