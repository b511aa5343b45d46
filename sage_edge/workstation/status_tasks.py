"""`invoke status|logs|audit|explain`: what boards are and do, and what was done to them."""

from __future__ import annotations

from sage_edge.errors import ExitCode
from sage_edge.workstation.task import FLEET, HOSTS, JSON, ONE_HOST, task, whole


@task(
    help={
        **HOSTS,
        "json": JSON,
        "exit_code": "End with 8 when a host is not as it must be, or is known and not declared.",
    },
    codes=(ExitCode.NOT_VERIFIED,),
)
def status(
    c: object,
    host: str = "",
    role: str = "",
    all: bool = False,
    fleet: str = "",
    json: bool = False,
    exit_code: bool = False,
) -> int:
    """Show what runs on hosts; ends with 4 when one does not answer."""
    from sage_edge.workstation import context, status_service

    here = context.make_context(fleet, strangers=True)
    return status_service.status(here, here.chosen(host, role, all), as_json=json, judged=exit_code, everyone=all)


@task(
    help={
        **HOSTS,
        "n": "How many lines.",
        "since": "Like 10m, or a time in UTC.",
        "grep": "Only lines with this text.",
        "follow": "Go on until Ctrl-C.",
    }
)
def logs(
    c: object,
    host: str = "",
    role: str = "",
    all: bool = False,
    fleet: str = "",
    n: str = "100",
    since: str = "",
    grep: str = "",
    follow: bool = False,
) -> int:
    """Show the last words of hosts' agents."""
    from sage_edge.workstation import context, log_service

    here = context.make_context(fleet)
    asked = log_service.LogAsked(whole("-n", n), since or None, grep or None, follow)
    return log_service.logs(here, here.chosen(host, role, all), asked)


@task(
    help={"host": ONE_HOST, "fleet": FLEET, "n": "How many lines.", "json": JSON},
    codes=(ExitCode.NOT_VERIFIED,),
)
def audit(c: object, host: str = "", fleet: str = "", n: str = "20", json: bool = False) -> int:
    """Show what was done to a host; ends with 8 when the record is not whole."""
    from sage_edge.workstation import context, status_service

    return status_service.audit(context.make_context(fleet), host, whole("-n", n), as_json=json)


@task(help={"host": ONE_HOST, "fleet": FLEET})
def explain(c: object, host: str = "", fleet: str = "") -> int:
    """Say what a host is, what it is to run, and where each of that is declared."""
    from sage_edge.workstation import context, status_service

    return status_service.explain(context.make_context(fleet), host)
