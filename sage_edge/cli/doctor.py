"""`sage-edge doctor`: what this machine measurably can do."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sage_edge import hints
from sage_edge.cli import render
from sage_edge.cli.environment import as_option, committed, json_option, log, paths
from sage_edge.clock import SystemClock
from sage_edge.errors import ExitCode, UsageError
from sage_edge.paths import SYSTEM_FLEET, Paths
from sage_edge.sizes import counted
from sage_edge.verify import machine_checks, this_machine
from sage_edge.verify.check import CheckResult

_LEFT = 32
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red", "skipped": "bright_black"}


@click.command()
@as_option
@json_option
@click.pass_context
def command(ctx: click.Context, as_host: str | None, as_json: bool) -> None:
    """Measure what this machine can do, check by check. Exit code 8 when a check fails."""
    results: list[CheckResult] = []
    here = _paths()
    machine = this_machine.admit(here, SystemClock(here.facts_root), as_host, committed())
    for result in machine_checks.examine(machine):
        results.append(result)
        if not as_json:
            _show(result)
    failed = sum(not result.holds for result in results)
    if as_json:
        render.document("sage-edge/doctor/1", [_document(result) for result in results])
    else:
        log(f"{counted(len(results), 'check')}, {failed} failed")
    ctx.exit(ExitCode.NOT_VERIFIED if failed else ExitCode.OK)


def _paths() -> Paths:
    """The usual paths; without a fleet the system's, so that its absence is a finding and not the end."""
    try:
        return paths()
    except UsageError:
        return Paths.from_env({**os.environ, "SAGE_FLEET": str(SYSTEM_FLEET)}, Path.cwd())


def _document(result: CheckResult) -> dict[str, str]:
    return {
        "check": result.check,
        "verdict": result.verdict,
        "found": result.answer,
        "remedy": hints.text(result.remedy),
    }


def _show(result: CheckResult) -> None:
    first, *more = render.beside(_LEFT, result.answer)
    if result.remedy and result.verdict != "ok":
        more += render.beside(_LEFT, f"next: {hints.text(result.remedy)}")
    title = f"{result.check:<{_LEFT - 8}}{first}"
    render.marked(f"{result.verdict:<8}", _COLOURS[result.verdict], [title, *(" " * _LEFT + text for text in more)])
