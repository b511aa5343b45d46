"""The chores over named hosts: provision, image.*, plan, deploy, rollback, status, logs, lock.*, …"""

from __future__ import annotations

from sage_edge.workstation.registry import Chore

_HOST = "Which hosts, like sprout or sprout,thor."
_ONE = "Which host, like sprout."
_ROLE = "All boards of a role."
_ALL = "All boards."
_FLEET = "An overlay of fleet/overlays, like sim."
_JSON = "Print one JSON document."
_WHO = {"host": _HOST, "role": _ROLE, "all": _ALL, "fleet": _FLEET}


def add(chore: Chore) -> None:
    """Add every chore that reaches boards."""
    _add_changing(chore)
    _add_looking(chore)


def _add_changing(chore: Chore) -> None:

    @chore("provision", **_WHO, json=_JSON)
    def provision(
        c: object, host: str = "", role: str = "", all: bool = False, fleet: str = "", json: bool = False
    ) -> int:
        """Bring boards to where something can be deployed to them; say what changed."""
        from sage_edge.workstation import context, deploy_service

        here = context.desk(fleet)
        hosts = here.chosen(host, role, all)
        here.demand_apart()
        return context.for_each(
            hosts, lambda name: deploy_service.provisioned(here, name, context.telling(name)),
            lambda changed: f"changed: {', '.join(changed)}" if changed else "no changes",
            as_json=json, schema="sage-edge/provisioned/1",
        )  # fmt: skip

    @chore(
        "image.build",
        host=_HOST,
        fleet=_FLEET,
        platform="l4t or cpu; default: what the host's board is.",
        base="An image that is here, to build a cpu image upon.",
        bake="Models from this machine's store in it, like family/name:variant,…; each shard is a layer.",
        fresh="Make every layer anew: the base's packages as they are today.",
    )
    def build(
        c: object, host: str = "", fleet: str = "", platform: str = "", base: str = "", bake: str = "",
        fresh: bool = False,
    ) -> int:  # fmt: skip
        """Build images; each draws a token where it can run."""
        import click

        from sage_edge.workstation import context, deploy_service

        here = context.desk(fleet)
        for name in here.chosen(host, "", everyone=False):
            found = here.fleet.host(name)
            way = platform or deploy_service.platform_of(here, found)
            image = deploy_service.built(here, found, way, base or None, bake, fresh=fresh)
            click.echo(f"{name:<12} {image.tag}  {image.id}  {image.bytes / 1e6:.0f} MB")
        return 0

    @chore("image.push", **_WHO, json=_JSON)
    def push(c: object, host: str = "", role: str = "", all: bool = False, fleet: str = "", json: bool = False) -> int:
        """Send images ahead, to the registry of fleet.yaml or else to the hosts."""
        from sage_edge.workstation import context, deploy_service

        here = context.desk(fleet)
        hosts = here.chosen(host, role, all)
        return context.for_each(
            hosts, lambda name: deploy_service.pushed(here, name), str, as_json=json, schema="sage-edge/pushed/1"
        )

    @chore(
        "deploy",
        **_WHO,
        json=_JSON,
        dry_run="Print the plan and stop; nothing can be written.",
        diff="With --dry-run: say why.",
        when="idle (default), now, or a time in UTC like 03:30.",
        via="registry (default) or save.",
        plan="Apply a saved plan; refused where boards have changed.",
        exit_code="With --dry-run: end with 10 when there is something to do.",
    )
    def deploy(
        c: object, host: str = "", role: str = "", all: bool = False, fleet: str = "", json: bool = False,
        dry_run: bool = False, diff: bool = False, when: str = "idle", via: str = "registry", plan: str = "",
        exit_code: bool = False,
    ) -> int:  # fmt: skip
        """Bring hosts to what fleet/ declares; each is proven or goes back by itself."""
        from sage_edge.workstation import knocking

        knocks = knocking.at(host, fleet) if when in ("idle", "now") and not plan else None
        from sage_edge.workstation import context, rollout_service

        asked = rollout_service.Asked(host, role, all, json, dry_run, diff, when, via, plan, exit_code)
        return rollout_service.deploy(context.desk(fleet, knocks), asked)

    @chore(
        "rollback",
        **_WHO,
        json=_JSON,
        to="A release's id; default: the newest other one that served.",
        list="List the releases on the hosts and stop.",
    )
    def rollback(
        c: object, host: str = "", role: str = "", all: bool = False, fleet: str = "", json: bool = False,
        to: str = "", list: bool = False,
    ) -> int:  # fmt: skip
        """Switch hosts back to a release that served before, and prove what runs."""
        from sage_edge.workstation import context, rollout_service

        here = context.desk(fleet)
        hosts = here.chosen(host, role, all)
        return (
            rollout_service.releases(here, hosts, json)
            if list
            else rollout_service.back(here, hosts, to or None, as_json=json)
        )

    @chore("lock.acquire", host=_ONE, fleet=_FLEET, why="What for; shown to whoever is refused.")
    def acquire(c: object, host: str = "", fleet: str = "", why: str = "") -> int:
        """Keep everybody from deploying to a host until lock.release."""
        from sage_edge.workstation import context, status_service

        return status_service.lock(context.desk(fleet), host, why)

    @chore("lock.release", host=_ONE, fleet=_FLEET, yes="Do it, whoever holds it.")
    def release(c: object, host: str = "", fleet: str = "", yes: bool = False) -> int:
        """Free a host's deploy lock."""
        from sage_edge.workstation import context, status_service

        return status_service.unlock(context.desk(fleet), host, sure=yes)


