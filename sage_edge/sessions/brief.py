"""The head of a session: everything that is settled before its first question, and written down first."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sage_edge.clock import Clock
from sage_edge.clock_trust import ClockWatch
from sage_edge.curriculum import Curriculum
from sage_edge.engines import Engine, Settings
from sage_edge.exchange.post import Post
from sage_edge.inventory.identity import Me
from sage_edge.inventory.session_kinds import SessionKind
from sage_edge.models.resolve import ResolvedModel
from sage_edge.names import FIRST_LETTERS, Digest, SessionId
from sage_edge.records.transcript import EngineId, Head, ModelId, Slot, Transcript
from sage_edge.sampling import seed_of
from sage_edge.sessions import archive, interventions
from sage_edge.sessions.intervened_lesson import lesson_under

_LOOK_BACK = 5
"""Transcripts in which earlier words are looked for."""


@dataclass(frozen=True)
class SessionContext:
    """What every session of a host needs: who it is, its lessons, model and engine, and the release.

    image: the image around this process by its id; None: no container, or nobody has said which.
    """

    me: Me
    curriculum: Curriculum
    post: Post
    papers: Path
    model: ResolvedModel
    engine: Engine
    settings: Settings
    watch: ClockWatch
    release: str
    image: Digest | None = None

    @property
    def clock(self) -> Clock:
        """Where the time comes from."""
        return self.watch.clock


def head(context: SessionContext, session: SessionId, slot: Slot | None) -> Head:
    """Return the head of a new session. Its seed follows from host, session and curriculum."""
    me, trust = context.me, context.watch.look()
    kind = me.fleet.kinds.of(session)
    if me.host.mind is None or me.host.sampling is None:
        raise RuntimeError("a host that may conduct is declared with a mind and its sampling")
    chosen, place = interventions.in_force(context.post, me, context.curriculum, kind, session, trust)
    seed = seed_of(f"{me.host.name}/{session}/{context.curriculum.digest}")
    return Head(
        session=session,
        kind=None if kind.name in FIRST_LETTERS else kind.name,
        host=me.host.name,
        role=me.role.name,
        mind=me.host.mind,
        board=me.board.name,
        release=context.release,
        image=context.image,
        model=ModelId(ref=context.model.ref, digest=context.model.digest),
        engine=EngineId(
            name=context.engine.name, version=context.engine.version, settings=dict(context.settings.as_json())
        ),
        sampling=me.host.sampling,
        seed=seed,
        intervention=chosen,
        lesson=lesson_under(chosen, context.curriculum, kind, session, _recent(context, kind), seed),
        slot=slot,
        started=trust.at,
        time_source=context.clock.source,
        trial=place,
    )


def _recent(context: SessionContext, kind: SessionKind) -> tuple[Transcript, ...]:
    """The newest sessions of the kind that this one remembers."""
    earlier = archive.newest_first(context.papers, kind.remembers) if kind.remembers else iter(())
    return tuple(islice(earlier, _LOOK_BACK))
