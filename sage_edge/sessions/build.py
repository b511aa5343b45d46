"""The composition root of a session: real parts, put together in one place. Importing it does nothing."""

from __future__ import annotations

import threading
from datetime import datetime

from sage_edge import curriculum
from sage_edge.clock import Clock
from sage_edge.clock_trust import ClockWatch
from sage_edge.engines import Settings, open_engine
from sage_edge.exchange import writers
from sage_edge.exchange.post import Post, Sender, Signing
from sage_edge.inventory.identity import Me
from sage_edge.models.resolve import Library
from sage_edge.names import Digest
from sage_edge.paths import Paths
from sage_edge.sessions.brief import SessionContext
from sage_edge.sessions.conduct import Audience
from sage_edge.sessions.run import Runner


def post(paths: Paths, me: Me, clock: Clock) -> Post:
    """Return this host's post, not yet opened."""
    sender = Sender(me.host.name, writers.folders(me.fleet), Signing(me.fleet.signers, paths.key))
    return Post(paths.papers, paths.exchange, paths.locks, me.fleet.remote, sender, clock)


def watch(paths: Paths, me: Me, clock: Clock, committed: datetime | None) -> ClockWatch:
    """Return what says whether this host's clock may be believed. committed: when what runs here was committed."""
    return ClockWatch(clock, me.fleet.clock_bounds(me.host.name, committed, clock.floor), paths.clock)


def runner(
    paths: Paths,
    me: Me,
    mail: Post,
    watched: ClockWatch,
    stop: threading.Event,
    release: str,
    audience: Audience | None,
    image: Digest | None = None,
) -> Runner:
    """Return this host's session runner; model and engine are loaded when the first session needs them."""

    def make() -> SessionContext:
        return make_context(paths, me, mail, watched, release, image)

    return Runner(paths.journals, paths.locks / "session.lock", make, paths.papers, stop, audience)


def make_context(
    paths: Paths, me: Me, mail: Post, watched: ClockWatch, release: str, image: Digest | None = None
) -> SessionContext:
    """Return a session's context with the declared model loaded. Raises every ModelError and EngineError there is."""
    host = me.host
    if host.model is None or host.engine is None:
        raise RuntimeError("a host that may conduct is declared with a model and an engine")
    declared = host.engine
    settings = Settings(
        declared.context_tokens, declared.batch_tokens, declared.threads, declared.gpu_layers, declared.options
    )
    lessons = curriculum.load(paths.fleet)
    library = Library(paths.fleet, paths.models)
    model = library.resolve(host.model, memory_bytes=me.facts.memory_bytes)
    engine = open_engine(declared.kind, settings)
    engine.load(model)
    return SessionContext(me, lessons, mail, paths.papers, model, engine, settings, watched, release, image)
