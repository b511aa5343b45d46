"""`invoke retire`: a host goes for good."""

from __future__ import annotations

from sage_edge.errors import ExitCode
from sage_edge.workstation.task import FLEET, JSON, ONE_HOST, task


@task(
    help={
        "host": ONE_HOST,
        "fleet": FLEET,
        "without_board": "Its board is gone or does not answer: do the rest, and say what is left to do by hand.",
        "when": "idle: wait for the end of a session; now: cut it off.",
        "until": "The last commit of it that counts, or `start`; default: the last that the exchange has.",
        "json": JSON,
        "yes": "Do what is shown without it.",
    },
    codes=(ExitCode.LOCKED, ExitCode.NOT_VERIFIED, ExitCode.PENDING),
)
def retire(
    c: object,
    host: str = "",
    fleet: str = "",
    without_board: bool = False,
    when: str = "idle",
    until: str = "",
    json: bool = False,
    yes: bool = False,
) -> int:
    """Show what ends a host for good: stop, archive, take its key; --yes does it."""
    from sage_edge.workstation import context, retire_service
    from sage_edge.workstation.retire_service import RetireAsked

    here = context.make_context(fleet, strangers=True)
    return retire_service.retire(here, RetireAsked(host, yes, without_board, when, until, json))
