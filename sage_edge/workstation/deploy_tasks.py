"""`invoke provision|deploy|rollback|plan`: what changes boards, or says what would."""

from __future__ import annotations

from sage_edge.errors import ExitCode
from sage_edge.workstation.task import HOSTS, JSON, task


@task(help={**HOSTS, "json": JSON}, codes=(ExitCode.LOCKED,))
def provision(c: object, host: str = "", role: str = "", all: bool = False, fleet: str = "", json: bool = False) -> int:
    """Bring boards to where something can be deployed to them; say what changed."""
    from sage_edge.cli.environment import log_of
    from sage_edge.workstation import context, deploy_service

    here = context.make_context(fleet)
    hosts = here.chosen(host, role, all)
    here.require_distinct()
    return context.for_each(
        here,
        hosts,
        lambda name: deploy_service.provisioned(here, name, log_of(name)),
        lambda changed: f"changed: {', '.join(changed)}" if changed else "no changes",
        as_json=json,
        schema="sage-edge/provisioned/1",
    )


@task(
    help={
        **HOSTS,
        "json": JSON,
        "dry_run": "Print the plan and stop; nothing can be written.",
        "diff": "With --dry-run: say why.",
        "when": "idle (default), now, or a time in UTC like 03:30.",
        "via": "registry (default) or save.",
        "plan": "Apply a saved plan; refused where boards have changed.",
        "exit_code": "With --dry-run: end with 10 when there is something to do.",
        "unpin": "Also to the release from which a host was rolled back.",
        "rollback": "Also where a newer release serves, by the counter of commits.",
    },
    codes=(
        ExitCode.LOCKED,
        ExitCode.ROLLED_BACK,
        ExitCode.ROLLBACK_FAILED,
        ExitCode.PENDING,
    ),
)
def deploy(
    c: object,
    host: str = "",
    role: str = "",
    all: bool = False,
    fleet: str = "",
    json: bool = False,
    dry_run: bool = False,
    diff: bool = False,
    when: str = "idle",
    via: str = "registry",
    plan: str = "",
    exit_code: bool = False,
    unpin: bool = False,
    rollback: bool = False,
) -> int:
    """Bring hosts to what fleet/ declares; each is proven or goes back by itself."""
    from sage_edge.workstation import early_connection

    early = early_connection.begin(host, fleet) if when in ("idle", "now") and not (plan or dry_run) else None
    from sage_edge.workstation import context, rollout_service

    asked = rollout_service.RolloutAsked(
        host, role, all, json, dry_run, diff, when, via, plan, exit_code, unpin, rollback
    )
    return rollout_service.deploy(context.make_context(fleet, early), asked)


@task(
    help={
        **HOSTS,
        "json": JSON,
        "to": "A release's id or its beginning; default: the one that served before.",
        "list": "List the releases on the hosts and stop.",
    },
    codes=(
        ExitCode.LOCKED,
        ExitCode.ROLLED_BACK,
        ExitCode.ROLLBACK_FAILED,
    ),
)
def rollback(
    c: object,
    host: str = "",
    role: str = "",
    all: bool = False,
    fleet: str = "",
    json: bool = False,
    to: str = "",
    list: bool = False,
) -> int:
    """Switch hosts back to a release that served before, and prove what runs."""
    from sage_edge.workstation import context, rollout_service

    here = context.make_context(fleet)
    hosts = here.chosen(host, role, all)
    if list:
        return rollout_service.releases(here, hosts, json)
    return rollout_service.back(here, hosts, to or None, as_json=json)


@task(
    help={
        **HOSTS,
        "json": JSON,
        "save": "Write the plan to a file, for deploy --plan.",
        "exit_code": "End with 10 when there is something to do.",
    }
)
def plan(
    c: object,
    host: str = "",
    role: str = "",
    all: bool = False,
    fleet: str = "",
    json: bool = False,
    save: str = "",
    exit_code: bool = False,
) -> int:
    """Say what a deploy would do to hosts, and why."""
    from sage_edge.workstation import context, rollout_service

    asked = rollout_service.RolloutAsked(host, role, all, json, dry_run=True, diff=True, exit_code=exit_code)
    return rollout_service.plan(context.make_context(fleet), asked, save or None)
