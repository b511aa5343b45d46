"""`sage-edge doctor`: what this machine measurably can do."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import click

from sage_edge.cli import render
from sage_edge.cli.environment import as_option, json_option, paths, tell
from sage_edge.clock import SystemClock
from sage_edge.errors import UsageError
from sage_edge.paths import SYSTEM_FLEET, Paths
from sage_edge.verify import doctor
from sage_edge.verify.finding import Finding

_LEFT = 32
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red", "skipped": "bright_black"}


@click.command()
@as_option
@json_option
@click.pass_context
def command(ctx: click.Context, as_host: str | None, as_json: bool) -> None:
    """Measure what this machine can do, check by check. Exit code 8 when a check fails."""
    findings: list[Finding] = []
    for finding in doctor.examine(doctor.admit(_paths(), SystemClock().now(), as_host)):
        findings.append(finding)
        if not as_json:
            _show(finding)
    failed = sum(finding.verdict == "fail" for finding in findings)
    if as_json:
        render.document("sage-edge/doctor/1", [asdict(finding) for finding in findings])
    else:
        tell(f"{len(findings)} checks, {failed} failed")
    ctx.exit(8 if failed else 0)


def _paths() -> Paths:
    """The usual paths; without a fleet the system's, so that its absence is a finding and not the end."""
    try:
        return paths()
    except UsageError:
        return Paths.from_env({**os.environ, "SAGE_FLEET": str(SYSTEM_FLEET)}, Path.cwd())


def _show(finding: Finding) -> None:
    mark = click.style(f"{finding.verdict:<8}", fg=_COLOURS[finding.verdict])
    first, *more = render.beside(_LEFT, finding.found)
    if finding.remedy and finding.verdict != "ok":
        more += render.beside(_LEFT, f"next: {finding.remedy}")
    click.echo(f"{mark}{finding.check:<{_LEFT - 8}}{first}")
    for line in more:
        click.echo(" " * _LEFT + line)
