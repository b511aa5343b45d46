"""A bar on stderr while bytes are read, written or fetched; nothing where nobody looks."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

Told = Callable[[int, int], None]
"""Is told bytes that are done, and bytes in all."""


@contextlib.contextmanager
def of_bytes() -> Iterator[Told]:
    """Show a bar for the body; it appears with the first thing that is told."""
    if not sys.stderr.isatty():
        yield lambda done, total: None  # noqa: ARG005 - nobody looks
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("bytes", total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)
