"""Run a function for each host in a thread pool; return a value or an error for each host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from sage_edge.errors import ExitCode, SageError, UsageError
from sage_edge.hints import sage
from sage_edge.inventory.fleet import Fleet
from sage_edge.names import HostName
from sage_edge.remote.errors import HostInterrupted
from sage_edge.remote.ssh import cancellation
from sage_edge.remote.ssh.cancellation import Stop

T = TypeVar("T")
AT_ONCE = 10
SEVERITY = (
    ExitCode.OK,
    ExitCode.PENDING,
    ExitCode.FAILED,
    ExitCode.USAGE,
    ExitCode.LOCKED,
    ExitCode.REFUSED,
    ExitCode.UNREACHABLE,
    ExitCode.NOT_VERIFIED,
    ExitCode.ROLLED_BACK,
    ExitCode.INTERRUPTED,
    ExitCode.ROLLBACK_FAILED,
)
"""Exit codes from best to worst: of several hosts, the worst decides. A board that went back is worse than one that
could not be reached, and one that could not go back is the worst of all."""
_RANK: dict[int, int] = {code: rank for rank, code in enumerate(SEVERITY)}


@dataclass(frozen=True)
class HostResult(Generic[T]):
    """What became of one host: a value, or an error."""

    host: HostName
    value: T | None
    error: SageError | None

    @property
    def code(self) -> ExitCode:
        return self.error.code if self.error else ExitCode.OK


def over(
    hosts: Sequence[HostName], do: Callable[[HostName], T], meanwhile: Callable[[], object] | None = None
) -> list[HostResult[T]]:
    """Do something for every host, at most AT_ONCE at a time; results in the order of `hosts`.

    meanwhile: done here while the hosts are waited for. Ctrl-C: a HostInterrupted for every host that is not done.
    """

    stop = Stop()

    def outcome(host: HostName) -> HostResult[T]:
        try:
            with stop.scope():
                cancellation.check_cancelled()
                return HostResult(host, do(host), None)
        except SageError as failed:
            return HostResult(host, None, failed)
        except KeyboardInterrupt:
            return HostResult(host, None, HostInterrupted(host))

    if len(hosts) == 1 and meanwhile is None:
        return [outcome(hosts[0])]
    with ThreadPoolExecutor(min(AT_ONCE, max(1, len(hosts)))) as pool:
        futures = [pool.submit(outcome, host) for host in hosts]
        try:
            if meanwhile is not None:
                meanwhile()
            wait(futures)
        except KeyboardInterrupt:
            stop.ask()  # each leaves its host in order, and says how
        return [future.result() for future in futures]


def worst(codes: Sequence[int]) -> int:
    """Return the exit code of several hosts."""
    return max(codes, key=lambda code: _RANK.get(code, len(_RANK)), default=ExitCode.OK)


def chosen(fleet: Fleet, hosts: str | None, role: str | None, everyone: bool) -> list[HostName]:
    """Return the hosts that a person named: `--host a,b`, `--role r` or `--all`, exactly one of them; never by default.

    Operators' workstations are no boards: `--all` and `--role` leave out hosts that may neither conduct nor analyse.
    Raises UsageError, which lists what there is.
    """
    if (hosts is not None) + (role is not None) + everyone != 1:
        raise UsageError("say which hosts: --host a,b or --role ROLE or --all", hint=f"there are: {_known(fleet)}")
    if hosts is not None:
        named = [name.strip() for name in hosts.split(",") if name.strip()]
        if not named:
            raise UsageError("no host is named", hint=f"there are: {_known(fleet)}")
        names = list(dict.fromkeys(fleet.host(name).name for name in named))
        if others := [name for name in names if not _is_board(fleet, name)]:
            what = f"{others[0]} is no board: its role {fleet.host(others[0]).role} conducts and analyses nothing"
            raise UsageError(
                what, hint=f"boards are: {', '.join(name for name in fleet.hosts if _is_board(fleet, name))}"
            )
        return names
    boards = [host.name for _, host in sorted(fleet.hosts.items()) if _is_board(fleet, host.name)]
    if role is None:
        return boards
    if role not in fleet.roles:
        raise UsageError(
            f"no role named {role!r}; there are: {', '.join(sorted(fleet.roles))}", hint=sage("fleet show")
        )
    in_role = [name for name in boards if fleet.host(name).role == role]
    if not in_role:
        raise UsageError(f"no board has the role {role}", hint=f"there are: {_known(fleet)}")
    return in_role


def _is_board(fleet: Fleet, name: str) -> bool:
    role = fleet.role_of(name)
    return role.may("conduct") or role.may("analyse")


def _known(fleet: Fleet) -> str:
    return ", ".join(sorted(fleet.hosts))
