"""`invoke sync`: a model to a board's store."""

from __future__ import annotations

from sage_edge.errors import ExitCode
from sage_edge.workstation.task import FLEET, JSON, task


@task(
    help={
        "host": "To which host; without it, only to this machine.",
        "model": "The model, like qwen2.5-0.5b/introspective:v2.1-q8_0.",
        "from_host": "From which host; else from this machine.",
        "fleet": FLEET,
        "limit": "At most so many megabytes a second.",
        "merge_there": "Let the far side merge when only the adapter changed.",
        "json": JSON,
    },
    codes=(ExitCode.LOCKED,),
)
def sync(
    c: object,
    host: str = "",
    model: str = "",
    from_host: str = "",
    fleet: str = "",
    limit: str = "",
    merge_there: bool = True,
    json: bool = False,
) -> int:
    """Copy a model to a board's store over SSH, verified on arrival."""
    from sage_edge.workstation import context, sync_service

    asked = sync_service.SyncAsked(host, model, from_host, limit, merge_there)
    return sync_service.carry(context.make_context(fleet), asked, as_json=json)