def _add_looking(chore: Chore) -> None:

    @chore(
        "plan",
        **_WHO,
        json=_JSON,
        save="Write the plan to a file, for deploy --plan.",
        exit_code="End with 10 when there is something to do.",
    )
    def plan(
        c: object, host: str = "", role: str = "", all: bool = False, fleet: str = "", json: bool = False,
        save: str = "", exit_code: bool = False,
    ) -> int:  # fmt: skip
        """Say what a deploy would do to hosts, and why."""
        from sage_edge.workstation import context, rollout_service

        asked = rollout_service.Asked(host, role, all, json, dry_run=True, diff=True, exit_code=exit_code)
        return rollout_service.plan(context.desk(fleet), asked, save or None)

    @chore("status", **_WHO, json=_JSON)
    def status(
        c: object, host: str = "", role: str = "", all: bool = False, fleet: str = "", json: bool = False
    ) -> int:
        """Show what runs on hosts; one that does not answer is shown, too."""
        from sage_edge.workstation import knocking

        knocks = knocking.at(host, fleet)
        from sage_edge.workstation import context, status_service

        here = context.desk(fleet, knocks)
        return status_service.status(here, here.chosen(host, role, all), as_json=json)

    @chore(
        "logs",
        host=_ONE,
        fleet=_FLEET,
        n="How many lines.",
        since="Like 10m, or a time in UTC.",
        grep="Only lines with this text.",
    )
    def logs(c: object, host: str = "", fleet: str = "", n: int = 100, since: str = "", grep: str = "") -> int:
        """Show the last words of a host's agent."""
        from sage_edge.workstation import context, status_service

        return status_service.logs(context.desk(fleet), host, n, since or None, grep or None)

    @chore(
        "audit", host=_ONE, fleet=_FLEET, n="How many lines.", json=_JSON, check="End with 8 if the chain is broken."
    )
    def audit(c: object, host: str = "", fleet: str = "", n: int = 20, json: bool = False, check: bool = False) -> int:
        """Show what was done to a host, and whether the record is whole."""
        from sage_edge.workstation import context, status_service

        return status_service.audit(context.desk(fleet), host, n, as_json=json, check=check)

    @chore("lock.status", **_WHO, json=_JSON)
    def lock_status(
        c: object, host: str = "", role: str = "", all: bool = False, fleet: str = "", json: bool = False
    ) -> int:
        """Show who holds the deploy locks of hosts."""
        from sage_edge.workstation import context, status_service

        here = context.desk(fleet)
        return status_service.locks(here, here.chosen(host, role, all), as_json=json)

    @chore("explain", host=_ONE, fleet=_FLEET)
    def explain(c: object, host: str = "", fleet: str = "") -> int:
        """Say what a host is, what it is to run, and where each of that is declared."""
        from sage_edge.workstation import context, status_service

        return status_service.explain(context.desk(fleet), host)
