"""Make the study, one arm of it, or only its page: `python -m tools.findings --help`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sage_edge.cli import render
from sage_edge.cli.environment import log, stop_on_signals
from sage_edge.cli.place import Place
from sage_edge.errors import ExitCode, SageError, UsageError
from sage_edge.hints import sage
from sage_edge.names import ModelRef
from tools.findings import study
from tools.findings.design import DESIGN, Design


@click.command()
@click.option("--into", required=True, type=Place(), help="The folder of the arms' worlds.")
@click.option("--out", required=True, type=Place(), help="The folder of page and numbers.")
@click.option(
    "--sessions", default=DESIGN.sessions, type=click.IntRange(2, 999), show_default=True, help="Sessions of each arm."
)
@click.option("--models", default=",".join(DESIGN.models), show_default=True, help="Which models, the base first.")
@click.option("--overlay", default=DESIGN.overlay, show_default=True, help="The overlay that says how they are run.")
@click.option("--arm", default="", help="Conduct this arm and nothing else.")
@click.option("--check", is_flag=True, help="Only hold the page against the kept numbers.")
def main(into: Path, out: Path, sessions: int, models: str, overlay: str, arm: str, check: bool) -> None:
    """Conduct what the study lacks, measure it, and write its page."""
    try:
        design = Design(_refs(models), sessions, overlay)
        if check:
            study.check(out)
        elif arm:
            study.conduct_arm(design, design.arm(arm), into, stop_on_signals(), log)
        else:
            study.conduct(design, into, log)
            study.publish(design, into, out)
            click.echo(out / study.PAGE)
    except SageError as refusal:
        render.complain(refusal, render.surroundings(None))
        sys.exit(refusal.code)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


def _refs(models: str) -> tuple[ModelRef, ...]:
    try:
        return tuple(ModelRef(ref.strip()) for ref in models.split(","))
    except ValueError as wrong:
        raise UsageError(str(wrong), hint=sage("model list")) from None


if __name__ == "__main__":
    main()
