"""Troubles of the exchange: they end no work, and are told in four places.

Wake.trouble        the exit code of `agent once`
Wake.problems       the status page, which says so on this host even while the hub cannot be told
the worklog         one line when a kind of trouble begins, one when all is well again; none in between
the log             at every wake
"""

from __future__ import annotations

from sage_edge import sanitize
from sage_edge.agent.build import Agent
from sage_edge.agent.steps.base import Wake
from sage_edge.errors import HubRefused, Locked, SageError, StorageError, Unreachable
from sage_edge.exchange import papers
from sage_edge.records import paper_paths

OVER = "exchange-well"
_EVENTS: tuple[tuple[type[SageError], str], ...] = (
    (Unreachable, "exchange-away"),
    (HubRefused, "exchange-refused"),
    (Locked, "exchange-busy"),
    (StorageError, "exchange-unwritable"),
    (SageError, "exchange-broken"),
)
_MARK = b'"event":"exchange-'
_MONTHS = 2
_TOLD = 5


def note(agent: Agent, wake: Wake, trouble: SageError) -> None:
    """Take a trouble down. Papers wait on this host, and the steps that need no hub go on.

    A wake's first trouble is its own; what it leads to, such as a push that is refused, is a problem and no more.
    """
    first, wake.trouble = wake.trouble is None, wake.trouble or trouble
    if trouble.message not in wake.problems:
        wake.problems.append(trouble.message)
    event = next(event for kind, event in _EVENTS if isinstance(trouble, kind))
    if first and _last(agent) != event:
        agent.record(event, f"work goes on without the exchange: {trouble.message}")
    else:
        agent.log(f"without the exchange: {trouble.message}")


def note_strange(agent: Agent, wake: Wake) -> None:
    """Say what lies among the papers and is none: it is left where it is, and goes nowhere."""
    strange = agent.post.strange()
    for what in strange[:_TOLD]:
        wake.problems.append(f"not a paper, so not published: {sanitize.one_line(what)}")
    if len(strange) > _TOLD:
        wake.problems.append(f"and {len(strange) - _TOLD} more that are no papers")


def note_over(agent: Agent) -> None:
    """Say in the worklog that the exchange is well, if the last that it says is a trouble."""
    if _last(agent) not in (None, OVER):
        agent.record(OVER, "the exchange answers, and has everything")


def note_repairs(agent: Agent) -> None:
    """Say in the worklog that the clone was damaged and is made anew."""
    for repair in agent.post.take_repairs():
        agent.record("clone-rebuilt", repair)


def _last(agent: Agent) -> str | None:
    """Return the last event of ours in the worklog of this month or the one before it."""
    for name in reversed(papers.names(agent.paths.papers, paper_paths.WORKLOG)[-_MONTHS:]):
        for line in reversed((agent.paths.papers / name).read_bytes().splitlines()):
            if _MARK in line:
                return line.partition(b'"event":"')[2].partition(b'"')[0].decode()
    return None
