"""The deploy lock of a board: one deployment at a time, and a dead workstation does not block it.

    /srv/sage/deploy/lock.json    format 1
    {"format": 1, "token": "…", "holder": "ada", "host": "desk", "pid": 4711, "boot": "…", "release": "ab12…"|null,
     "since": …, "heartbeat": 1763600000.0, "ttl_s": 120, "manual": false, "why": "…", "machine": "9f2c…",
     "awake_s": 4711.2}

awake_s: seconds between that boot and the newest heartbeat, by which it is old, whatever the clock was set to since;
older helpers wrote none, and then the clock says how old it is.

Stale: not manual, and not heard of for `ttl_s` seconds, or of the future, or taken before the board's last boot, or of
a process of which its own machine says that it is dead. A stale lock is taken over, with a line in the audit; a manual
one ends only when somebody releases it.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sage_edge.host import clock, durable, file_lock
from sage_edge.host.clock import Instant, boot_id, now_text
from sage_edge.host.errors import HOST, ExitStatus, Refusal, invoke
from sage_edge.host.helper_context import HelperContext, Request, Verb, VerbAnswer

if TYPE_CHECKING:
    import threading

TTL_S = 120
_GUARD_S = 60.0


class Lease(NamedTuple):
    """A held lock."""

    token: str
    holder: str
    host: str
    pid: int
    boot: str
    release: str | None
    since: str
    heartbeat: float
    ttl_s: int
    manual: bool
    why: str
    machine: str = ""
    awake_s: float | None = None

    def age_s(self, now: Instant) -> float:
        """Seconds since its holder was heard of."""
        timed = self.awake_s is not None
        return Instant(self.heartbeat, self.boot if timed else "", self.awake_s or 0.0).age_s(now)

    def is_stale(self, now: Instant) -> bool:
        """True if its holder is gone."""
        return not self.manual and (self.boot != now.boot or not clock.is_within(self.age_s(now), self.ttl_s))

    def described(self, now: Instant) -> str:
        """Who holds it, since when and why, for people."""
        seen = "by hand" if self.manual else f"heard of {max(0, int(self.age_s(now)))} s ago"
        return f"{self.holder} at {self.host} since {self.since} ({seen}): {self.why}"


class LockClaim(NamedTuple):
    """Who asks for the lock. machine: tells where `pid` counts; instead_of: a pid of that machine that is dead."""

    holder: str
    host: str
    pid: int
    why: str
    release: str | None = None
    manual: bool = False
    machine: str = ""
    instead_of: int | None = None

    def buries(self, lease: Lease) -> bool:
        """True if this comes from the lease's own machine, which says that its process is dead."""
        is_there = bool(self.machine) and (self.machine, self.instead_of) == (lease.machine, lease.pid)
        return is_there and not lease.manual


