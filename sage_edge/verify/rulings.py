"""A question, what is expected of the answer, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from sage_edge.verify.expect_wants import Found, Wants, said

Kind = Literal[
    "helper",     # the version of the helper on the board
    "board",      # every sentence in which what is measured contradicts the board's card
    "group",      # a group's number
    "user",       # a user's numbers, as uid:gid
    "groups",     # the groups that a user is in
    "place",      # mode and owner of a file or folder, as 0750 10001:10001
    "text",       # sha256:… of a file
    "card",       # what the host card claims, as key: value; key: value
    "secrets",    # secrets that anybody may read
    "unit",       # whether systemd starts a unit at boot: enabled, disabled
    "engine",     # the Docker engine's version
    "compose",    # where Compose is
    "runtimes",   # the engine's runtimes
    "release",    # sha256:… of the current release.json
    "journal",    # the state of the newest deployment
    "settled",    # the release that the journal says serves
    "status",     # of the agent's container
    "health",     # of the agent's container
    "image",      # the id of the image that the agent runs
    "serves",     # the release that the agent's container was started for
    "runs-as",    # the user in the agent's container
    "label",      # a label of the image that the agent runs
    "manifest",   # the digest of a model's manifest in the store
    "blobs",      # every file that a listing in the store names and the store does not hold in its length
    "heartbeat",  # seconds since the agent's last one
    "wakes",      # why the agent's last wake failed; nothing: it did not
    "offset",     # seconds by which the board's clock is ahead of ours
    "kept",       # whether something keeps the clock in step: yes, no
    "disk",       # free bytes
    "memory",     # available bytes
    "exchange",   # whether the agent's container reaches the exchange: answers, or what git says
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)

SLOW = frozenset({"exchange"})
"""Kinds that one probe does not answer: they reach out to other machines."""


@dataclass(frozen=True)
class Question:
    """What can be asked of a host. of: which one, where a kind has many."""

    kind: Kind
    of: str = ""


@dataclass(frozen=True)
class Ruling:
    """What came of one check. remedy: what to do, empty where it holds."""

    check: str
    expected: str
    found: str
    holds: bool
    remedy: str = ""


@dataclass(frozen=True)
class Expectation:
    """What must be true. check: its name, unique for a host; remedy: what to do where it is not so."""

    check: str
    question: Question
    wants: Wants
    remedy: str

    @property
    def is_quick(self) -> bool:
        """Whether one probe answers it."""
        return self.question.kind not in SLOW

    def judge(self, found: Found) -> Ruling:
        """Hold what was found against what is expected."""
        holds = self.wants.holds(found)
        return Ruling(self.check, str(self.wants), self.wants.tell(found), holds, "" if holds else self.remedy)

    def unasked(self, why: str, remedy: str = "") -> Ruling:
        """The ruling where nobody could find out: not knowing is not holding. remedy: another one than its own."""
        return Ruling(self.check, str(self.wants), f"{said(None)}: {why}", False, remedy or self.remedy)
