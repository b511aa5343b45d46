"""`invoke recommendation.*`: what a person decides for a host, as directives on the desk's own branch."""

from __future__ import annotations

from sage_edge.workstation.task import FLEET, JSON, ONE_HOST, task

GROUP = "recommendation"

_ACT = {
    "host": ONE_HOST,
    "fleet": FLEET,
    "id": "The recommendation's id or its beginning.",
    "because": "Why; it is published.",
}
_DEADLINE = {"deadline": "After this time nobody carries it out; like 2026-11-20T06:00:00Z."}


@task(name="list", help={"host": ONE_HOST, "fleet": FLEET, "json": JSON})
def list_(c: object, host: str = "", fleet: str = "", json: bool = False) -> int:
    """List the recommendations to a host, and what became of them."""
    from sage_edge.workstation import context, recommendation_service

    return recommendation_service.listed(context.make_context(fleet), host, as_json=json)


@task(help={**_ACT, **_DEADLINE})
def accept(c: object, host: str = "", fleet: str = "", id: str = "", because: str = "", deadline: str = "") -> int:
    """Direct a host to accept a recommendation at its next look."""
    from sage_edge.workstation import context, directed_acts, recommendation_service

    asked = directed_acts.ActAsked(GROUP, host, id, because, deadline)
    return recommendation_service.decided(context.make_context(fleet), asked, accept=True)


@task(help={**_ACT, **_DEADLINE})
def decline(c: object, host: str = "", fleet: str = "", id: str = "", because: str = "", deadline: str = "") -> int:
    """Direct a host to decline a recommendation at its next look."""
    from sage_edge.workstation import context, directed_acts, recommendation_service

    asked = directed_acts.ActAsked(GROUP, host, id, because, deadline)
    return recommendation_service.decided(context.make_context(fleet), asked, accept=False)


@task(help=_ACT)
def withdraw(c: object, host: str = "", fleet: str = "", id: str = "", because: str = "") -> int:
    """Take back a directive that its host has not answered yet."""
    from sage_edge.workstation import context, directed_acts, recommendation_service

    asked = directed_acts.ActAsked(GROUP, host, id, because)
    return recommendation_service.withdrawn(context.make_context(fleet), asked)