class BoardLock:
    """The board's deploy lock."""

    def __init__(self, path: Path, root: Path = Path("/")) -> None:
        self._path, self._root = path, root

    def held(self) -> Lease | None:
        """Return the lease that stands in the file, stale or not; None when free."""
        try:
            content = json.loads(self._path.read_text("utf-8"))
            return Lease(**{key: value for key, value in content.items() if key in Lease._fields})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, AttributeError):
            what = f"{self._path} cannot be read, so nobody knows who holds the lock"
            free = invoke("lock.release", host=HOST, yes=True)
            raise Refusal("lock-damaged", what, "once nobody deploys: ", free, code=ExitStatus.LOCKED) from None

    def acquire(self, claim: LockClaim) -> tuple[Lease, Lease | None]:
        """Return (our lease, the stale one that it replaces). Raises Refusal, exit 5, while another is alive."""
        import secrets  # milliseconds that a probe does not need

        with self._alone():
            before, now = self.held(), self._now()
            if before is not None and not (before.is_stale(now) or claim.buries(before)):
                raise Refusal(
                    "locked",
                    f"the board is locked by {before.described(now)}",
                    "wait, or if nobody deploys any more: ",
                    invoke("lock.release", host=HOST, yes=True),
                    code=ExitStatus.LOCKED,
                )
            lease = Lease(
                secrets.token_hex(8),
                claim.holder[:60],
                claim.host[:60],
                claim.pid,
                now.boot,
                claim.release,
                now_text(),
                now.wall,
                TTL_S,
                claim.manual,
                claim.why[:200],
                claim.machine[:64],
                now.awake_s,
            )
            self._write(lease)
            return lease, before

    def beat(self, token: str) -> Lease:
        """Say that the holder is alive. Raises Refusal when the lock is no longer its own."""
        with self._alone():
            lease = self.require(token)
            now = self._now()
            self._write(lease._replace(heartbeat=now.wall, awake_s=now.awake_s if lease.boot == now.boot else None))
            return lease

    @contextlib.contextmanager
    def kept(self, token: str) -> Iterator[None]:
        """Beat during the body, which may take hours. Raises Refusal, exit 5, when the lock is not of this token."""
        import threading

        self.beat(token)
        over = threading.Event()
        beating = threading.Thread(target=self._beat_until, args=(token, over), daemon=True)
        beating.start()
        try:
            yield
        finally:
            over.set()
            beating.join()

    def _beat_until(self, token: str, over: threading.Event) -> None:
        while not over.wait(TTL_S / 4):
            with contextlib.suppress(Refusal, OSError):  # whoever freed it by hand decided so; a full disk passes
                self.beat(token)

    def require(self, token: str) -> Lease:
        """Return the lease of this token. Raises Refusal, exit 5: a step without the lock is never done."""
        lease = self.held()
        if lease is None or lease.token != token:
            holder = lease.described(self._now()) if lease else "nobody"
            what = f"the lock is not ours any more; it is held by {holder}"
            raise Refusal("lock-lost", what, "run it again", code=ExitStatus.LOCKED)
        return lease

    def release(self, token: str | None) -> Lease | None:
        """Free the lock and return who held it; token None: whoever holds it (a person's decision)."""
        with self._alone():
            lease = self._whoever() if token is None else self.require(token)
            if lease is not None:
                shutil.rmtree(self._path) if self._path.is_dir() else self._path.unlink()
                durable.sync_folder(self._path.parent)
            return lease

    def _whoever(self) -> Lease | None:
        """Who holds it, also where that cannot be read any more: a person says that it is free."""
        try:
            return self.held()
        except Refusal:
            return Lease("", "nobody can say who", "?", 0, "", None, "?", 0, TTL_S, True, "its file was damaged")

    def status(self) -> Mapping[str, object] | None:
        """The lease without its token, and whether it is stale."""
        lease = self.held()
        if lease is None:
            return None
        shown = {key: value for key, value in lease._asdict().items() if key != "token"}
        return {**shown, "stale": lease.is_stale(self._now())}

    def _now(self) -> Instant:
        return clock.now(boot_id(self._root))

    def _write(self, lease: Lease) -> None:
        durable.replace(self._path, durable.canonical({"format": 1, **lease._asdict()}), 0o600)

    def _alone(self) -> contextlib.AbstractContextManager[None]:
        """Two helpers never look and write at once."""
        busy = Refusal("busy", "another call looks at the lock", "again in a moment", code=ExitStatus.LOCKED)
        return file_lock.hold(self._path.with_suffix(".guard"), _GUARD_S, busy)


def of(context: HelperContext) -> BoardLock:
    """Return the deploy lock of a board."""
    return BoardLock(context.places.lock, context.places.root)


def _status(context: HelperContext, request: Request) -> VerbAnswer:  # noqa: ARG001 - every verb has the same shape
    return {"lock": of(context).status()}


def _acquire(context: HelperContext, request: Request) -> VerbAnswer:
    claim = LockClaim(
        holder=request["holder"],
        host=request["host"],
        pid=int(request["pid"]),
        why=request["why"],
        release=request.get("release"),
        manual=bool(request.get("manual")),
        machine=str(request.get("machine", "")),
        instead_of=request.get("instead_of"),
    )
    lease, stale = of(context).acquire(claim)
    if stale is not None:
        before = f"from {stale.holder} at {stale.host}, since {stale.since}: {stale.why}"
        context.note(request, "lock-taken-over", before)
    if lease.manual:
        context.note(request, "lock-acquired", lease.why)
    return {"token": lease.token, "taken_over": stale is not None}


def _renew(context: HelperContext, request: Request) -> VerbAnswer:
    of(context).beat(str(request["token"]))
    return {"renewed": True}


def _release(context: HelperContext, request: Request) -> VerbAnswer:
    lease = of(context).release(request.get("token"))
    if lease is not None and (lease.manual or request.get("token") is None):
        context.note(request, "lock-released", f"held by {lease.holder} at {lease.host}: {lease.why}")
    return {"released": lease is not None}


VERBS: Mapping[str, Verb] = {
    "lock-status": _status,
    "lock-acquire": _acquire,
    "lock-renew": _renew,
    "lock-release": _release,
}
