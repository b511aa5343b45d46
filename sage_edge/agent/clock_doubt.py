"""A clock that is not to be believed: it ends no work, and is told in four places.

Wake.problems       the status page, which names the doubt by itself, too
the heartbeat       which `invoke verify` reads through the board's helper
the worklog         one line when the doubt begins, one when it is over; none in between
the log             at every wake
"""

from __future__ import annotations

import contextlib

from sage_edge import files, hints
from sage_edge.agent.build import Agent
from sage_edge.agent.steps.base import Wake
from sage_edge.clock_trust import REMEDY, ClockTrust
from sage_edge.records import paper_paths
from sage_edge.records.base import parse
from sage_edge.records.worklog import Status

BEGINS, OVER, TRUSTED = "clock-in-doubt", "clock-well", "clock-trusted"
_LARGEST = 1 << 20


def note(agent: Agent, wake: Wake) -> ClockTrust:
    """Look at the clock, remember it, and take down a doubt. Nothing that cannot be undone is done while it lasts."""
    page = _page(agent)
    if page is not None and page.clock_newest is not None:
        agent.watch.recall(page.clock_newest)  # of a state folder that was lost and came back from the exchange
    trust = agent.watch.note()
    was_in_doubt = page is not None and page.clock_doubt is not None
    if trust.doubt is not None:
        sentence = f"the clock is in doubt: {trust.doubt}"
        wake.problems.append(sentence)
        if was_in_doubt:
            agent.log(sentence)
        else:
            agent.record(BEGINS, f"{sentence}; no slot is served and nothing expires until it is right")
            agent.log(hints.text(REMEDY))
    elif was_in_doubt:
        agent.record(OVER, "the clock may be believed again")
    return trust


def end(agent: Agent, because: str) -> bool:
    """Believe the clock from now on, as a person says, and record why; False: it was believed already.

    Raises ClockImpossible, StorageError, Locked.
    """
    before = agent.watch.look()
    if before.doubt is None:
        return False
    agent.watch.trust()
    agent.record(TRUSTED, f"a person calls the clock right, although {before.doubt}: {because}")
    return True


def _page(agent: Agent) -> Status | None:
    """The status page that this host wrote last; None without one that can be read."""
    with contextlib.suppress(OSError, ValueError):
        return parse(Status, files.read(agent.paths.papers / paper_paths.STATUS, at_most=_LARGEST))
    return None
