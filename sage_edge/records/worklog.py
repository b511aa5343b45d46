"""A host's worklog lines (append-only), its status page (replaced) and the quarantine of others' branches."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from sage_edge.clock import TimeSource
from sage_edge.names import Digest, HostName, RoleName, SessionId, Slug
from sage_edge.records.base import Moment, Record


class WorklogLine(Record):
    """One action."""

    format: Literal[1] = 1
    at: Moment
    host: HostName
    event: Slug
    text: str
    session: SessionId | None = None
    about: Digest | None = None


class Quarantine(Record):
    """A branch that breaks a rule: it is reported and not read beyond `trusted`."""

    host: str
    commit: str
    rule: Slug
    detail: str
    trusted: str | None

    def __str__(self) -> str:
        beyond = self.trusted[:12] if self.trusted else "nothing"
        return (
            f"the branch of {self.host} breaks the rule {self.rule} (commit {self.commit[:12]}): {self.detail}; "
            f"it is not read beyond {beyond}"
        )


class BranchTrust(Record):
    """A person's word that a branch is read up to a commit, whatever rule it breaks (exchange/trusts.py).

    host: whose branch; rule, detail: what it breaks.
    """

    format: Literal[1] = 1
    author: HostName
    host: HostName
    commit: str
    rule: Slug
    detail: str
    because: str
    created: Moment


class Repair(Record):
    """What a host says of commits on its branch that are not its own (exchange/repairs.py draws how).

    good: the last commit before them; None: the branch begins with them. foreign: the last of them, commits: how many.
    rule: the first rule that they break; None: they look like the host's own.
    """

    format: Literal[1] = 1
    author: HostName
    good: str | None
    foreign: str
    commits: int
    rule: Slug | None
    because: str
    created: Moment


class Status(Record):
    """The state of a host at its last wake.

    clock_doubt: why its clock was not believed; None: it was, as in every page of an older release. clock_newest: the
    latest time that it said while something kept it in step.
    """

    format: Literal[1] = 1
    host: HostName
    role: RoleName
    at: Moment
    time_source: TimeSource
    release: str
    last_primary: SessionId | None = None
    last_training: SessionId | None = None
    next_due: Moment | None = None
    pending: tuple[Digest, ...] = ()
    quarantined: tuple[Quarantine, ...] = ()
    problems: tuple[str, ...] = ()
    clock_doubt: str | None = None
    clock_newest: Moment | None = None

    @model_serializer(mode="wrap")
    def _as_it_was_written(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what there is not to say of the clock: older pages lack these keys, and older readers know none."""
        dumped: dict[str, Any] = dump(self)
        return {key: value for key, value in dumped.items() if not key.startswith("clock_") or value is not None}
