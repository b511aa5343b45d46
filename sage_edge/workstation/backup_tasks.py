"""`invoke backup|restore`: a board's state and the hub's branches, brought here and back."""

from __future__ import annotations

from sage_edge.errors import ExitCode
from sage_edge.workstation.task import FLEET, HOSTS, JSON, ONE_HOST, task


@task(help={**HOSTS, "json": JSON}, codes=(ExitCode.LOCKED, ExitCode.NOT_VERIFIED))
def backup(c: object, host: str = "", role: str = "", all: bool = False, fleet: str = "", json: bool = False) -> int:
    """Bring the state of hosts and the hub's branches here, checked file by file."""
    from sage_edge.workstation import backup_service, context

    here = context.make_context(fleet)
    return context.for_each(
        here,
        here.chosen(host, role, all),
        lambda name: backup_service.backed_up(here, name),
        backup_service.backup_line,
        as_json=json,
        schema="sage-edge/backed-up/1",
    )


@task(
    help={
        "host": ONE_HOST,
        "fleet": FLEET,
        "file": "The folder that invoke backup has written.",
        "hub": "Give the hub the backup's branches instead of a board its state.",
        "replace": "Put aside what is there, and stop a running agent for it.",
        "json": JSON,
    },
    codes=(ExitCode.LOCKED, ExitCode.NOT_VERIFIED),
)
def restore(
    c: object,
    host: str = "",
    fleet: str = "",
    file: str = "",
    hub: bool = False,
    replace: bool = False,
    json: bool = False,
) -> int:
    """Put a backup of a host's state back on its board, or its branches on the hub."""
    from sage_edge import hints
    from sage_edge.cli.environment import log
    from sage_edge.workstation import backup_service, context

    here = context.make_context(fleet)
    if hub:
        return backup_service.hub_restored(here, host, file)
    code = context.for_each(
        here,
        here.chosen(host, "", everyone=False),
        lambda name: backup_service.restored(here, name, file, replace=replace),
        backup_service.restore_line,
        as_json=json,
        schema="sage-edge/restored/1",
    )
    if code == 0:
        rotate = hints.text(hints.invoke("key.rotate", host=host), here.surroundings)
        deploy = hints.text(hints.invoke("deploy", host=host), here.surroundings)
        log(f"no key is in a backup; if the board's key is a new one: {rotate}; then: {deploy}")
    return code
