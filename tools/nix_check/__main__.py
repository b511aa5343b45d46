"""Prove what can be proven about the flake here: `python -m tools.nix_check --help`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from sage_edge import locks
from sage_edge.cli import render
from sage_edge.cli.environment import log
from sage_edge.errors import ExitCode, SageError
from tools.nix_check import program, report, sandbox
from tools.nix_check.flake import Flake, git_changes, named
from tools.nix_check.steps import FULL, STEPS, Outcome, Step, walk

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".sage" / "nix"
GOT = Step("get nix", "a nix that is recent enough runs here, and nothing was installed", lambda _: "")


@click.command()
@click.option("--full", is_flag=True, help="Also the unit tests and the types, in the sandbox.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def main(full: bool, as_json: bool) -> None:
    """Get nix, then prove of the flake what can be proven without the real nixpkgs."""
    where = render.surroundings(None)
    outcomes: list[Outcome] = []
    try:
        changed = git_changes(ROOT)
        if changed:
            log(f"looking at a changed tree, not at its commit: {named(changed)}")
        with locks.hold(PLACE / "lock", "the nix of this checkout"):
            for outcome in _outcomes(STEPS + FULL if full else STEPS):
                outcomes.append(outcome)
                if not as_json:
                    report.line(outcome, where)
    except SageError as refusal:
        render.complain(refusal, where)
        sys.exit(refusal.code)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    if as_json:
        render.document(report.SCHEMA, report.content(outcomes, changed, where))
    else:
        report.end(outcomes)
    sys.exit(report.code(outcomes))


def _outcomes(steps: tuple[Step, ...]) -> Iterator[Outcome]:
    started = time.monotonic()
    nix = program.find(PLACE)
    yield Outcome(GOT, time.monotonic() - started, f"{nix.origin}, {'.'.join(map(str, nix.version() or ()))}")
    program.clear_store(nix)
    yield from walk(Flake(ROOT, sandbox.with_environment(nix)), steps)


if __name__ == "__main__":
    main()
