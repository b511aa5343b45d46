"""A bar on stderr while bytes are read, written or fetched; nothing where nobody looks."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sage_edge.cli.environment import log


@dataclass(frozen=True)
class ByteBar:
    """Is told bytes that are done and bytes in all; `note` says in a line why none arrive."""

    update: Callable[[int, int], None]
    note: Callable[[str], None]

    def __call__(self, done: int, total: int) -> None:
        self.update(done, total)


@contextlib.contextmanager
def of_bytes() -> Iterator[ByteBar]:
    """Show a bar for the body; it appears with the first thing that is told. Notes are lines where nobody looks."""
    if not sys.stderr.isatty():
        yield ByteBar(lambda done, total: None, log)  # noqa: ARG005 - nobody looks
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("bytes", total=None, visible=False, note="")
        yield ByteBar(
            lambda done, total: bar.update(task, completed=done, total=total, visible=True, note=""),
            lambda note: bar.update(task, visible=True, note=note),
        )
