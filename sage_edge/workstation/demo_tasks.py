"""`invoke demo`: half a day of two hosts, all on this machine."""

from __future__ import annotations

from pathlib import Path

from sage_edge.workstation.task import task

ROOT = Path(__file__).parents[2]


@task(
    help={
        "into": "The folder that keeps what the demo made; default: .sage/demo.",
        "seedling": "Raise the toy model that ships: quick, and nothing is fetched.",
        "days": "Let so many days go by, instead of half a one.",
    }
)
def demo(c: object, into: str = "", seedling: bool = False, days: int = 0) -> int:
    """Raise a small mind and let a second host study it, all on this machine."""
    import os

    import click

    from sage_edge.cli import progress_bar, render
    from sage_edge.cli.environment import log, stop_on_signals
    from sage_edge.demo import play, stage, subject
    from sage_edge.paths import named

    declarations, models = ROOT / "fleet", (named(os.environ, "SAGE_MODELS") or ROOT / ".sage" / "models").absolute()
    overlay = stage.SEEDLING if seedling else stage.SUBJECT
    ref = subject.named(declarations, overlay)
    if not subject.is_here(ref, declarations, models):
        with progress_bar.of_bytes() as progress:
            subject.fetch(ref, declarations, models, log=log, progress=progress, stop=stop_on_signals())
    place = Path(into).absolute() if into else ROOT / ".sage" / "demo"
    done = play.play(declarations, place, log, overlay, models, days)
    click.echo()
    render.table(("when", "host", "what happened"), done.story)
    click.echo(f"\nraised: {done.subject}\nsummary: {done.summary}")
    return 0
