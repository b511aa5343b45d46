"""The verbs that change the board."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict

from sage_edge.host import audit, client_alive, release_store
from sage_edge.host.deployment import Deploying, Patience
from sage_edge.host.helper_context import Answer, Desk, Request
from sage_edge.host.journal import Entry
from sage_edge.host.lease import Claim
from sage_edge.host.service import Docker
from sage_edge.host.work_lock import alone

_WAIT_S, _PATIENT_S = 120.0, 3600.0
"""How long to wait for another helper that works: for a person who looks on, and for a timer."""


@contextlib.contextmanager
def _deploying(desk: Desk, token: str | None = None, wait_s: float = _WAIT_S) -> Iterator[Deploying]:
    """Drive deployments, alone on this board. token: of the lock without which nothing is switched.

    Raises Refusal, exit 5, for a lock that is not of this token, and while another helper works.
    """

    def heed() -> None:
        if token is not None:
            desk.lock.demand(token)
            client_alive.demand()

    with contextlib.ExitStack() as held:
        if token is not None:
            held.enter_context(desk.lock.kept(token))
        held.enter_context(alone(desk.places.guard, wait_s, desk.tell))
        yield Deploying(desk.places, desk.journal, Docker(desk.places, desk.engine), desk.tell, heed)


def _noted(desk: Desk, request: Request, action: str, detail: str) -> str:
    """Write an audit line and return the chain's head."""
    return audit.note(desk.places.audit, str(request.get("who", "the board itself")), action, detail)


def _provision(desk: Desk, request: Request) -> Answer:
    from sage_edge.host import provision  # compiled at each call, as all of a zipapp: only where it is needed

    done = provision.apply(desk.places, request["steps"], desk.tell)
    changed = [one["step"] for one in done if one["changed"]]
    if changed:
        _noted(desk, request, "provision", ", ".join(map(str, changed)))
    return {"steps": done}


def _lock_acquire(desk: Desk, request: Request) -> Answer:
    claim = Claim(
        holder=request["holder"], host=request["host"], pid=int(request["pid"]), why=request["why"],
        release=request.get("release"), manual=bool(request.get("manual")), machine=str(request.get("machine", "")),
        instead_of=request.get("instead_of"),
    )  # fmt: skip
    lease, stale = desk.lock.acquire(claim)
    if stale is not None:
        _noted(
            desk, request, "lock-taken-over", f"from {stale.holder} at {stale.host}, since {stale.since}: {stale.why}"
        )
    if lease.manual:
        _noted(desk, request, "lock-acquired", lease.why)
    return {"token": lease.token, "taken_over": stale is not None}


def _lock_beat(desk: Desk, request: Request) -> Answer:
    return {"since": desk.lock.beat(request["token"]).since}


def _lock_release(desk: Desk, request: Request) -> Answer:
    lease = desk.lock.release(request.get("token"))
    if lease is not None and (lease.manual or request.get("token") is None):
        _noted(desk, request, "lock-released", f"held by {lease.holder} at {lease.host}: {lease.why}")
    return {"released": lease is not None}


def _fetch(desk: Desk, request: Request) -> Answer:
    wanted = release_store.parse(request["release"].encode("utf-8"), tuple(request["image_from"]))
    with _deploying(desk, request["token"]) as deploying:
        deploying.fetch(wanted)
    return {"audit": _noted(desk, request, "fetch", f"image {wanted.image[7:19]}")}


def _stage(desk: Desk, request: Request) -> Answer:
    wanted = release_store.parse(request["files"]["release.json"].encode("utf-8"), tuple(request["image_from"]))
    with _deploying(desk, request["token"]) as deploying:
        entry = deploying.stage(wanted, request["files"])
    return _told(desk, request, "stage", entry)


def _activate(desk: Desk, request: Request) -> Answer:
    with _deploying(desk, request["token"]) as deploying:
        entry, said = deploying.activate(_patience(request))
    return {**_told(desk, request, "activate", entry), "canary": said, "running": _running(desk)}


def _confirm(desk: Desk, request: Request) -> Answer:
    with _deploying(desk, request["token"]) as deploying:
        entry = deploying.confirm(request["release"])
    return {**_told(desk, request, "confirm", entry), "running": _running(desk)}


def _rollback(desk: Desk, request: Request) -> Answer:
    with _deploying(desk, request["token"]) as deploying:
        entry, said = deploying.rollback(request.get("to"), _patience(request))
    return {**_told(desk, request, "rollback", entry), "canary": said, "running": _running(desk)}


def _recover(desk: Desk, request: Request) -> Answer:
    by_itself = request.get("who") is None  # boot or timer, which nobody waits for
    with _deploying(desk, wait_s=_PATIENT_S if by_itself else _WAIT_S) as deploying:
        entry = deploying.recover(str(request.get("because", "asked to")))
    return _told(desk, request, "recover", entry) if entry else {"entry": None}


def _told(desk: Desk, request: Request, action: str, entry: Entry) -> Answer:
    head = _noted(desk, request, action, f"{entry.kind} {entry.release}: {entry.state}")
    return {"entry": entry._asdict(), "audit": head}


def _running(desk: Desk) -> Answer | None:
    now = Docker(desk.places, desk.engine).running()
    return asdict(now) if now else None


def _patience(request: Request) -> Patience:
    told = {key: request[key] for key in ("session_s", "health_s", "revert_s", "cut") if key in request}
    return Patience(**told)


VERBS: Mapping[str, Callable[[Desk, Request], Answer]] = {
    "provision": _provision, "fetch": _fetch, "stage": _stage, "activate": _activate, "confirm": _confirm,
    "rollback": _rollback, "recover": _recover,
    "lock-acquire": _lock_acquire, "lock-beat": _lock_beat, "lock-release": _lock_release,
}  # fmt: skip
