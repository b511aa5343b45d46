"""What the helper can be asked, by name: JSON in, JSON out.

What a probe does not need, it does not load; that is why whatever it needs is made of named tuples: `dataclasses` takes
a quarter of a probe's time to load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sage_edge.host import probe, release_store
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import USAGE, Refusal
from sage_edge.host.helper_context import Answer, Desk, Request
from sage_edge.host.machine import Engine

CHANGING = (
    "provision", "fetch", "stage", "activate", "confirm", "rollback", "recover",
    "lock-acquire", "lock-beat", "lock-release",
)  # fmt: skip
"""The verbs of `host.commands`."""


def real(places: Places, helper: str, tell: Callable[[str], None]) -> Desk:
    """Return the desk of a real board."""
    return Desk(places, Engine(), helper, tell)


def _probe(desk: Desk, request: Request) -> Answer:  # noqa: ARG001 - every verb has the same shape
    return probe.facts(desk.places, desk.engine, desk.helper)


def _lock_status(desk: Desk, request: Request) -> Answer:  # noqa: ARG001
    return {"lock": desk.lock.status()}


def _releases(desk: Desk, request: Request) -> Answer:  # noqa: ARG001
    served = list(desk.journal.served())
    return {
        "current": release_store.current(desk.places),
        "served": served,
        "releases": [
            {"id": short, "served": short in served, **release_store.summary(desk.places, short)}
            for short in release_store.all_of(desk.places)
        ],
    }


def _logs(desk: Desk, request: Request) -> Answer:  # noqa: ARG001
    from sage_edge.host import logs

    return {"lines": logs.read(int(request.get("n", 100)), request.get("since"), request.get("grep"))}


def _audit(desk: Desk, request: Request) -> Answer:
    from sage_edge.host import audit

    lines, head, wrong = audit.check(desk.places.audit)
    return {
        "count": lines,
        "head": head,
        "wrong": wrong,
        "lines": audit.newest(desk.places.audit, int(request.get("n", 20))),
    }


def _snapshot(desk: Desk, request: Request) -> Answer:  # noqa: ARG001
    from sage_edge.host import snapshot

    return snapshot.take(desk.places, desk.engine)


LOOKING: Mapping[str, Callable[[Desk, Request], Answer]] = {
    "probe": _probe, "releases": _releases, "logs": _logs, "audit": _audit, "snapshot": _snapshot,
    "lock-status": _lock_status,
}  # fmt: skip
VERBS = (*LOOKING, *CHANGING)


def answer(desk: Desk, verb: str, request: Request) -> Answer:
    """Do what a verb says. Raises Refusal."""
    if verb not in VERBS:
        raise Refusal(
            "unknown-verb", f"this helper cannot {verb!r:.40}", "renew it: invoke provision --host HOST", USAGE
        )
    try:
        if verb in LOOKING:
            return LOOKING[verb](desk, request)
        from sage_edge.host import commands

        return commands.VERBS[verb](desk, request)
    except (KeyError, TypeError, AttributeError) as unfit:
        raise Refusal(
            "bad-request",
            f"{verb}: the request is not one: {unfit!r:.200}",
            "renew the helper: invoke provision --host HOST",
            USAGE,
        ) from None
