"""Look after what serves, again and again by a timer of ours: the verb `watch`.

    a release that could not be taken back    is tried again once the engine answers
    an agent that was refused (exit 2 or 3)   is stopped for good: no restart mends a wrong card or a bad declaration
    an agent whose heartbeat stopped          is restarted; the time until the next restart doubles each time

    /run/sage-watch.json    {"mark": "…", "since": 1234.5, "tries": 2, "not_before": 2434.5, "last": "2026-11-20T…"}

Times are seconds since the boot (CLOCK_BOOTTIME), so a clock that jumps restarts nobody; a boot begins anew. While a
deployment is under way, or somebody holds the lock, nothing is done.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sage_edge.host import beat, durable, lease, machine
from sage_edge.host.board_paths import Places
from sage_edge.host.clock import now_text
from sage_edge.host.errors import Refusal
from sage_edge.host.helper_context import HelperContext, Request, VerbAnswer
from sage_edge.host.service import AGENT_CONTAINER, UP_S

SILENT_S = 600.0
"""As long as images/shared/healthy.py lets a heartbeat be silent."""

LONGEST_S = 6 * 3600.0
"""The longest time between two restarts."""

LIVED_S = 3600.0
"""An agent that beat for so long after a restart is well again: the next silence begins at the shortest time."""

REFUSED_EXITS = (2, 3)
"""How an agent ends that was refused: by its declarations, by a guard."""


class WatchRecord(NamedTuple):
    """What was seen last. mark: of the agent and its newest heartbeat; since: when that was new; last: restart."""

    mark: str = ""
    since: float = 0.0
    tries: int = 0
    not_before: float = 0.0
    last: str = ""


def path(places: Places) -> Path:
    """Where the record lies: it ends with the boot."""
    return places.root / "run/sage-watch.json"


def read(places: Places) -> WatchRecord:
    """Return the record, an empty one where none can be read."""
    try:
        content = json.loads(path(places).read_bytes())
        return WatchRecord(
            str(content["mark"]),
            float(content["since"]),
            int(content["tries"]),
            float(content["not_before"]),
            str(content["last"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return WatchRecord()


def seen(record: WatchRecord, mark: str, now: float) -> WatchRecord:
    """Return the record after a look at the agent."""
    if mark == record.mark:
        return record
    lived = now - record.not_before
    return record._replace(mark=mark, since=now, tries=0 if lived > LIVED_S else record.tries)


def is_due(record: WatchRecord, now: float) -> bool:
    """True if nothing was heard for too long, and the next try may be made."""
    return now - record.since >= SILENT_S and now >= record.not_before


def tried(record: WatchRecord, now: float) -> WatchRecord:
    """Return the record after a try: the next one waits twice as long."""
    pause = min(LONGEST_S, SILENT_S * 2 ** (record.tries + 1))
    return record._replace(since=now, tries=record.tries + 1, not_before=now + pause, last=now_text())


def look(context: HelperContext, request: Request, recover: Callable[[], VerbAnswer]) -> VerbAnswer:
    """Do what there is to do, and say it. recover: takes the newest deployment back once more."""
    latest, lock = context.journal.latest(), lease.of(context).status()
    if latest is None or not latest.is_over or (lock is not None and not lock["stale"]):
        return {"did": "nothing"}
    if latest.state == "revert-failed" and not latest.is_given_up:
        return _once_more(context, recover)
    agent = context.engine.container(AGENT_CONTAINER)
    return {"did": "nothing"} if agent is None else _after(context, request, agent)


def _once_more(context: HelperContext, recover: Callable[[], VerbAnswer]) -> VerbAnswer:
    record, now = read(context.places), _now()
    if now < record.not_before:
        return {"did": "nothing"}
    try:
        done = recover()
    except Refusal:
        _write(context.places, tried(record, now))
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
    newest, now, before = beat.read(context.places.state), _now(), read(context.places)
    record = seen(before, f"{started} {newest.mark if newest else ''}", now)
    if not is_due(record, now) or not _has_room(context.places):
        if record != before:
            _write(context.places, record)
        return {"did": "nothing"}
    silent = now - record.since
    _write(context.places, tried(record, now))  # before the restart: one that kills us is a try
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


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _write(places: Places, record: WatchRecord) -> None:
    durable.replace(path(places), durable.canonical(record._asdict()))
