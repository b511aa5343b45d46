"""`invoke logs`: what hosts' agents say, and go on saying."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import click

from sage_edge import sanitize
from sage_edge.cli import render
from sage_edge.deploy import fleet_runner
from sage_edge.errors import SageError
from sage_edge.names import HostName
from sage_edge.remote.board.client import BoardView
from sage_edge.remote.ssh import cancellation
from sage_edge.workstation.context import FleetContext

MOST = 10_000
"""So many lines the helper gives at once."""

PAUSE_S = 1.0
"""So long each host is left alone between two looks."""


@dataclass(frozen=True)
class LogAsked:
    """What a person typed. n: lines to begin with."""

    n: int
    since: str | None
    grep: str | None
    follow: bool = False


def logs(here: FleetContext, hosts: Sequence[HostName], asked: LogAsked) -> int:
    """Print hosts' lines, made inert, each with its host's name where there are several; return the worst exit code.

    A host that is lost while others are followed says so and ends alone; Ctrl-C ends them all (130).
    """
    several = len(hosts) > 1

    def one(host: HostName) -> None:
        prefix = f"{host:<12} | " if several else ""
        try:
            with here.seen(host) as board:
                _follow(board, asked, prefix) if asked.follow else _print(
                    board.logs(asked.n, asked.since, asked.grep), prefix
                )
        except SageError as lost:
            if several:
                render.failed(host, lost, here.surroundings)
            raise

    results = fleet_runner.over(hosts, one)
    for result in results:
        if result.error is not None and not several:
            raise result.error
    return fleet_runner.worst([result.code for result in results])


def _follow(board: BoardView, asked: LogAsked, prefix: str) -> None:
    """Print lines as they come, for ever. Each look begins at the newest line, and leaves out what was shown."""
    lines = list(board.logs(asked.n, asked.since, asked.grep))
    since, shown = asked.since, set[str]()
    while True:
        fresh = [line for line in lines if line not in shown]
        _print(fresh, prefix)
        if lines:
            since = lines[-1].partition(" ")[0]
            shown = {line for line in lines if line.startswith(since)}
        _pause()
        lines = list(board.logs(MOST, since, asked.grep))


def _pause() -> None:
    until = time.monotonic() + PAUSE_S
    while (left := until - time.monotonic()) > 0:
        cancellation.check_cancelled()
        time.sleep(min(left, cancellation.LOOK_S))


def _print(lines: Sequence[str], prefix: str) -> None:
    if lines:
        click.echo("\n".join(f"{prefix}{sanitize.terminal(line)}" for line in lines))
