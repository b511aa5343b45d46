"""`invoke demo`: half a day of two hosts, all on this machine."""

from __future__ import annotations

from pathlib import Path

from sage_edge.workstation.task import task

ROOT = Path(__file__).parents[2]


@task(help={"into": "The folder that keeps what the demo made; default: .sage/demo."})
def demo(c: object, into: str = "") -> int:
    """Raise a small mind and let a second host study it, all on this machine."""
    import click

    from sage_edge.cli import render
    from sage_edge.cli.environment import log
    from sage_edge.demo import play

    done = play.play(ROOT / "fleet", Path(into).absolute() if into else ROOT / ".sage" / "demo", log)
    click.echo()
    render.table(("when", "host", "what happened"), done.story)
    click.echo(f"\nsummary: {done.summary}")
    return 0
