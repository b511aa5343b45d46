"""How a session looks to people: as it grows, and as a whole transcript."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

import click

from sage_edge import sanitize
from sage_edge.cli import render

if TYPE_CHECKING:
    from sage_edge.records.transcript import Step, Transcript, Turn
    from sage_edge.sessions.journal import SessionLog


def said(who: str, text: str, *, err: bool, color: str = "") -> None:
    """Print one utterance, wrapped, with its speaker in front."""
    label = f"{sanitize.terminal(who):>8}  "
    body = textwrap.fill(
        sanitize.terminal(text), render.width(), initial_indent=label, subsequent_indent=" " * len(label)
    )
    render.line(body, color, err=err)


class OnScreen:
    """Shows a session on stderr as it grows."""

    def asked(self, log: SessionLog, step: Step) -> None:
        if not log.turns:
            chosen = log.head.intervention
            title = f"{log.head.session} · {log.head.host} · {log.head.lesson.unit} · {chosen.name}"
            render.line(f"\n{title}", "bold", err=True)
        said("teacher", step.spoken, err=True, color="cyan")

    def answered(self, log: SessionLog, turn: Turn) -> None:
        said(log.head.mind, turn.reply if turn.outcome == "ok" else f"[{turn.outcome}] {turn.error or ''}", err=True)


def transcript(paper: Transcript) -> None:
    """Print a whole transcript."""
    head, closing = paper.head, paper.closing
    render.line(f"{head.session} · {head.host} · {head.lesson.unit} · {closing.ending}", "bold")
    rows = [
        ("time", f"{head.started:%Y-%m-%d %H:%M:%SZ} to {closing.ended:%H:%M:%SZ} ({head.time_source} clock)"),
        ("model", f"{head.model.ref}  {head.model.digest}"),
        ("engine", f"{head.engine.name} {head.engine.version}"),
        ("under", f"{head.intervention.name}/{head.intervention.version} {json.dumps(head.intervention.parameters)}"),
        ("release", head.release),
        *([("image", head.image)] if head.image else []),
        ("seal", paper.seal),
    ]
    for key, value in rows:
        click.echo(f"{key:>8}  {sanitize.terminal(value)}")
    said("system", head.lesson.system, err=False)
    for turn in paper.turns:
        said("teacher", head.lesson.steps[turn.step].spoken, err=False)
        if turn.thinking:
            said("thought", turn.thinking, err=False)
        mark = "" if turn.outcome == "ok" else f"[{turn.outcome}] "
        said(head.mind, f"{mark}{turn.reply or turn.error or ''}", err=False)
        click.echo(" " * 10 + _cost(turn))


def _cost(turn: Turn) -> str:
    return (
        f"({turn.finish_reason or 'no reply'}, {turn.prompt_tokens} tokens read of which {turn.reused_tokens} reused, "
        f"{turn.completion_tokens} drawn, {turn.duration_s:.2f} s)"
    )
