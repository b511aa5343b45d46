"""The workstation as a host of the fleet: its own branch of the exchange, and the acts of the person who sits at it.

.sage/desk/<overlay>/papers/         the desk's branch as files; `fleet` where no overlay is laid over
.sage/desk/<overlay>/exchange.git    its clone
.sage/desk/<overlay>/locks/
"""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sage_edge.agent import directed, directives
from sage_edge.agent.directives import DirectedPapers
from sage_edge.cli.environment import log_of, paths
from sage_edge.clock import Clock, SystemClock
from sage_edge.errors import Unreachable, UsageError
from sage_edge.exchange import hub_address, writers
from sage_edge.exchange.post import Post, Sender, Signing
from sage_edge.hints import sage
from sage_edge.inventory import guard, host_card
from sage_edge.inventory.fleet import Fleet
from sage_edge.names import HostName, Slug
from sage_edge.records.directive import DirectedAct, Directive
from sage_edge.records.worklog import WorklogLine
from sage_edge.remote.ssh import config
from sage_edge.workstation import operator_key
from sage_edge.workstation.context import FleetContext


@dataclass(frozen=True)
class Desk:
    """Who a person here speaks as, and that host's post."""

    host: HostName
    fleet: Fleet
    post: Post
    clock: Clock

    def look(self) -> None:
        """Fetch what the others wrote and send what waits; without the hub, go on with what is here.

        What a killed command left behind gets its commit before anything new, so that each act has one of its own.
        Raises Unreachable as long as the hub was never heard.
        """
        self.post.open()
        try:
            self.post.receive()
        except Unreachable as away:
            if not self.post.known():
                raise
            log_of(self.host)(f"working with what was last heard: {away.message}")
        with contextlib.suppress(Unreachable):  # it is told already, and the commit is made
            self.post.publish("what waited", attempts=1)

    def papers(self, host: HostName) -> DirectedPapers:
        """Return what is known here of a host's directives and recommendations; what cannot be read is told."""
        problems: list[str] = []
        known = directed.papers(self.post, self.fleet, host, problems)
        for problem in problems:
            log_of(self.host)(problem)
        return known

    def direct(self, to: HostName, act: DirectedAct, because: str, deadline: datetime | None) -> Directive:
        """Keep a directive on the desk's own branch, and return it. Raises NotMyRole."""
        guard.allow(self.fleet, self.host, "direct")
        now = self.clock.now()
        directive = Directive(author=self.host, to=to, act=act, because=because, created=now, deadline=deadline)
        self.post.put(directive)
        text = f"to {to}: {act.kind}, directive {directive.fingerprint().short}"
        line = WorklogLine(
            at=now, host=self.host, event=Slug("directive-given"), text=text, about=directive.fingerprint()
        )
        self.post.log(line)
        return directive

    def publish(self, summary: str) -> None:
        """Send what waits here. Raises Unreachable; then it goes out with the desk's next act."""
        self.post.publish(summary, attempts=2)


def of(here: FleetContext) -> Desk:
    """Return the desk of a fleet. Raises UsageError where nothing says which host a person here speaks as."""
    host, fleet = _whose(here.fleet), here.fleet
    own, clock = place(here), SystemClock()
    post = Post(
        own / "papers",
        own / "exchange.git",
        own / "locks",
        fleet.remote,
        Sender(host, writers.folders(fleet), Signing(fleet.signers, operator_key.path(fleet))),
        clock,
        ssh=shlex.join(config.ssh(here.addresses)) if hub_address.over_ssh(fleet.remote) else "",
    )
    return Desk(host, fleet, post, clock)


def place(here: FleetContext) -> Path:
    """The folder of a fleet's desk, there or not."""
    return here.root / ".sage" / "desk" / (here.fleet.overlay or "fleet")


def _whose(fleet: Fleet) -> HostName:
    card = host_card.read(paths().card)
    if card is not None and card.host in fleet.hosts and directives.is_persons(fleet, card.host):
        return card.host
    persons = [host.name for _, host in sorted(fleet.hosts.items()) if directives.is_persons(fleet, host.name)]
    if len(persons) == 1:
        return persons[0]
    known = ", ".join(persons) or "none"
    raise UsageError(
        f"a person here speaks as a host whose role may direct and deploy; there are: {known}",
        hint=("say which in this machine's card, or declare one: ", sage("fleet show")),
    )
