"""`sage-edge analyse`: every scorer's numbers over a corpus, and the claims, tested again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sage_edge import sanitize
from sage_edge.cli import corpus_options, render
from sage_edge.cli.environment import json_option, log, paths
from sage_edge.errors import SageError, UsageError
from sage_edge.names import Track

if TYPE_CHECKING:
    from sage_edge.analysis.corpus import Corpus
    from sage_edge.analysis.series import Series
    from sage_edge.records.claim import ClaimFinding
    from sage_edge.scorers import Scorer


@click.command("analyse")
@corpus_options.options
@click.option("--track", metavar="KIND", help="Only the sessions of this track.")
@click.option(
    "--scorer", "wanted", multiple=True, metavar="ID/V", help="Only this scorer, like identity/1; repeatable."
)
@click.option("--window", type=click.IntRange(1), metavar="N", help="Windows of N session numbers; else all in one.")
@click.option("--claims", is_flag=True, help="Test the claims of fleet/claims.yaml on this corpus.")
@click.option("--rescore", is_flag=True, help="Forget what was computed before.")
@json_option
def command(
    corpus: Path | None, exchange: Path | None, host: str | None, track: Track | None, wanted: tuple[str, ...],
    window: int | None, claims: bool, rescore: bool, as_json: bool,
) -> None:  # fmt: skip
    """Measure every session of a folder or of the exchange, and print each scorer's numbers with n and interval.

    What was measured once is remembered; a new session costs its own time only. Refused files are told on stderr.
    """
    with corpus_options.opened(corpus_options.source(corpus, exchange, "analyse"), rescore=rescore) as found:
        scorers = _scorers(found, wanted)
        if claims:
            _claims(found, host, as_json)
        elif as_json:
            render.document("sage-edge/analysis/1", _document(found, host, track, scorers, window))
        else:
            _tables(found, host, track, scorers, window)
        if not as_json:
            corpus_options.tell_refused(found)


def _scorers(corpus: Corpus, wanted: tuple[str, ...]) -> list[Scorer]:
    named = {f"{one.id}/{one.version}": one for one in corpus.scorers}
    for name in wanted:
        if name not in named:
            raise UsageError(f"there is no scorer {name!r}", hint=f"--scorer names one of: {', '.join(named)}")
    return [named[name] for name in wanted] if wanted else list(named.values())


def _hosts(corpus: Corpus, host: str | None) -> tuple[str, ...]:
    if host is None:
        return corpus.hosts
    if host not in corpus.hosts:
        known = ", ".join(corpus.hosts) or "none"
        raise UsageError(f"{host} has no session here", hint=f"--host names one of: {known}")
    return (host,)


def _series(corpus: Corpus, host: str, track: Track, scorers: list[Scorer]) -> Iterator[Series]:
    for scorer in scorers:
        if track in scorer.tracks:
            for quantity in scorer.quantities:
                yield corpus.of(host).series(scorer.id, scorer.version, quantity, track)


def _tables(corpus: Corpus, host: str | None, track: Track | None, scorers: list[Scorer], window: int | None) -> None:
    from sage_edge.analysis.summary import windows

    shown = False
    for one in _hosts(corpus, host):
        for of in (track,) if track else corpus.tracks:
            count = len(corpus.of(one).sessions(of))
            if not count or not any(of in scorer.tracks for scorer in scorers):
                continue
            render.line(f"{sanitize.terminal(one)}, {of}: {count} session{'s' * (count > 1)}", "bold")
            series = list(_series(corpus, one, of, scorers))
            rows = [_row(each, found) for each in series for found in windows(each, window)]
            if rows:
                render.table(("scorer", "sessions", "n", "value", "95 % interval", ""), rows)
            if silent := [each.name for each in series if not each.points]:
                log(f"{of}: no answer can be measured by {', '.join(silent)}")
            click.echo()
            shown = True
    if not shown:
        log(f"the corpus is empty: no {f'{track} ' if track else ''}session is here, so there is no number to show")


def _row(series: Series, found: Any) -> tuple[str, ...]:
    span = found.first if found.sessions == 1 else f"{found.first}-{found.last} ({found.sessions})"
    between = "none" if found.low is None else f"{found.low:.3f} to {found.high:.3f}"
    return series.name, span, str(found.n), f"{found.value:.3f}", between, found.note


def _document(
    corpus: Corpus, host: str | None, track: Track | None, scorers: list[Scorer], window: int | None
) -> dict[str, object]:
    from sage_edge.analysis.summary import windows

    numbers = [
        {
            "host": one, "track": of, "scorer": series.scorer, "version": series.version, "quantity": series.quantity,
            "kind": series.kind, "definition": series.definition, **asdict(found),
        }
        for one in _hosts(corpus, host)
        for of in ((track,) if track else corpus.tracks)
        for series in _series(corpus, one, of, scorers)
        for found in windows(series, window)
    ]  # fmt: skip
    return {
        "sessions": len(corpus.dialogues),
        "numbers": numbers,
        "refused": [asdict(one) for one in corpus.refused],
        "problems": [asdict(one) for one in corpus.problems],
    }


def _claims(corpus: Corpus, host: str | None, as_json: bool) -> None:
    try:
        from sage_edge.analysis.claims import declarations, evaluate
        from sage_edge.analysis.report.collect import subject
    except ImportError as missing:
        raise SageError(
            f"testing claims needs {missing.name}, which is not installed", hint="pip install 'sage-edge[analysis]'"
        ) from None
    chosen = subject(corpus, host)
    if chosen is None:
        log("the corpus is empty: every claim that needs sessions cannot be told")
    found = evaluate.test(declarations.load(paths().fleet), corpus if chosen is None else corpus.of(chosen))
    if as_json:
        render.document("sage-edge/claims/1", [one.model_dump(mode="json") for one in found])
        return
    if chosen is not None and len(corpus.hosts) > 1:
        log(f"about the sessions of {sanitize.terminal(chosen)}; {len(corpus.hosts) - 1} more hosts: --host HOST")
    _claims_table(found)
    for one in found:
        _because(one)


def _claims_table(found: Sequence[ClaimFinding]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=True)
    table.add_column("claim", no_wrap=True)
    for head in ("as stated", "replayed", "corrected", "verdict"):
        table.add_column(head, overflow="fold")
    for one in found:
        cells = (one.claim, one.as_stated, one.replayed.told, one.corrected.told, one.told)
        table.add_row(*(Text(sanitize.terminal(cell)) for cell in cells))
    console = Console(width=render.width(), color_system=None)
    with console.capture() as drawn:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in drawn.get().splitlines()))


def _because(found: ClaimFinding) -> None:
    """Why a claim stands or falls, and what to hold against the numbers."""
    render.line(f"{found.claim}: {found.told}", "bold")
    why = f"{found.because[:1].upper()}{found.because[1:]}."
    for line in (found.statement, why, *(f"But {caveat}." for caveat in found.caveats)):
        for piece in render.beside(2, line):
            click.echo(f"  {piece}")
