"""`invoke key.*`: by which key each host and each operator is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sage_edge.errors import ExitCode
from sage_edge.workstation.task import FLEET, JSON, ONE_HOST, task

if TYPE_CHECKING:
    from sage_edge.names import HostName
    from sage_edge.workstation.context import FleetContext

GROUP = "key"
_UNTIL = "The last commit that counts, or `start`; default: the last that the exchange has."


@task(help={"host": ONE_HOST, "fleet": FLEET, "json": JSON}, codes=(ExitCode.UNREACHABLE,))
def enrol(c: object, host: str = "", fleet: str = "", json: bool = False) -> int:
    """From here on a host's commits count only when it has signed them."""
    from sage_edge.workstation import key_service

    return _done(fleet, host, json, "enrolled", key_service.enrolled)


@task(help={"host": ONE_HOST, "fleet": FLEET, "json": JSON}, codes=(ExitCode.UNREACHABLE,))
def rotate(c: object, host: str = "", fleet: str = "", json: bool = False) -> int:
    """Give a host a new key; the old one counts until the new one signs."""
    from sage_edge.workstation import key_service

    return _done(fleet, host, json, "rotated", key_service.rotated)


@task(help={"host": ONE_HOST, "fleet": FLEET, "json": JSON}, codes=(ExitCode.UNREACHABLE,))
def serving(c: object, host: str = "", fleet: str = "", json: bool = False) -> int:
    """Give what a host serves a new token and certificate; the old ones end."""
    from sage_edge.workstation import gateway_service

    return _done(fleet, host, json, "renewed", gateway_service.renewed)


@task(help={"host": ONE_HOST, "fleet": FLEET, "until": _UNTIL, "json": JSON}, codes=(ExitCode.UNREACHABLE,))
def lost(c: object, host: str = "", fleet: str = "", until: str = "", json: bool = False) -> int:
    """A host's key is lost: nothing new counts by it, and it gets another."""
    return _withdrawn(fleet, host, json, until)


@task(
    help={
        "host": ONE_HOST,
        "fleet": FLEET,
        "until": "The last commit that counts, or `start`: none does.",
        "json": JSON,
    },
    codes=(ExitCode.UNREACHABLE,),
)
def revoke(c: object, host: str = "", fleet: str = "", until: str = "", json: bool = False) -> int:
    """A host's key was stolen: what it signed after a commit is not read."""
    from sage_edge.errors import UsageError
    from sage_edge.hints import invoke

    if not until:
        what = "say which commit of the host is the last that it wrote itself; `start`: none is"
        raise UsageError(what, hint=("like this: ", invoke("key.revoke", host=host or "HOST", until="COMMIT")))
    return _withdrawn(fleet, host, json, until)


def _withdrawn(fleet: str, host: str, as_json: bool, until: str) -> int:
    from sage_edge.workstation import key_service

    return _done(
        fleet, host, as_json, "withdrawn", lambda here, name, say: key_service.withdrawn(here, name, until, say)
    )


def _done(
    fleet: str,
    host: str,
    as_json: bool,
    what: str,
    change: Callable[[FleetContext, HostName, Callable[[str], None]], str],
) -> int:
    from sage_edge.cli.environment import log_of
    from sage_edge.workstation import context

    here = context.make_context(fleet or None)
    return context.for_each(
        here,
        [here.fleet.host(host).name],
        lambda name: change(here, name, log_of(name)),
        lambda key: f"{what}: {key}",
        as_json=as_json,
        schema="sage-edge/key/1",
    )
