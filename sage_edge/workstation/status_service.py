"""What `status`, `logs`, `audit`, `lock.*` and `explain` print."""

from __future__ import annotations

from collections.abc import Sequence

import click

from sage_edge import hints, sizes
from sage_edge.cli import render
from sage_edge.deploy import fleet_runner
from sage_edge.errors import ExitCode, SageError, UsageError
from sage_edge.hints import invoke
from sage_edge.inventory import signers
from sage_edge.names import HostName, shortened
from sage_edge.remote.board.drift import OPEN, drift, foreign_rights
from sage_edge.remote.board.identity_check import require_own
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.remote.errors import WrongBoard
from sage_edge.sizes import counted
from sage_edge.verify.board.state import DISK_BYTES
from sage_edge.workstation import context, undeclared
from sage_edge.workstation.context import FleetContext

_UNSIGNED = f"unsigned: {signers.FILE} holds no key of its commits"


def status(
    here: FleetContext, hosts: Sequence[HostName], *, as_json: bool, judged: bool = False, everyone: bool = False
) -> int:
    """Print a table and return the worst exit code: a host that does not answer has a row that says so, and counts.

    judged: also 8 where a host that answers is not as it must be, or one may go on that nobody declares.
    everyone: with a row for each host that is known here and not declared.
    """

    def one(name: HostName) -> BoardProbe:
        with here.seen(name) as board:
            return board.facts()

    results = fleet_runner.over(hosts, one)
    rows = [
        _row(result.host, result.value, result.error, here.fleet.name, unsigned=not here.fleet.signs(result.host))
        for result in results
    ]
    strangers = undeclared.of(here) if everyone else ()
    rows += [(case.host, "", "", "", "", "", case.described(here.surroundings)) for case in strangers]
    heads = ("host", "release", "agent", "image", "lock", "free", "what to know")
    if as_json:
        render.document("sage-edge/status/1", [dict(zip(heads, row, strict=True)) for row in rows])
    else:
        render.table(heads, rows)
    codes: list[int] = [result.code for result in results]
    if judged:
        unwell = any(result.value and _troubles(result.value, here.fleet.name) for result in results)
        codes.append(ExitCode.NOT_VERIFIED if unwell or any(case.counts for case in strangers) else ExitCode.OK)
    return fleet_runner.worst(codes)


def _row(
    host: str, facts: BoardProbe | None, error: SageError | None, fleet: str, *, unsigned: bool = False
) -> tuple[str, ...]:
    if facts is None:
        return (host, "", "", "", "", "", error.message if error else "")
    agent = facts.engine.agent() if facts.engine else None
    lock = facts.deployed.lock
    holder = "free" if lock is None else f"{lock['holder']}{' (stale)' if lock['stale'] else ''}"
    state = f"{agent.status}{f', {agent.health}' if agent.health else ''}" if agent else "none"
    return (
        host,
        facts.serving or "none",
        state,
        shortened(agent.image) if agent else "",
        holder,
        sizes.text(facts.disk["docker"]["free"]),
        "; ".join(_to_know(facts, fleet, unsigned=unsigned)) or "-",
    )


def _to_know(facts: BoardProbe, fleet: str, *, unsigned: bool = False) -> list[str]:
    # what somebody wanted so is worth knowing, and no trouble
    pin = [str(facts.deployed.pin)] if facts.deployed.pin else []
    return [*pin, *([_UNSIGNED] if unsigned else []), *_troubles(facts, fleet)]


def _troubles(facts: BoardProbe, fleet: str) -> list[str]:
    notes, deployed = [], facts.deployed
    try:
        require_own(facts, fleet)
    except WrongBoard as other:
        notes.append(other.message)
    if deployed.journal_state in OPEN:
        notes.append(f"the deployment of {deployed.journal_release} is {deployed.journal_state}")
    notes += drift(facts)
    notes += [f"not ours, but could change this board: {container}" for container in foreign_rights(facts)]
    notes += [damage for damage in (deployed.damaged, deployed.lock_damaged) if damage]
    notes += [f"its agent is failing: {why}" for why in facts.failing or ()]
    notes += [f"it does not read the branch of {case}" for case in facts.answer.get("quarantined") or ()]
    if foreign := facts.answer.get("foreign_state"):
        notes.append(f"its agent cannot use all of its state: {', '.join(map(str, foreign))}")
    agent = facts.engine.agent() if facts.engine else None
    if agent is not None and agent.beats is False:
        notes.append("its agent has written no heartbeat since it was started")
    notes += [
        f"{sizes.text(facts.disk[disk]['free'])} of room for {disk}"
        for disk, least in DISK_BYTES.items()
        if disk in facts.disk and facts.disk[disk]["free"] < least
    ]
    if (tries := (facts.answer.get("watch") or {}).get("tries")) and agent is not None:
        notes.append(f"the board did something about it {counted(tries, 'time')}: {facts.answer['watch']['last']}")
    if facts.engine is None:
        notes.append("no Docker engine answers")
    if abs(facts.clock_ahead_s) > 60:
        notes.append(f"its clock is {facts.clock_ahead_s:+.0f} s off")
    return notes


