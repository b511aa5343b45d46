"""Repairs of a branch: what its host says of commits that somebody else has put there, and which of it may be believed.

Part of the hub's program (see hub_program): standard library only, Python 3.9 or later.

A hub only ever goes forward, so foreign commits stay. The host adds one commit behind them whose tree is its own again:

    … ── good ── F1 ── F2 ── repair ── …       the repair's tree stands on good's, as if F1 and F2 were not there

    sprout: 2 commits are not sprout's

    Sage-Repair: <good or `start`> <F2>
    Sage-Host: sprout

and the tree holds `repairs/<12 hex of F2>.json`, which says the same, with the reason (records.worklog.Repair). Readers
then pass over what lies behind `good` up to F2, and hold the repair against `good`. Two rules of its own:

    repair        it is not made as above
    repudiated    it takes back what its reader has believed: a person decides (`sage-edge exchange trust`)
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sage_edge.exchange.rules import BranchChange, Breach, Git, Revision

FOLDER = "repairs"
START = "start"

_LINE = re.compile(r"Sage-Repair: (start|[0-9a-f]{40}) ([0-9a-f]{40})")


@dataclass(frozen=True)
class ForeignRange:
    """What one repair passes over. good: the last commit before it, None: the branch begins with it; last: its end."""

    good: str | None
    last: str

    @property
    def record(self) -> str:
        """The path of the record that stands with the repair."""
        return f"{FOLDER}/{self.last[:12]}.json"

    @property
    def line(self) -> str:
        """The line of the repair's message."""
        return f"Sage-Repair: {self.good or START} {self.last}"


@dataclass(frozen=True)
class Repairs:
    """What the repairs among some commits come to.

    passed_over: commits that count as if they were not there. ranges: repair → what it passes over.
    breach: the first repair that may not be; taken_back: what it passes over, where it is `repudiated`.
    """

    passed_over: frozenset[str] = frozenset()
    ranges: Mapping[str, ForeignRange] = field(default_factory=dict)
    breach: Breach | None = None
    taken_back: ForeignRange | None = None

    def base(self, revision: Revision) -> str | None:
        """The commit against which a commit counts: for a repair the last good one, else its parent."""
        if revision.commit in self.ranges:
            return self.ranges[revision.commit].good
        return revision.parents[0] if revision.parents else None


def range_of(revision: Revision) -> ForeignRange | None:
    """What a commit says to pass over; None: it is no repair."""
    lines = revision.message.rstrip("\n").split("\n")
    match = _LINE.fullmatch(lines[-2]) if len(lines) > 1 else None
    return ForeignRange(None if match[1] == START else match[1], match[2]) if match else None


def read(git: Git, revisions: Sequence[Revision], old: str | None) -> Repairs:
    """Return what the repairs among new commits come to. revisions: the oldest first; old: what they stand on.

    The newest repair counts first: what it passes over may hold what looks like one.
    """
    known = {revision.commit for revision in revisions}
    passed_over: set[str] = set()
    ranges: dict[str, ForeignRange] = {}
    for revision in reversed(revisions):
        foreign = None if revision.commit in passed_over else range_of(revision)
        if foreign is None:
            continue
        if revision.parents != (foreign.last,) or foreign.good == foreign.last:
            return Repairs(breach=Breach(revision.commit, "repair", "it does not stand on what it passes over"))
        within = _between(git, foreign)
        if old in within or not (foreign.good == old or foreign.good in known):
            what = f"it takes back what was believed, from {(foreign.good or START)[:12]} on"
            return Repairs(breach=Breach(revision.commit, "repudiated", what), taken_back=foreign)
        passed_over |= within
        ranges[revision.commit] = foreign
    return Repairs(frozenset(passed_over), ranges)


def breach_of_record(git: Git, commit: str, foreign: ForeignRange, changed: Sequence[BranchChange]) -> Breach | None:
    """Return what is wrong with the record that a repair brings along, if anything."""
    added = [change for change in changed if change.path == foreign.record and change.status == "A"]
    try:
        content = json.loads(git(["cat-file", "blob", added[0].new], b""))
        named = (content["good"], content["foreign"])
    except (IndexError, ValueError, KeyError, TypeError):
        return Breach(commit, "repair", f"it has no {foreign.record} that can be read")
    if named != (foreign.good, foreign.last):
        return Breach(commit, "repair", f"{foreign.record} names another range than its message")
    return None


def _between(git: Git, foreign: ForeignRange) -> set[str]:
    """The commits that are passed over: all that is at or below the last one and not at or below the good one."""
    words = ["rev-list", foreign.last, *([f"^{foreign.good}"] if foreign.good else [])]
    return set(git(words, b"").decode("ascii").split())
