"""The helper's verbs by name: JSON in, JSON out.

What a probe does not need, it does not load; that is why whatever it needs is made of named tuples: `dataclasses` takes
a quarter of a probe's time to load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sage_edge.host import lease, probe, release_store
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import HOST, ExitStatus, Refusal, invoke
from sage_edge.host.helper_context import HelperContext, Request, Verb, VerbAnswer
from sage_edge.host.machine import LocalEngine

CHANGING = (
    "provision",
    "fetch",
    "stage",
    "activate",
    "confirm",
    "rollback",
    "recover",
    "watch",
    "unpin",
    "retire",
    "prune",
    "set-aside",
)
"""The verbs of `host.commands`."""

MODELS = ("models-list", "models-receive", "models-commit", "models-prepare")
"""The verbs of `host.model_store`."""

ARCHIVE = ("backup-open", "backup-piece", "backup-close", "restore-receive", "restore-commit")
"""The verbs of `host.state_archive`."""


def real(places: Places, helper: str, log: Callable[[str], None]) -> HelperContext:
    """Return the context of a real board."""
    return HelperContext(places, LocalEngine(), helper, log)


def _probe(context: HelperContext, request: Request) -> VerbAnswer:  # noqa: ARG001 - every verb has the same shape
    return probe.facts(context.places, context.engine, context.helper)


def _releases(context: HelperContext, request: Request) -> VerbAnswer:  # noqa: ARG001
    served = list(context.journal.served())
    return {
        "current": release_store.current(context.places),
        "served": served,
        "releases": [
            {"id": short, "served": short in served, **release_store.summary(context.places, short)}
            for short in release_store.all_of(context.places)
        ],
    }


def _texts(context: HelperContext, request: Request) -> VerbAnswer:
    return {"texts": release_store.texts(context.places, release_store.read(context.places, request["release"]).short)}


def _target(context: HelperContext, request: Request) -> VerbAnswer:
    from sage_edge.host import deployment

    short = deployment.rolled_back_to(context.places, context.journal, request.get("to"))
    released = release_store.read(context.places, short)
    is_here = context.engine.image(released.image) is not None
    return {"release": short, "image": released.image, "is_here": is_here}


def _surplus(context: HelperContext, request: Request) -> VerbAnswer:  # noqa: ARG001
    from sage_edge.host import surplus

    return surplus.of(context.places, context.journal, context.engine).as_json()


def _served(context: HelperContext, request: Request) -> VerbAnswer:  # noqa: ARG001
    from sage_edge.host import served_model

    return {"served": served_model.told(context.places, context.engine)}


def _logs(context: HelperContext, request: Request) -> VerbAnswer:  # noqa: ARG001
    from sage_edge.host import logs

    return {"lines": logs.read(int(request.get("n", 100)), request.get("since"), request.get("grep"))}


def _audit(context: HelperContext, request: Request) -> VerbAnswer:
    from sage_edge.host import audit

    lines, head, wrong = audit.check(context.places.audit)
    return {
        "count": lines,
        "head": head,
        "wrong": wrong,
        "lines": audit.newest(context.places.audit, int(request.get("n", 20))),
    }


def _snapshot(context: HelperContext, request: Request) -> VerbAnswer:  # noqa: ARG001
    from sage_edge.host import snapshot

    return snapshot.take(context.places, context.engine)


LOOKING: Mapping[str, Verb] = {
    "probe": _probe,
    "releases": _releases,
    "texts": _texts,
    "surplus": _surplus,
    "rollback-target": _target,
    "served": _served,
    "logs": _logs,
    "audit": _audit,
    "snapshot": _snapshot,
}
VERBS = (*LOOKING, *lease.VERBS, *CHANGING, *MODELS, *ARCHIVE)


def answer(context: HelperContext, verb: str, request: Request) -> VerbAnswer:
    """Do what a verb says. Raises Refusal."""
    if verb not in VERBS:
        raise _misunderstood("unknown-verb", f"this helper cannot {verb!r:.40}")
    try:
        return _does(verb)(context, request)
    except (KeyError, TypeError, AttributeError, ValueError) as unfit:
        raise _misunderstood("bad-request", f"{verb}: the request is not one: {unfit!r:.200}") from None


def _does(verb: str) -> Verb:
    if verb in LOOKING:
        return LOOKING[verb]
    if verb in lease.VERBS:
        return lease.VERBS[verb]
    if verb in MODELS:
        from sage_edge.host import model_store

        return model_store.VERBS[verb]
    if verb in ARCHIVE:
        from sage_edge.host import state_archive

        return state_archive.VERBS[verb]
    from sage_edge.host import commands

    return commands.VERBS[verb]


def _misunderstood(kind: str, what: str) -> Refusal:
    return Refusal(kind, what, "renew the helper: ", invoke("provision", host=HOST), code=ExitStatus.USAGE)
