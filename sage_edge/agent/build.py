"""Everything that a wake needs, put together in one value: the composition root of the agent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sage_edge.agent import slots
from sage_edge.agent.heartbeat import Heartbeat
from sage_edge.clock import Clock
from sage_edge.clock_trust import ClockTrust, ClockWatch
from sage_edge.exchange.post import Post
from sage_edge.inventory.cadence import Schedule
from sage_edge.inventory.identity import Me
from sage_edge.names import Digest, SessionId, Slug, Track
from sage_edge.paths import Paths
from sage_edge.records.transcript import Transcript
from sage_edge.records.worklog import WorklogLine
from sage_edge.sessions import build as wiring
from sage_edge.sessions.conduct import Audience
from sage_edge.sessions.run import Runner
from sage_edge.sizes import counted


@dataclass(frozen=True)
class Agent:
    """One host at work. log: gets each line for people; events: the names of what this wake has recorded so far."""

    me: Me
    paths: Paths
    post: Post
    runner: Runner
    watch: ClockWatch
    stop: threading.Event
    release: str
    log: Callable[[str], None]
    events: list[str] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        """Where the time comes from."""
        return self.watch.clock

    @property
    def heartbeat(self) -> Heartbeat:
        """The file that a health check looks at."""
        return Heartbeat(self.paths.heartbeat, self.me.host.name, self.watch, self.release)

    @property
    def schedule(self) -> Schedule:
        """When its sessions are due."""
        return self.me.fleet.schedule_of(self.me.host.name)

    @property
    def scheduled(self) -> tuple[Track, ...]:
        """The kinds of sessions that it conducts at slots."""
        return tuple(kind.name for kind in self.me.fleet.scheduled(self.me.host.name))

    def next_slot(self, trust: ClockTrust) -> datetime | None:
        """Return when its next slot starts; None for a host that conducts none, and while its clock is in doubt."""
        if trust.doubt is not None:
            return None
        return slots.following(self.schedule, self.me.host.name, self.scheduled, trust.at)

    def can(self, ability: str) -> bool:
        """Whether this host's role has an ability."""
        return ability in self.me.role.abilities

    def record(self, event: str, text: str, *, session: SessionId | None = None, about: Digest | None = None) -> None:
        """Append one event to the worklog, and log its text."""
        line = WorklogLine(
            at=self.clock.now(), host=self.me.host.name, event=Slug(event), text=text, session=session, about=about
        )
        self.post.log(line)
        self.events.append(f"{event} {session}" if session else event)
        self.log(text)

    def record_session(self, transcript: Transcript, how: str) -> None:
        """Record that a session was conducted. how: on which occasion, such as `on time` or `started by hand`."""
        head, closing = transcript.head, transcript.closing
        text = (
            f"{head.session} {closing.ending}, {counted(closing.turns, 'turn')}, {how}, under {head.intervention.name}"
        )
        self.record("session-conducted", text, session=head.session, about=transcript.seal)


def build(
    paths: Paths,
    me: Me,
    clock: Clock,
    stop: threading.Event,
    release: str,
    log: Callable[[str], None],
    audience: Audience | None,
    image: Digest | None = None,
    committed: datetime | None = None,
) -> Agent:
    """Return an agent of real parts. audience: who watches its sessions; None: nobody but a health check.

    release, image: what is running, for the head of every transcript; image None: no container, or nobody has said.
    committed: when that was committed; None: nobody has said.
    """
    mail = wiring.post(paths, me, clock)
    watch = wiring.watch(paths, me, clock, committed)
    heartbeat = Heartbeat(paths.heartbeat, me.host.name, watch, release)
    runner = wiring.runner(paths, me, mail, watch, stop, release, audience or heartbeat, image)
    return Agent(me, paths, mail, runner, watch, stop, release, log)
