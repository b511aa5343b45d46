"""`sage-edge agent`: once, run, plan."""

from __future__ import annotations

import click

from sage_edge.agent import build, loop, wake
from sage_edge.agent.heartbeat import Heartbeat
from sage_edge.cli import render, session_view
from sage_edge.cli.environment import (
    as_option,
    at_option,
    clock_at,
    committed,
    image,
    json_option,
    log,
    moment_of,
    paths,
    release,
    stop_on_signals,
)
from sage_edge.cli.lazy_group import Listed
from sage_edge.clock import BEGUN, Clock, SetClock
from sage_edge.clock_trust import ClockBounds, ClockWatch
from sage_edge.errors import SageError
from sage_edge.inventory import guard, identity
from sage_edge.inventory.roles import Ability


@click.group(cls=Listed, help="Wake, conduct, study, publish: once, for ever, or only as a plan.")
def command() -> None:
    """Group of the agent commands."""


@command.command()
@as_option
@click.option("--at", "times", metavar="TIME", multiple=True, help="Act as if it were this time; once more each.")
def once(as_host: str | None, times: tuple[str, ...]) -> None:
    """Wake once: receive, do what this host's role asks for, publish."""
    moments = [moment_of(at) for at in times]
    clock = SetClock(moments[0]) if moments else clock_at(None)
    agent = _agent(as_host, clock, session_view.OnScreen())
    _wake(agent)
    for moment in moments[1:]:
        if isinstance(clock, SetClock) and not agent.stop.is_set():
            clock.set(moment)
            _wake(agent)


def _wake(agent: build.Agent) -> None:
    result = wake.once(agent)
    if result.failure is None:
        click.echo("published" if result.published else "nothing is lost; it goes out with a later wake")
    if (ended := result.failure or result.trouble) is not None:
        render.complain(ended)
        raise SystemExit(ended.code)


@command.command()
@as_option
def run(as_host: str | None) -> None:
    """Wake at every slot and in between, until stopped."""
    try:
        loop.run(_agent(as_host, clock_at(None), None))
    except SageError as refused:  # the board sees the heartbeat, and starts no agent again that was refused
        if paths().state.is_dir():  # a state that is there is told; whoever may not run makes none
            watch = ClockWatch(clock_at(None), ClockBounds(committed() or BEGUN), paths().clock)
            Heartbeat(paths().heartbeat, as_host or "", watch, release()).beat(refused.message)
        raise


@command.command("plan")
@as_option
@at_option
@json_option
def plan_(as_host: str | None, at: str | None, as_json: bool) -> None:
    """Say what a wake would do and why. Writes nothing."""
    actions = wake.plan(_agent(as_host, clock_at(at), None))
    if as_json:
        render.document("sage-edge/plan/1", [{"action": action.what, "why": action.why} for action in actions])
    else:
        render.table(("action", "why"), [(action.what, action.why) for action in actions])


def _agent(as_host: str | None, clock: Clock, audience: session_view.OnScreen | None) -> build.Agent:
    here = paths()
    fleet, host, _ = identity.claim(here, as_host)
    role = fleet.role_of(host.name)
    ability: Ability = next((kind.ability for kind in fleet.kinds if role.may(kind.ability)), "analyse")
    me = guard.require(here, ability, as_host)
    return build.build(here, me, clock, stop_on_signals(), release(), log, audience, image(), committed())
