"""How sessions and tables look to people. Untrusted text is made inert before it reaches a terminal."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # most commands show a table, and no session
    from sage_edge.records.transcript import Step, Transcript, Turn
    from sage_edge.sessions.journal import SessionLog

_WIDEST = 100
_LIVE = re.compile("[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")
"""What a terminal may obey and JSON does not escape by itself: C1 controls, bidi overrides, zero-width characters."""


def inert(text: str) -> str:
    """Return text without control, format and surrogate characters (ANSI escapes, bidi overrides, zero-width)."""
    kept = (" " if c in "\n\r\t" else c for c in text)
    return "".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))


def document(schema: str, content: object) -> None:
    """Print exactly one JSON document, with its schema's name."""
    dumped = json.dumps({"schema": schema, "content": content}, ensure_ascii=False, indent=1)
    click.echo(_LIVE.sub(lambda found: f"\\u{ord(found[0]):04x}", dumped))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table of plain text, columns as wide as they need to be, the last one wrapped to the terminal."""
    cells = [[inert(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    left = sum(widths[:-1]) + 2 * (len(widths) - 1)
    click.secho(_line(heads, widths).rstrip(), bold=True)
    for row in cells:
        first, *more = beside(left, row[-1])
        click.echo(_line([*row[:-1], first], widths).rstrip())
        for piece in more:
            click.echo(" " * left + piece)


def beside(left: int, text: str) -> list[str]:
    """Return untrusted text in lines that fit the terminal beside `left` columns; at least one."""
    return textwrap.wrap(inert(text), max(20, width() - left)) or [""]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))


def said(who: str, text: str, *, err: bool, color: str | None = None) -> None:
    """Print one utterance, wrapped, with its speaker in front."""
    label = f"{inert(who):>8}  "
    body = textwrap.fill(inert(text), width(), initial_indent=label, subsequent_indent=" " * len(label))
    click.secho(body, err=err, fg=color)


def width() -> int:
    """Return how many columns lines for people have."""
    return min(_WIDEST, shutil.get_terminal_size((80, 24)).columns)


class OnScreen:
    """Shows a session on stderr as it grows."""

    def asked(self, log: SessionLog, step: Step) -> None:
        if not log.turns:
            chosen = log.head.intervention
            title = f"{log.head.session} · {log.head.host} · {log.head.lesson.unit} · {chosen.name}"
            click.secho(f"\n{title}", err=True, bold=True)
        said("teacher", step.prompt, err=True, color="cyan")

    def answered(self, log: SessionLog, turn: Turn) -> None:
        said(log.head.mind, turn.reply if turn.outcome == "ok" else f"[{turn.outcome}] {turn.error or ''}", err=True)


def transcript(paper: Transcript) -> None:
    """Print a whole transcript."""
    head, closing = paper.head, paper.closing
    click.secho(f"{head.session} · {head.host} · {head.lesson.unit} · {closing.ending}", bold=True)
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
        click.echo(f"{key:>8}  {inert(value)}")
    said("system", head.lesson.system, err=False)
    for turn in paper.turns:
        said("teacher", head.lesson.steps[turn.step].prompt, err=False)
        mark = "" if turn.outcome == "ok" else f"[{turn.outcome}] "
        said(head.mind, f"{mark}{turn.reply or turn.error or ''}", err=False)
        click.echo(" " * 10 + _cost(turn))


def _cost(turn: Turn) -> str:
    return (
        f"({turn.finish_reason or 'no reply'}, {turn.prompt_tokens} tokens read of which {turn.reused_tokens} reused, "
        f"{turn.completion_tokens} drawn, {turn.duration_s:.2f} s)"
    )
