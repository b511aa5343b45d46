"""What `deploy`, `plan` and `rollback` do over several hosts: each on its own, a line each at the end."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sage_edge import hints
from sage_edge.cli.environment import log, log_of
from sage_edge.clock import SystemClock
from sage_edge.deploy.rollout_options import RolloutOutcome, RolloutTimeouts
from sage_edge.errors import ExitCode, UsageError
from sage_edge.names import HostName, shortened
from sage_edge.remote.board import helper_zipapp
from sage_edge.workstation import context, host_memory, seen_releases
from sage_edge.workstation.context import FleetContext

if TYPE_CHECKING:
    from sage_edge.deploy.plan import Plan
    from sage_edge.remote.board.probe import BoardProbe


@dataclass(frozen=True)
class RolloutAsked:
    """What a person typed."""

    host: str
    role: str
    everyone: bool
    as_json: bool
    dry_run: bool = False
    diff: bool = False
    when: str = "idle"
    via: str = "registry"
    plan: str = ""
    exit_code: bool = False
    unpin: bool = False
    back: bool = False


def deploy(here: FleetContext, asked: RolloutAsked) -> int:
    """Deploy to every named host; return the worst exit code."""
    options = RolloutTimeouts(cut=asked.when == "now")
    if asked.via not in ("registry", "save"):
        raise UsageError(
            f"expected --via registry or save, got {asked.via!r}", hint=hints.invoke("deploy", host="HOST")
        )
    if asked.dry_run:
        return plan(here, asked, None)
    hosts = _named(here, asked)
    if asked.plan:
        from sage_edge.deploy import saved_plan
        from sage_edge.workstation import deploy_service

        saved_plan.require_unchanged(
            Path(asked.plan), [deploy_service.planned(here, name, unpin=asked.unpin) for name in hosts]
        )
    _wait(asked.when)
    return context.for_each(
        here,
        hosts,
        lambda name: deployed(here, name, options, asked.via, unpin=asked.unpin, back=asked.back),
        _line,
        as_json=asked.as_json,
        schema="sage-edge/deployed/1",
        meanwhile=_prepare,
    )


def deployed(
    here: FleetContext,
    name: HostName,
    options: RolloutTimeouts,
    via: str = "registry",
    *,
    unpin: bool = False,
    back: bool = False,
) -> RolloutOutcome:
    """Deploy to one host: it is asked how it is while what a deploy needs is still being loaded here.

    unpin: even to what it was rolled back from. back: even if a newer release serves there.
    """
    with here.board(name) as board:
        facts = board.facts()
        from sage_edge.workstation import deploy_service

        outcome = deploy_service.deployed(here, board, facts, options, via, unpin=unpin, back=back)
    if outcome.changed or not host_memory.is_known(here.root, here.fleet, name):
        host_memory.was_deployed(here.root, here.fleet, name, outcome.release, SystemClock().now())
    return outcome


def _prepare() -> None:
    """Load, while boards are waited for, what is needed once they have answered."""
    from sage_edge.workstation import deploy_service  # noqa: F401

    helper_zipapp.packed()


def _named(here: FleetContext, asked: RolloutAsked) -> list[HostName]:
    if asked.plan and not (asked.host or asked.role or asked.everyone):
        from sage_edge.deploy import saved_plan

        return [here.fleet.host(name).name for name in saved_plan.hosts(Path(asked.plan))]
    return here.chosen(asked.host, asked.role, asked.everyone)


def plan(here: FleetContext, asked: RolloutAsked, save: str | None) -> int:
    """Print what would be done; with `exit_code`, 10 when there is something to do."""
    from sage_edge.deploy import saved_plan
    from sage_edge.workstation import deploy_service

    plans: list[Plan] = []

    def one(name: HostName) -> Plan:
        plans.append(deploy_service.planned(here, name, unpin=asked.unpin))
        return plans[-1]

    hosts = here.chosen(asked.host, asked.role, asked.everyone)
    code = context.for_each(
        here,
        hosts,
        one,
        lambda plan_of: deploy_service.shown(plan_of, diff=asked.diff),
        as_json=asked.as_json,
        schema="sage-edge/plan/1",
    )
    if save and code == 0:
        saved_plan.write(Path(save), sorted(plans, key=lambda plan_of: plan_of.host))
        apply = hints.invoke("deploy", plan=save, fleet=here.fleet.overlay)
        log(f"saved; apply it with: {hints.text(apply, here.surroundings)}")
    return (
        ExitCode.PENDING if code == 0 and asked.exit_code and any(not plan_of.is_empty for plan_of in plans) else code
    )


def back(here: FleetContext, hosts: Sequence[HostName], to: str | None, *, as_json: bool) -> int:
    """Roll hosts back."""
    from sage_edge.deploy import preflight, rollout
    from sage_edge.workstation import deploy_service

    def fit(facts: BoardProbe) -> None:
        preflight.require_returnable(facts, here.fleet.name)
        deploy_service.say_retired(here, facts)

    def one(name: HostName) -> RolloutOutcome:
        return rollout.roll_back(
            lambda: here.board(name),
            to,
            RolloutTimeouts(),
            log_of(name),
            deploy_service.image_sent,
            fit,
        )

    return context.for_each(here, hosts, one, _line, as_json=as_json, schema="sage-edge/deployed/1")


def releases(here: FleetContext, hosts: Sequence[HostName], as_json: bool) -> int:
    """List the releases on hosts: which serves now, which have served."""

    def one(name: HostName) -> dict[str, Any]:
        with here.seen(name) as board:
            listed = dict(board.releases())
        seen_releases.remember(here.root, name, [row["id"] for row in listed["releases"]])
        return listed

    def line(listed: dict[str, Any]) -> str:
        shown = [_release(row, listed["current"]) for row in listed["releases"]]
        return "\n".join(["", *shown]) if shown else "no releases yet"

    return context.for_each(here, hosts, one, line, as_json=as_json, schema="sage-edge/releases/1")


def _release(row: Mapping[str, Any], current: str | None) -> str:
    mark = "serves now" if row["id"] == current else "has served" if row["served"] else "never served"
    return f"  {row['id']}  image {shortened(str(row.get('image') or ''))}  {mark}"


def _line(done: RolloutOutcome) -> str:
    if not done.changed:
        return "no changes"
    image = shortened(str((done.running or {}).get("image", "")))
    return f"{done.release} serves; running image {image}"


def _wait(when: str) -> None:
    """Wait here for a time of day; `idle` and `now` are the board's business."""
    if when in ("idle", "now"):
        return
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", when):
        raise UsageError(
            f"expected --when idle, now or a time in UTC like 03:30, got {when!r}",
            hint=hints.invoke("deploy", help=True),
        )
    now = SystemClock().now()
    hour, minute = map(int, when.split(":"))
    due = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    due += timedelta(days=1) if due <= now else timedelta()
    log(f"waiting until {due:%Y-%m-%d %H:%M} UTC")
    time.sleep((due - now).total_seconds())
