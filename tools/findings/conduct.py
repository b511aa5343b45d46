"""Conduct an arm's sessions with the product's own runner, so that each one comes out the same whenever it is run.

Three things would make a session depend on what happened around it, and are kept out: the clock is set to the hour of
its number; its engine is opened for it alone; and a session that was cut off is begun anew, because going on would read
its talk in other batches, and the last digits of the model's numbers with them.

The intervention comes as it comes on a board: the researcher recommends it, the practitioner's policy accepts it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from sage_edge import curriculum, locks
from sage_edge.agent import by_hand
from sage_edge.agent.steps import decide
from sage_edge.agent.steps.base import Wake
from sage_edge.curriculum import check_parameters
from sage_edge.inventory.session_kinds import SessionKind
from sage_edge.names import SessionId, Slug
from sage_edge.records.study import Prediction, Recommendation
from sage_edge.sessions import archive
from sage_edge.sessions.journal import Journal, numbers
from tools.findings.design import HOST, OBSERVE, RESEARCHER, TRACK, newest
from tools.findings.world import START, World

Log = Callable[[str], None]
_VALID = timedelta(days=3650)


def conduct(world: World, sessions: int, stop: threading.Event, release: str, log: Log) -> None:
    """Conduct what an arm lacks of its sessions. Raises SessionInterrupted, every ModelError and EngineError there is.

    Killed at any moment and called again, it goes on with the first session that is not finished. Raises Locked while
    another process conducts this arm.
    """
    with locks.hold(world.paths(HOST).locks / "agent.lock", world.arm.name):
        _conduct(world, sessions, stop, release, log)


def _conduct(world: World, sessions: int, stop: threading.Event, release: str, log: Log) -> None:
    me = world.me(HOST)
    kind = me.fleet.kinds.named(TRACK)
    _begin_anew(world, kind)
    held = len(archive.sessions(world.paths(HOST).papers, TRACK))
    if held < sessions and world.arm.intervention != OBSERVE:
        _recommend(world, kind, sessions, stop, release, log)
    while held < sessions:
        agent = world.agent(me, held + 1, stop, release, _quiet)
        agent.post.open()
        if not agent.post.known():
            agent.post.receive()
        began = time.monotonic()
        (transcript,) = by_hand.conduct(agent, kind)
        agent.runner.context().engine.close()
        held = len(archive.sessions(world.paths(HOST).papers, TRACK))
        took = time.monotonic() - began
        log(f"{world.arm.name}: {transcript.session} of {sessions}, {transcript.closing.ending}, {took:.1f} s")


def _quiet(text: str) -> None:
    """Of a session one line is enough, and `conduct` writes it."""


def _begin_anew(world: World, kind: SessionKind) -> None:
    """Take away the journal of a session that was cut off: in a study it is to be asked as a whole."""
    folder = world.paths(HOST).journals
    for session in numbers(folder):
        journal = Journal(folder, session)
        if session.letter == kind.letter and journal.read().closing is None:
            journal.path.unlink()


def _recommend(world: World, kind: SessionKind, sessions: int, stop: threading.Event, release: str, log: Log) -> None:
    """Let the researcher recommend the arm's intervention for all its sessions, and the practitioner decide."""
    author = world.agent(world.me(RESEARCHER), 1, stop, release, log)
    author.post.open()
    author.post.receive()
    author.post.put(_recommendation(world, kind, sessions))
    author.post.publish("the study's intervention", stop=stop)
    addressee = world.agent(world.me(HOST), 1, stop, release, log)
    addressee.post.open()
    addressee.post.receive()
    for action in decide.STEP.actions(addressee, Wake()):
        if action.run is not None:
            action.run()


def _recommendation(world: World, kind: SessionKind, sessions: int) -> Recommendation:
    lessons, me = curriculum.load(world.fleet), world.me(HOST)
    card = next(card for card in reversed(lessons.interventions) if card.name == world.arm.intervention)
    given = {"name": me.host.mind} if "name" in card.parameters else {}
    naming = newest("identity")
    return Recommendation(
        author=RESEARCHER,
        to=HOST,
        track=kind.name,
        first=SessionId.of(kind.letter, 1),
        last=SessionId.of(kind.letter, sessions),
        intervention=card.name,
        intervention_version=card.version,
        parameters=check_parameters(card, given),
        prediction=Prediction(
            scorer=naming.id, version=naming.version, comparison="at-least", value=0.3, sessions=1, minimum_n=5
        ),
        rule=Slug("first-findings"),
        because=(),
        based_on=(),
        created=START - timedelta(days=1),
        valid_until=START + _VALID,
    )