def audit(here: FleetContext, host: str, n: int, *, as_json: bool) -> int:
    """Print what was done to a host, as far as that can be read; return 8 when the chain is broken."""
    with here.seen(_one(here, host)) as board:
        record = board.audit(n)
    if as_json:
        render.document("sage-edge/audit/1", record)
    elif record["lines"]:
        rows = [
            tuple(str(line.get(key, "")) for key in ("n", "at", "who", "action", "detail")) for line in record["lines"]
        ]
        render.table(("n", "at", "who", "action", "what"), rows)
    state = f"broken: {record['wrong']}" if record["wrong"] else "whole"
    whole = f"the chain of {counted(record['count'], 'line')} is {state}"
    click.echo(f"{whole}; its head is {str(record['head'])[:12]}", err=True)
    if not record["wrong"]:
        return 0
    click.echo(_BROKEN, err=True)
    return ExitCode.NOT_VERIFIED


_BROKEN = (
    "what stands above could be read; who changed the rest, a person has to find out. To begin a new chain, keep this "
    "one: on the board, sudo mv /srv/sage/deploy/audit.jsonl /srv/sage/deploy/audit.jsonl.broken"
)


def lock(here: FleetContext, host: str, why: str) -> int:
    """Take a lock that never expires."""
    name = _one(here, host)
    if not why.strip():
        raise UsageError("say why, for whoever is refused", hint=invoke("lock.acquire", host=name, why="REASON"))
    with here.board(name) as board:
        require_own(board.facts(), here.fleet.name)
        board.acquire(why, manual=True)
    free = hints.text(invoke("lock.release", host=name, yes=True), here.surroundings)
    click.echo(f"{name} is locked until: {free}")
    return 0


def unlock(here: FleetContext, host: str, *, sure: bool) -> int:
    """Free a lock, whoever holds it."""
    name = _one(here, host)
    if not sure:
        again = invoke("lock.release", host=name, yes=True)
        raise UsageError(f"this frees the lock of {name}, whoever holds it", hint=again)
    with here.board(name) as board:
        require_own(board.facts(), here.fleet.name)
        freed = board.release_lock(None)
    click.echo(f"{name} is free" if freed else f"{name} was not locked")
    return 0


def locks(here: FleetContext, hosts: Sequence[HostName], *, as_json: bool) -> int:
    """Print who holds the locks."""

    def one(name: HostName) -> dict[str, object]:
        with here.seen(name) as board:
            return dict(board.lock() or {})

    def line(held: dict[str, object]) -> str:
        if not held:
            return "free"
        stale = " (stale)" if held["stale"] else ""
        return f"{held['holder']} at {held['host']} since {held['since']}{stale}: {held['why']}"

    return context.for_each(here, hosts, one, line, as_json=as_json, schema="sage-edge/locks/1")


def explain(here: FleetContext, host: str) -> int:
    """Print what a host is and where that is declared; reaches nothing."""
    from sage_edge.workstation import deploy_service

    name = _one(here, host)
    declared = here.fleet.host(name)
    board = here.fleet.boards[declared.board]
    rows = [
        ("host", name, f"fleet/hosts/{name}.yaml"),
        ("role", declared.role, f"fleet/roles/{declared.role}.yaml"),
        ("may", ", ".join(sorted(here.fleet.roles[declared.role].abilities)), f"fleet/roles/{declared.role}.yaml"),
        ("board", board.summary, f"fleet/boards/{declared.board}.yaml"),
        ("model", declared.model or "none of its own", f"fleet/hosts/{name}.yaml"),
        ("image", deploy_service.platform_of(here, declared), "images/"),
        ("exchange", here.fleet.remote, "fleet/fleet.yaml"),
        ("overlay", here.fleet.overlay or "none", "fleet/overlays/"),
    ]
    render.table(("what", "is", "declared in"), [tuple(map(str, row)) for row in rows])
    return 0


def _one(here: FleetContext, host: str) -> HostName:
    if not host:
        raise UsageError("name a host: --host NAME", hint=f"there are: {', '.join(sorted(here.fleet.hosts))}")
    return here.fleet.host(host).name
