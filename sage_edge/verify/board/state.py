"""How a board is doing now: its agent's heartbeat and last wake, its clock, room, memory, and whom it reaches."""

from __future__ import annotations

from collections.abc import Mapping

from sage_edge import sizes
from sage_edge.hints import invoke
from sage_edge.verify.board.facts import LOGS, BoardCheck, as_set, of_agent, of_each, of_probe
from sage_edge.verify.board_target import BoardTarget
from sage_edge.verify.check import CheckedThing, Fact, HostCheck, always, once
from sage_edge.verify.provisioned import Things
from sage_edge.verify.wants import AtLeast, Is, Nothing, Within, Young, in_seconds

HEARTBEAT_S = 600.0
"""As old as images/shared/healthy.py lets a heartbeat become."""

CLOCK_S = 30.0
"""How far a board's clock may be off: sessions are due to the minute."""

DISK_BYTES: Mapping[str, int] = {"sage": 500_000_000, "state": 500_000_000, "docker": 2_000_000_000}
"""Headroom: for releases and models, for journals and transcripts, and for the next image's changed layers."""

MEMORY_BYTES = 250_000_000
"""Headroom beside the running agent, before the kernel begins to kill."""

QUARANTINE = (
    "find out who wrote that; a person ends it on the board: "
    "docker exec sage-agent-1 sage-edge exchange trust WHOSE COMMIT --because REASON"
)
KEEP_TIME = "on the board: sudo timedatectl set-ntp true"
TRUST_TIME = f"{KEEP_TIME}; or set it there, then: docker exec sage-agent-1 sage-edge clock trust --because REASON"


def _says_of_its_clock(at: BoardTarget) -> bool:
    """Whether its agent says if it believes its clock: that of an older release does not."""
    return at.probe.answer.get("clock_doubt") is not None


def _disks(_: BoardTarget) -> Things:
    for disk, least in DISK_BYTES.items():
        yield CheckedThing(AtLeast(least, sizes.text), disk)


CHECKS: tuple[BoardCheck, ...] = (
    HostCheck(
        "heartbeat",
        of_probe("heartbeat", lambda seen: seen.answer.get("heartbeat_age_s")),
        once(lambda at: Young(HEARTBEAT_S) if at.current else None),
        LOGS,
    ),
    HostCheck(
        "heartbeat's writer",
        of_agent("writer", lambda agent, _: None if agent.beats is None else "running" if agent.beats else "another"),
        once(lambda at: Is("running", "the agent that runs") if at.current else None),
        LOGS,
    ),
    HostCheck(
        "last wake",
        of_probe("wakes", lambda seen: as_set(seen.failing)),
        once(lambda at: Nothing("no failure") if at.current else None),
        LOGS,
    ),
    HostCheck(
        "quarantine",
        of_probe("quarantine", lambda seen: as_set(seen.answer.get("quarantined"))),
        once(lambda at: Nothing("every branch is read") if at.current else None),
        QUARANTINE,
    ),
    HostCheck(
        "clock",
        of_probe("offset", lambda seen: seen.clock_ahead_s),
        always(Within(CLOCK_S, in_seconds)),
        KEEP_TIME,
    ),
    HostCheck(
        "clock is kept",
        of_probe("kept", lambda seen: "yes" if seen.clock_synchronized else "no"),
        once(lambda at: Is("yes") if at.card.clock != "shared" else None),
        KEEP_TIME,
    ),
    HostCheck(
        "clock as the agent sees it",
        of_probe("doubt", lambda seen: as_set(seen.answer.get("clock_doubt"))),
        once(lambda at: Nothing("no doubt") if at.current and _says_of_its_clock(at) else None),
        TRUST_TIME,
    ),
    HostCheck(
        "room for {}",
        of_each("disk", lambda seen, disk: seen.disk[disk]["free"] if disk in seen.disk else None),
        _disks,
        "on the board: docker image prune; df -h /srv/sage/state",
    ),
    HostCheck(
        "free memory",
        of_probe("memory", lambda seen: seen.memory.get("available")),
        always(AtLeast(MEMORY_BYTES, sizes.text)),
        "stop what else runs on the board",
    ),
    HostCheck(
        "exchange",
        Fact("exchange"),
        lambda at: [CheckedThing(Is("answers"), at.remote)] if at.current else [],
        (
            "does the exchange know its key? see /srv/sage/keys/exchange.pub there, and: ",
            invoke("logs", host="HOST"),
        ),
    ),
)
