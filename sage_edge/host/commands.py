"""The verbs that change the board."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from sage_edge.host import (
    audit,
    client_alive,
    deployment,
    file_lock,
    lease,
    permit,
    release_store,
    retirement,
    surplus,
)
from sage_edge.host.deployment import Deployment, DeployTimeouts
from sage_edge.host.errors import HOST, ExitStatus, Refusal, invoke
from sage_edge.host.helper_context import HelperContext, Request, Verb, VerbAnswer
from sage_edge.host.journal import JournalEntry
from sage_edge.host.service import Docker

_WAIT_S, _PATIENT_S = 120.0, 3600.0
"""How long to wait for another helper that works: for a person who looks on, and for a timer."""


@contextlib.contextmanager
def _deploying(context: HelperContext, token: str | None = None, wait_s: float = _WAIT_S) -> Iterator[Deployment]:
    """Drive deployments, alone on this board. token: of the lock without which nothing is switched.

    Raises Refusal, exit 5, for a lock that is not of this token, and while another helper works.
    """

    lock = lease.of(context)

    def check_cancelled() -> None:
        if token is not None:
            lock.require(token)
            client_alive.require_client()

    with contextlib.ExitStack() as held:
        audit.require(context.places.audit)
        if token is not None:
            held.enter_context(lock.kept(token))
        held.enter_context(_alone(context, wait_s))
        yield Deployment(
            context.places,
            context.journal,
            Docker(context.places, context.engine),
            context.log,
            check_cancelled,
            lambda released, kind: permit.require(context.places, released, served=kind == "rollback"),
        )


def _alone(context: HelperContext, wait_s: float) -> contextlib.AbstractContextManager[None]:
    """Be the only helper that changes this board, together with the programs that it starts.

    A `docker compose` that outlives a killed helper keeps the next one waiting. The deploy lock (`lease`) says which
    person may change the board, this which process does: timer and boot hold no deploy lock.
    """
    busy = Refusal(
        "busy",
        "the board still does what an earlier call began",
        "wait, then the same again; what it does: ",
        invoke("status", host=HOST),
        code=ExitStatus.LOCKED,
    )
    waiting = "the board still does what an earlier call began; waiting for its end"
    return file_lock.hold(context.places.guard, wait_s, busy, inherited=True, on_wait=lambda: context.log(waiting))


def _provision(context: HelperContext, request: Request) -> VerbAnswer:
    from sage_edge.host import provision  # compiled at each call, as all of a zipapp: only where it is needed

    done = provision.apply(context.places, request["steps"], context.log)
    changed = [step["step"] for step in done if step["changed"]]
    if changed:
        context.note(request, "provision", ", ".join(map(str, changed)))
    return {"steps": done}


def _fetch(context: HelperContext, request: Request) -> VerbAnswer:
    wanted = release_store.parse(request["release"].encode("utf-8"), tuple(request["image_from"]))
    with _deploying(context, request["token"]) as deploying:
        deploying.fetch(wanted)
    return {"audit": context.note(request, "fetch", f"image {release_store.twelve(wanted.image)}")}


def _stage(context: HelperContext, request: Request) -> VerbAnswer:
    wanted = release_store.parse(request["files"]["release.json"].encode("utf-8"), tuple(request["image_from"]))
    with _deploying(context, request["token"]) as deploying:
        signed = permit.admit(context.places, wanted, request.get("permit"), request["files"])
        entry = deploying.stage(wanted, request["files"])
    return _entered(context, request, "stage", entry, signed)


def _activate(context: HelperContext, request: Request) -> VerbAnswer:
    with _deploying(context, request["token"]) as deploying:
        entry, canary = deploying.activate(_patience(request))
    return {**_entered(context, request, "activate", entry), "canary": canary, "running": _running(context)}


def _confirm(context: HelperContext, request: Request) -> VerbAnswer:
    deployment.waiting(context.journal, request["release"])  # the timer may have freed the lock with the release
    with _deploying(context, request["token"]) as deploying:
        entry = deploying.confirm(request["release"])
        pruned = surplus.tidy(context.places, context.journal, context.engine)
    reply = {**_entered(context, request, "confirm", entry), "running": _running(context)}
    if pruned is not None:
        _note_pruned(context, request, pruned)
    return reply


def _rollback(context: HelperContext, request: Request) -> VerbAnswer:
    with _deploying(context, request["token"]) as deploying:
        entry, canary = deploying.rollback(request.get("to"), _patience(request))
    return {**_entered(context, request, "rollback", entry), "canary": canary, "running": _running(context)}


def _recover(context: HelperContext, request: Request) -> VerbAnswer:
    by_itself = request.get("who") is None  # boot or timer, which nobody waits for
    with _deploying(context, wait_s=_PATIENT_S if by_itself else _WAIT_S) as deploying:
        entry = deploying.recover(str(request.get("because", "asked to")))
        if entry is not None and by_itself:
            _free(context, request, entry)
    return _entered(context, request, "recover", entry) if entry else {"entry": None}


def _retire(context: HelperContext, request: Request) -> VerbAnswer:
    """{"token", "cut"} → {"at", "who"}: nothing of ours runs any more, and nothing starts it (host.retirement).

    cut: a wake that goes on is not waited for.
    """
    from sage_edge.host import state_archive

    again = invoke("retire", host=HOST, when="now", yes=True)
    wakes = state_archive.between_wakes(context, "to cut it off: ", again)
    with _deploying(context, request["token"]) as deploying, contextlib.nullcontext() if request["cut"] else wakes:
        docker = Docker(context.places, context.engine)
        mark, fresh = retirement.retire(
            context.places, str(request["who"]), docker, lambda: deploying.recover("the board is retired")
        )
    if fresh:
        context.note(request, "retire", "its agent was stopped for good; the next deploy or provision lifts it")
    return mark._asdict()


def _watch(context: HelperContext, request: Request) -> VerbAnswer:
    from sage_edge.host import watch

    try:
        with _deploying(context, wait_s=0) as deploying:

            def recover() -> VerbAnswer:
                entry = deploying.recover("watch")
                return _entered(context, request, "recover", entry) if entry else {"entry": None}

            return watch.look(context, request, recover)
    except Refusal as refused:
        if refused.kind == "busy":  # somebody works on the board; the next look is soon
            return {"did": "nothing"}
        raise


def _free(context: HelperContext, request: Request, entry: JournalEntry) -> None:
    """Free the lock under which a deployment was begun that is over now; one that was taken since stays."""
    began = next(line.at for line in context.journal.entries() if line.deployment == entry.deployment)
    lock = lease.of(context)
    held = lock.held()
    if held is not None and not held.manual and held.since <= began:
        lock.release(held.token)
        context.note(request, "lock-released", f"its deployment is over; held by {held.holder} at {held.host}")


def _set_aside(context: HelperContext, request: Request) -> VerbAnswer:
    with _deploying(context, request["token"]):
        name = context.journal.set_aside()
        if name is not None:
            context.note(request, "journal-set-aside", f"it could not be read; kept as {name}")
    return {"aside": name}


def _prune(context: HelperContext, request: Request) -> VerbAnswer:
    with _deploying(context, request["token"]):
        pruned = surplus.remove(context.places, surplus.of(context.places, context.journal, context.engine))
    _note_pruned(context, request, pruned)
    return pruned.as_json()


def _note_pruned(context: HelperContext, request: Request, pruned: surplus.Surplus) -> None:
    images = ", ".join(map(release_store.twelve, pruned.images)) or "none"
    context.note(request, "prune", f"releases {', '.join(pruned.releases) or 'none'}; images {images}")


def _unpin(context: HelperContext, request: Request) -> VerbAnswer:
    with _deploying(context, request["token"]):
        entry = context.journal.unpin(request["release"])
    return _entered(context, request, "unpin", entry)


def _entered(
    context: HelperContext, request: Request, action: str, entry: JournalEntry, signed: str = ""
) -> VerbAnswer:
    head = context.note(request, action, f"{entry.kind} {entry.release}: {entry.state}{signed and f', {signed}'}")
    return {"entry": entry._asdict(), "audit": head}


def _running(context: HelperContext) -> VerbAnswer | None:
    now = Docker(context.places, context.engine).running()
    return asdict(now) if now else None


def _patience(request: Request) -> DeployTimeouts:
    return DeployTimeouts(**{key: request[key] for key in ("session_s", "health_s", "revert_s", "cut")})


VERBS: Mapping[str, Verb] = {
    "provision": _provision,
    "fetch": _fetch,
    "stage": _stage,
    "activate": _activate,
    "confirm": _confirm,
    "rollback": _rollback,
    "recover": _recover,
    "watch": _watch,
    "unpin": _unpin,
    "retire": _retire,
    "prune": _prune,
    "set-aside": _set_aside,
}
