"""`invoke sim.*`: stand-in boards for whoever owns no Jetson."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage_edge.workstation.task import JSON, task

if TYPE_CHECKING:
    from sage_edge.inventory.fleet import Fleet
    from sage_edge.sim import SimPlace

GROUP = "sim"


@task(help={"base": "A Debian 12 image to build upon; without it, debootstrap makes one."})
def up(c: object, base: str = "") -> int:
    """Start two stand-in boards and a hub, or see that they run."""
    from sage_edge import sim
    from sage_edge.cli import render
    from sage_edge.cli.environment import log

    fleet, place = _here()
    machines = sim.up(fleet, place, log, base or None)
    render.table(("host", "address", "container"), [(m.host, f"127.0.0.1:{m.port}", m.container) for m in machines])
    log(f"all are up; come in with: ssh -F {place.config} sprout")
    return 0


@task(help={"images": "Also remove the images that they were made of."})
def down(c: object, images: bool = False) -> int:
    """Remove the stand-in boards with all that is in them."""
    import click

    from sage_edge import sim

    gone = sim.down(_here()[1], images=images)
    click.echo(f"{gone} stand-ins removed" if gone else "no stand-ins were there")
    return 0


@task(help={"json": JSON})
def status(c: object, json: bool = False) -> int:
    """Show the stand-in boards; ends with 1 unless all are up."""
    from sage_edge import sim
    from sage_edge.cli import render
    from sage_edge.cli.environment import log

    fleet, place = _here()
    rows = sim.status(place)
    if json:
        content = [
            {"host": m.host, "container": m.container, "port": m.port, "state": m.state, "system": row.system}
            for row in rows
            for m in (row.machine,)
        ]
        render.document("sage-edge/sim/1", content)
    elif rows:
        cells = [(m.host, m.state, r.system, f"127.0.0.1:{m.port}", m.container) for r in rows for m in (r.machine,)]
        render.table(("host", "state", "system", "address", "container"), cells)
    else:
        log("no stand-ins are there; invoke sim.up makes them")
    return 0 if {r.machine.host for r in rows if r.system == "running"} >= sim.hosts(fleet) else 1


def _here() -> tuple[Fleet, SimPlace]:
    from sage_edge.inventory import load
    from sage_edge.sim import SimPlace
    from sage_edge.workstation import context

    fleet = load.load(context.root() / "fleet", "sim")
    return fleet, SimPlace.of(fleet)
