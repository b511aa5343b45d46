"""Look after what serves, again and again by a timer of ours: the verb `watch`.

    a release that could not be taken back    is tried again once the engine answers
    an agent that was refused (exit 2 or 3)   is stopped for good: no restart mends a wrong card or a bad declaration
    an agent whose heartbeat stopped          is restarted; the time until the next restart doubles each time
    whatever runs on a board that was retired is stopped

While a deployment is under way, or somebody holds the lock, nothing is done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from sage_edge.host import beat, clock, lease, machine, retirement
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import Refusal
from sage_edge.host.helper_context import HelperContext, Request, VerbAnswer
from sage_edge.host.service import AGENT_CONTAINER, UP_S, Docker
from sage_edge.host.watch_record import is_due, of_now, read, seen, tried, write

REFUSED_EXITS = (2, 3)
"""How an agent ends that was refused: by its declarations, by a guard."""


def look(context: HelperContext, request: Request, recover: Callable[[], VerbAnswer]) -> VerbAnswer:
    """Do what there is to do, and say it. recover: takes the newest deployment back once more."""
    latest, lock = context.journal.latest(), lease.of(context).status()
    if latest is None or not latest.is_over or (lock is not None and not lock["stale"]):
        return {"did": "nothing"}
    if retirement.read(context.places) is not None:
        return _of_retired(context, request)
    if latest.state == "revert-failed" and not latest.is_given_up:
        return _once_more(context, recover)
    agent = context.engine.container(AGENT_CONTAINER)
    return {"did": "nothing"} if agent is None else _after(context, request, agent)


def _of_retired(context: HelperContext, request: Request) -> VerbAnswer:
    if not retirement.enforce(Docker(context.places, context.engine)):
        return {"did": "nothing"}
    context.note(request, "agent-stopped", "this board was retired, and something of ours ran on it")
    return {"did": "stopped"}


def _once_more(context: HelperContext, recover: Callable[[], VerbAnswer]) -> VerbAnswer:
    now = clock.awake_s()
    record = of_now(read(context.places), now)
    if now < record.not_before:
        return {"did": "nothing"}
    try:
        done = recover()
    except Refusal:
        write(context.places, tried(record, now))
        raise
    return {"did": "took back"} if done.get("entry") else {"did": "nothing"}


def _after(context: HelperContext, request: Request, agent: Mapping[str, Any]) -> VerbAnswer:
    state = agent.get("State") or {}
    if state.get("Restarting") and state.get("ExitCode") in REFUSED_EXITS:
        machine.require(("docker", "stop", AGENT_CONTAINER), "stopping an agent that was refused", timeout_s=UP_S)
        context.note(request, "agent-stopped", f"it was refused, with exit {state['ExitCode']}; no restart mends that")
        return {"did": "stopped"}
    if state.get("Status") != "running":  # a person stopped or paused it
        return {"did": "nothing"}
    return _of_running(context, request, str(state.get("StartedAt")))


def _of_running(context: HelperContext, request: Request, started: str) -> VerbAnswer:
    newest, now = beat.read(context.places.state), clock.awake_s()
    before = of_now(read(context.places), now)
    record = seen(before, f"{started} {newest.mark if newest else ''}", now)
    if not is_due(record, now) or not _has_room(context.places):
        if record != before:
            write(context.places, record)
        return {"did": "nothing"}
    silent = now - record.since
    write(context.places, tried(record, now))  # before the restart: one that kills us is a try
    machine.require(("docker", "restart", AGENT_CONTAINER), "restarting a silent agent", timeout_s=UP_S)
    detail = f"no heartbeat for {silent:.0f} s; restart {record.tries + 1} since it was last well"
    context.note(request, "agent-restarted", detail)
    return {"did": "restarted"}


def _has_room(places: Places) -> bool:
    """Whether a heartbeat could be written: a full disk silences an agent, and no restart mends it."""
    try:
        room = os.statvfs(places.state)
    except OSError:
        return False
    return room.f_bavail > 0 and (not room.f_files or room.f_favail > 0)
