"""The agent's composition root: one value that holds everything a wake needs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sage_edge.agent.heartbeat import Heart
from sage_edge.clock import Clock
from sage_edge.exchange.post import Post
from sage_edge.inventory.identity import Me
from sage_edge.names import Digest, SessionId, Slug
from sage_edge.paths import Paths
from sage_edge.records.worklog import WorklogLine
from sage_edge.sessions import build as wiring
from sage_edge.sessions.conduct import Audience
from sage_edge.sessions.run import Runner

Tell = Callable[[str], None]
"""Where one line for people goes."""


@dataclass(frozen=True)
class Agent:
    """One host at work. `tell` hears each action once; `actions` names those of the current wake, in short."""

    me: Me
    paths: Paths
    post: Post
    runner: Runner
    clock: Clock
    stop: threading.Event
    release: str
    tell: Tell
    actions: list[str] = field(default_factory=list)

    @property
    def heart(self) -> Heart:
        """What a health check looks at."""
        return Heart(self.paths.heartbeat, self.me.host.name, self.clock)

    def can(self, ability: str) -> bool:
        """Whether this host's role has an ability."""
        return ability in self.me.role.abilities

    def log(self, event: str, text: str, *, session: SessionId | None = None, about: Digest | None = None) -> None:
        """Append one action to the worklog, and tell it."""
        line = WorklogLine(
            at=self.clock.now(), host=self.me.host.name, event=Slug(event), text=text, session=session, about=about
        )
        self.post.log(line)
        self.actions.append(f"{event} {session}" if session else event)
        self.tell(text)


def build(
    paths: Paths, me: Me, clock: Clock, stop: threading.Event, release: str, tell: Tell, audience: Audience | None,
    image: Digest | None = None,
) -> Agent:  # fmt: skip
    """Return an agent of real parts. audience: who watches its sessions; None: nobody but a health check.

    release, image: what is running, for the head of every transcript; image None: no container, or nobody has said.
    """
    mail = wiring.post(paths, me, clock)
    heart = Heart(paths.heartbeat, me.host.name, clock)
    runner = wiring.runner(paths, me, mail, clock, stop, release, audience or heart, image)
    return Agent(me, paths, mail, runner, clock, stop, release, tell)
