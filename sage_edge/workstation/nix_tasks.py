"""`invoke nix.check`: what can be proven about the flake on this machine."""

from __future__ import annotations

from invoke import Context

from sage_edge.errors import ExitCode
from sage_edge.workstation.programs import python, run
from sage_edge.workstation.task import JSON, task

GROUP = "nix"


@task(
    help={"full": "Also the unit tests and the types, in nix's sandbox.", "json": JSON}, codes=(ExitCode.NOT_VERIFIED,)
)
def check(c: Context, full: bool = False, json: bool = False) -> int:
    """Prove what can be proven of the flake on this machine."""
    words = [*(["--full"] if full else []), *(["--json"] if json else [])]
    return run(c, *python("tools.nix_check", *words))[0]
