"""`invoke trial.*`: what a person decides about trials for a host, as directives on the desk's own branch."""

from __future__ import annotations

from sage_edge.workstation.task import FLEET, JSON, ONE_HOST, task

GROUP = "trial"

_ACT = {
    "host": ONE_HOST,
    "fleet": FLEET,
    "id": "The trial's id or its beginning.",
    "because": "Why; it is published.",
}
_DEADLINE = {"deadline": "After this time nobody carries it out; like 2026-11-20T06:00:00Z."}


@task(name="list", help={"host": ONE_HOST, "fleet": FLEET, "json": JSON})
def list_(c: object, host: str = "", fleet: str = "", json: bool = False) -> int:
    """List the trials that were offered to a host, and what was decided."""
    from sage_edge.workstation import context, trial_service

    return trial_service.listed(context.make_context(fleet), host, as_json=json)


@task(help={**_ACT, **_DEADLINE})
def accept(c: object, host: str = "", fleet: str = "", id: str = "", because: str = "", deadline: str = "") -> int:
    """Direct a host to accept an offered trial as a whole at its next look."""
    from sage_edge.workstation import context, directed_acts, trial_service

    asked = directed_acts.ActAsked(GROUP, host, id, because, deadline)
    return trial_service.decided(context.make_context(fleet), asked, accept=True)


@task(help={**_ACT, **_DEADLINE})
def decline(c: object, host: str = "", fleet: str = "", id: str = "", because: str = "", deadline: str = "") -> int:
    """Direct a host to decline an offered trial at its next look."""
    from sage_edge.workstation import context, directed_acts, trial_service

    asked = directed_acts.ActAsked(GROUP, host, id, because, deadline)
    return trial_service.decided(context.make_context(fleet), asked, accept=False)


@task(help=_ACT)
def withdraw(c: object, host: str = "", fleet: str = "", id: str = "", because: str = "") -> int:
    """Take back a directive about a trial that its host has not answered yet."""
    from sage_edge.workstation import context, directed_acts, trial_service

    asked = directed_acts.ActAsked(GROUP, host, id, because)
    return trial_service.withdrawn(context.make_context(fleet), asked)
