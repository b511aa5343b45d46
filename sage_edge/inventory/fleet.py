"""The loaded fleet and the questions that are asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sage_edge.clock import BEGUN, Duration
from sage_edge.clock_trust import AHEAD, SLACK, ClockBounds
from sage_edge.errors import UsageError
from sage_edge.hints import sage
from sage_edge.inventory.board_card import Board
from sage_edge.inventory.cadence import Schedule, ScheduleOverride
from sage_edge.inventory.host_entry import Host
from sage_edge.inventory.overlay_merge import laid_over
from sage_edge.inventory.roles import Ability, Role
from sage_edge.inventory.session_kinds import SessionKind, SessionKinds
from sage_edge.inventory.signers import COMMITS, Signer
from sage_edge.names import HostName


@dataclass(frozen=True)
class Fleet:
    """All declarations of the inventory, checked against each other; `overlay` names what was laid over them.

    registry: from which boards pull images; None: from the workstation.
    hub_administrator: the block of ssh_config that reaches whoever lets keys in at the exchange; None: by hand.
    addresses: the folder with the ssh_config and known_hosts of these machines; `folder` unless an overlay says else.
    signers: the lines of allowed_signers; a host without one is not checked.
    """

    folder: Path
    name: str
    remote: str
    wake_every: Duration
    cadence: Schedule
    hosts: Mapping[str, Host]
    roles: Mapping[str, Role]
    boards: Mapping[str, Board]
    kinds: SessionKinds
    addresses: Path
    overlay: str | None = None
    registry: str | None = None
    signers: tuple[Signer, ...] = ()
    hub_administrator: HostName | None = None
    clock_ahead: Duration = AHEAD
    clock_slack: Duration = SLACK

    def host(self, name: str) -> Host:
        """The host of that name. Raises UsageError, which lists the hosts."""
        try:
            return self.hosts[name]
        except KeyError:
            known = ", ".join(sorted(self.hosts)) or "none"
            raise UsageError(f"no host named {name!r}; there are: {known}", hint=sage("fleet show")) from None

    def role_of(self, host_name: str) -> Role:
        """The role of a host. Raises UsageError as `host` does."""
        return self.roles[self.host(host_name).role]

    def board_of(self, host_name: str) -> Board:
        """The board that a host is declared to be. Raises UsageError as `host` does."""
        return self.boards[self.host(host_name).board]

    def schedule_of(self, host_name: str) -> Schedule:
        """The fleet's schedule with the host's own overrides. Raises UsageError as `host` does."""
        override = self.host(host_name).schedule
        return self.cadence if override is None else Schedule.model_validate(overridden(self.cadence, override))

    def clock_bounds(self, host_name: str, committed: datetime | None, floor: datetime | None = None) -> ClockBounds:
        """What the clock of a host has to keep to. Raises UsageError as `host` does.

        committed: when what runs there was committed; None: nobody says. floor: a virtual clock's own.
        """
        lowest, must_be_kept = floor or max(committed or BEGUN, BEGUN), self.board_of(host_name).clock == "kept"
        return ClockBounds(lowest, self.clock_ahead, self.clock_slack, must_be_kept, committed)

    def signs(self, host_name: str) -> bool:
        """Whether the commits of a host are checked against its keys; if not, it is unsigned."""
        return any(signer.host == host_name and COMMITS in signer.namespaces for signer in self.signers)

    def conducts(self, host_name: str) -> bool:
        """Whether a host may conduct any kind of session. Raises UsageError as `host` does."""
        return any(self.role_of(host_name).may(kind.ability) for kind in self.kinds)

    def conductors(self) -> tuple[HostName, ...]:
        """Return the hosts that may conduct any kind of session, in name order."""
        return tuple(host.name for _, host in sorted(self.hosts.items()) if self.conducts(host.name))

    def scheduled(self, host_name: str) -> tuple[SessionKind, ...]:
        """Return the kinds of sessions that are due on a host at slots. Raises UsageError as `host` does."""
        role = self.role_of(host_name)
        return tuple(kind for kind in self.kinds if kind.has_cadence and role.may(kind.ability))

    def owners(self, ability: Ability) -> tuple[HostName, ...]:
        """The hosts whose role has the ability, in name order."""
        return tuple(host.name for _, host in sorted(self.hosts.items()) if self.roles[host.role].may(ability))


def overridden(cadence: Schedule, override: ScheduleOverride) -> dict[str, object]:
    """Return the content of a Schedule: the fleet's, with one host's keys laid over it. Not yet checked."""
    return dict(laid_over(cadence.model_dump(), override.model_dump(exclude_none=True)))
