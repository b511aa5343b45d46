"""The agent's composition root: one value that holds everything a wake needs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sage_edge.clock import Clock
from sage_edge.exchange.post import Post
from sage_edge.inventory.identity import Me
from sage_edge.names import Digest, SessionId, Slug
from sage_edge.paths import Paths
from sage_edge.records.diary import WorklogLine
from sage_edge.sessions import wiring
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
    paths: Paths, me: Me, clock: Clock, stop: threading.Event, release: str, tell: Tell, audience: Audience | None
) -> Agent:
    """Return an agent of real parts."""
    mail = wiring.post(paths, me, clock)
    runner = wiring.runner(paths, me, mail, clock, stop, release, audience)
    return Agent(me, paths, mail, runner, clock, stop, release, tell)
