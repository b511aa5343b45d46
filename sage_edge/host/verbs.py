"""What the helper can be asked, by name: JSON in, JSON out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sage_edge.host import asker, audit, probe, released
from sage_edge.host.alone import alone
from sage_edge.host.deploying import Deploying, Patience
from sage_edge.host.journal import Entry, Journal
from sage_edge.host.lease import Claim, Lock
from sage_edge.host.machine import Engine
from sage_edge.host.places import Places
from sage_edge.host.refusal import USAGE, Refusal
from sage_edge.host.service import Docker, Service

Request = Mapping[str, Any]
Answer = Mapping[str, Any]
_WAIT_S, _PATIENT_S = 120.0, 3600.0
"""How long to wait for another helper that works: for a person who looks on, and for a timer."""


@dataclass(frozen=True)
class Desk:
    """What every verb works with."""

    places: Places
    engine: Engine
    service: Service
    helper: str
    tell: Callable[[str], None]

    @property
    def lock(self) -> Lock:
        return Lock(self.places.lock, self.places.root)

    @property
    def journal(self) -> Journal:
        return Journal(self.places.journal, self.places.root)

    @contextlib.contextmanager
    def deploying(self, token: str | None = None, wait_s: float = _WAIT_S) -> Iterator[Deploying]:
        """Drive deployments, alone on this board. token: of the lock without which nothing is switched.

        Raises Refusal, exit 5, for a lock that is not of this token, and while another helper works.
        """

        def heed() -> None:
            if token is not None:
                self.lock.demand(token)
                asker.demand()

        with contextlib.ExitStack() as held:
            if token is not None:
                held.enter_context(self.lock.kept(token))
            held.enter_context(alone(self.places.guard, wait_s, self.tell))
            yield Deploying(self.places, self.journal, self.service, self.tell, heed)

    def noted(self, request: Request, action: str, detail: str) -> str:
        """Write an audit line and return the chain's head."""
        return audit.note(self.places.audit, str(request.get("who", "the board itself")), action, detail)


def real(places: Places, helper: str, tell: Callable[[str], None]) -> Desk:
    """Return the desk of a real board."""
    engine = Engine()
    return Desk(places, engine, Docker(places, engine), helper, tell)


def _probe(desk: Desk, request: Request) -> Answer:  # noqa: ARG001 - every verb has the same shape
    return probe.facts(desk.places, desk.engine, desk.helper)


def _provision(desk: Desk, request: Request) -> Answer:
    from sage_edge.host import provisioning  # compiled at each call, as all of a zipapp: only where it is needed

    done = provisioning.apply(desk.places, request["steps"], desk.tell)
    changed = [one["step"] for one in done if one["changed"]]
    if changed:
        desk.noted(request, "provision", ", ".join(map(str, changed)))
    return {"steps": done}


def _lock_acquire(desk: Desk, request: Request) -> Answer:
    claim = Claim(
        holder=request["holder"], host=request["host"], pid=int(request["pid"]), why=request["why"],
        release=request.get("release"), manual=bool(request.get("manual")),
    )  # fmt: skip
    lease, stale = desk.lock.acquire(claim)
    if stale is not None:
        desk.noted(request, "lock-taken-over", f"from {stale.holder} at {stale.host}, since {stale.since}: {stale.why}")
    if lease.manual:
        desk.noted(request, "lock-acquired", lease.why)
    return {"token": lease.token, "taken_over": stale is not None}


def _lock_beat(desk: Desk, request: Request) -> Answer:
    return {"since": desk.lock.beat(request["token"]).since}


def _lock_release(desk: Desk, request: Request) -> Answer:
    lease = desk.lock.release(request.get("token"))
    if lease is not None and (lease.manual or request.get("token") is None):
        desk.noted(request, "lock-released", f"held by {lease.holder} at {lease.host}: {lease.why}")
    return {"released": lease is not None}


def _lock_status(desk: Desk, request: Request) -> Answer:  # noqa: ARG001
    return {"lock": desk.lock.status()}


def _stage(desk: Desk, request: Request) -> Answer:
    wanted = released.parse(request["files"]["release.json"].encode("utf-8"), request.get("image_from"))
    with desk.deploying(request["token"]) as deploying:
        entry = deploying.stage(wanted, request["files"])
    return _told(desk, request, "stage", entry)


def _activate(desk: Desk, request: Request) -> Answer:
    with desk.deploying(request["token"]) as deploying:
        entry, said = deploying.activate(_patience(request))
    return {**_told(desk, request, "activate", entry), "canary": said, "running": _running(desk)}


def _confirm(desk: Desk, request: Request) -> Answer:
    with desk.deploying(request["token"]) as deploying:
        entry = deploying.confirm(request["release"])
    return {**_told(desk, request, "confirm", entry), "running": _running(desk)}


def _rollback(desk: Desk, request: Request) -> Answer:
    with desk.deploying(request["token"]) as deploying:
        entry, said = deploying.rollback(request.get("to"), _patience(request))
    return {**_told(desk, request, "rollback", entry), "canary": said, "running": _running(desk)}


def _recover(desk: Desk, request: Request) -> Answer:
    by_itself = request.get("who") is None  # boot or timer, which nobody waits for
    with desk.deploying(wait_s=_PATIENT_S if by_itself else _WAIT_S) as deploying:
        entry = deploying.recover(str(request.get("because", "asked to")))
    return _told(desk, request, "recover", entry) if entry else {"entry": None}


def _releases(desk: Desk, request: Request) -> Answer:  # noqa: ARG001
    served = list(desk.journal.served())
    return {
        "current": released.current(desk.places),
        "served": served,
        "releases": [
            {"id": short, "served": short in served, **released.summary(desk.places, short)}
            for short in released.all_of(desk.places)
        ],
    }


def _logs(desk: Desk, request: Request) -> Answer:  # noqa: ARG001
    from sage_edge.host import logs

    return {"lines": logs.read(int(request.get("n", 100)), request.get("since"), request.get("grep"))}


def _audit(desk: Desk, request: Request) -> Answer:
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


def _told(desk: Desk, request: Request, action: str, entry: Entry) -> Answer:
    head = desk.noted(request, action, f"{entry.kind} {entry.release}: {entry.state}")
    return {"entry": vars(entry), "audit": head}


def _running(desk: Desk) -> Answer | None:
    now = desk.service.running()
    return asdict(now) if now else None


def _patience(request: Request) -> Patience:
    told = {key: request[key] for key in ("session_s", "health_s", "revert_s", "cut") if key in request}
    return Patience(**told)


VERBS: Mapping[str, Callable[[Desk, Request], Answer]] = {
    "probe": _probe, "provision": _provision, "stage": _stage, "activate": _activate, "confirm": _confirm,
    "rollback": _rollback, "recover": _recover, "releases": _releases, "logs": _logs, "audit": _audit,
    "snapshot": _snapshot, "lock-acquire": _lock_acquire, "lock-beat": _lock_beat, "lock-release": _lock_release,
    "lock-status": _lock_status,
}  # fmt: skip


def answer(desk: Desk, verb: str, request: Request) -> Answer:
    """Do what a verb says. Raises Refusal."""
    if verb not in VERBS:
        raise Refusal(
            "unknown-verb", f"this helper cannot {verb!r:.40}", "renew it: invoke provision --host HOST", USAGE
        )
    try:
        return VERBS[verb](desk, request)
    except (KeyError, TypeError, AttributeError) as unfit:
        raise Refusal(
            "bad-request",
            f"{verb}: the request is not one: {unfit!r:.200}",
            "renew the helper: invoke provision --host HOST",
            USAGE,
        ) from None
