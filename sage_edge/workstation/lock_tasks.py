"""`invoke lock.*`: who may deploy to a host now."""

from __future__ import annotations

from sage_edge.errors import ExitCode
from sage_edge.workstation.task import FLEET, HOSTS, JSON, ONE_HOST, task

GROUP = "lock"


@task(
    help={"host": ONE_HOST, "fleet": FLEET, "why": "What for; shown to whoever is refused."}, codes=(ExitCode.LOCKED,)
)
def acquire(c: object, host: str = "", fleet: str = "", why: str = "") -> int:
    """Keep everybody from deploying to a host until lock.release."""
    from sage_edge.workstation import context, status_service

    return status_service.lock(context.make_context(fleet), host, why)


@task(help={"host": ONE_HOST, "fleet": FLEET, "yes": "Do it, whoever holds it."})
def release(c: object, host: str = "", fleet: str = "", yes: bool = False) -> int:
    """Free a host's deploy lock."""
    from sage_edge.workstation import context, status_service

    return status_service.unlock(context.make_context(fleet), host, sure=yes)


@task(help={**HOSTS, "json": JSON})
def status(c: object, host: str = "", role: str = "", all: bool = False, fleet: str = "", json: bool = False) -> int:
    """Show who holds the deploy locks of hosts."""
    from sage_edge.workstation import context, status_service

    here = context.make_context(fleet)
    return status_service.locks(here, here.chosen(host, role, all), as_json=json)
