"""`invoke prune`: what earlier releases have left on boards."""

from __future__ import annotations

from sage_edge.errors import ExitCode
from sage_edge.workstation.task import HOSTS, JSON, task


@task(help={**HOSTS, "json": JSON, "yes": "Remove what is shown without it."}, codes=(ExitCode.LOCKED,))
def prune(
    c: object,
    host: str = "",
    role: str = "",
    all: bool = False,
    fleet: str = "",
    json: bool = False,
    yes: bool = False,
) -> int:
    """Show releases and images that hosts no longer need; --yes removes them."""
    from sage_edge.workstation import context, prune_service

    here = context.make_context(fleet)
    return prune_service.prune(here, here.chosen(host, role, all), as_json=json, sure=yes)
