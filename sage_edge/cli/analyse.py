"""`sage-edge analyse`: every scorer's numbers over a corpus, and the claims, tested again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from sage_edge import sanitize
from sage_edge.analysis.session_groups import WAYS, GroupWay
from sage_edge.cli import corpus_options, older_details, outlook_view, render
from sage_edge.cli.environment import json_option, log, paths
from sage_edge.errors import SageError, UsageError
from sage_edge.names import Track
from sage_edge.sizes import counted

if TYPE_CHECKING:
    from sage_edge.analysis.corpus import Corpus
    from sage_edge.analysis.series import Series
    from sage_edge.analysis.summary import WindowNumber
    from sage_edge.records.claim import ClaimFinding
    from sage_edge.records.dialogue import Dialogue
    from sage_edge.scorers import Scorer


@dataclass(frozen=True)
class NumberCut:
    """How the sessions of a series are put together: in windows of numbers, by something in common, or all in one."""

    window: int | None
    way: GroupWay | None

    def numbers(self, series: Series, sessions: Sequence[Dialogue]) -> Iterator[WindowNumber]:
        """Return one number for each window or group."""
        from sage_edge.analysis import session_groups, summary

        if self.way is None:
            return summary.windows(series, self.window)
        return summary.grouped(series, session_groups.by(self.way, sessions))


Asked: TypeAlias = tuple[str | None, str | None]
"""The host and the mind that a person named."""


@click.command("analyse")
@corpus_options.options
@click.option("--track", metavar="KIND", help="Only the sessions of this track.")
@click.option(
    "--scorer", "wanted", multiple=True, metavar="ID/V", help="Only this scorer, like identity/1; repeatable."
)
@click.option("--window", type=click.IntRange(1), metavar="N", help="Windows of N session numbers; else all in one.")
@click.option("--by", "way", type=click.Choice(WAYS), help="One line for each of these, instead of windows.")
@click.option("--claims", is_flag=True, help="Test the claims of fleet/claims.yaml on this corpus.")
@click.option("--rescore", is_flag=True, help="Forget what was computed before.")
@json_option
def command(
    corpus: Path | None,
    exchange: Path | None,
    host: str | None,
    mind: str | None,
    track: Track | None,
    wanted: tuple[str, ...],
    window: int | None,
    way: GroupWay | None,
    claims: bool,
    rescore: bool,
    as_json: bool,
) -> None:
    """Measure every session of a folder or of the exchange, and print each scorer's numbers with n and interval.

    What was measured once is remembered; a new session costs its own time only. Refused files are told on stderr. A
    scorer of the older system that is named with --scorer shows what that concluded from each session as well: states,
    detected modes, signals, running trust, severity.
    """
    if way is not None and window is not None:
        raise UsageError("--by and --window are two ways to group sessions", hint="give one of them")
    cut = NumberCut(window, way)
    with corpus_options.opened(corpus_options.source(corpus, exchange), rescore=rescore) as opened:
        scorers = _scorers(opened, wanted)
        named = scorers if wanted else []
        if claims:
            _claims(opened, host, mind, as_json)
        elif as_json:
            document = _document(opened, (host, mind), track, scorers, cut, named)
            outlooks = outlook_view.documents(opened, host, mind)
            render.document("sage-edge/analysis/1", {**document, "outlooks": outlooks})
        else:
            _tables(opened, (host, mind), track, scorers, cut, named)
            outlook_view.tables(opened, host, mind)
        if not as_json:
            corpus_options.tell_refused(opened, corpus, exchange)


def _scorers(corpus: Corpus, wanted: tuple[str, ...]) -> list[Scorer]:
    named = {f"{scorer.id}/{scorer.version}": scorer for scorer in corpus.scorers}
    for name in wanted:
        if name not in named:
            raise UsageError(f"there is no scorer {name!r}", hint=f"--scorer names one of: {', '.join(named)}")
    return [named[name] for name in wanted] if wanted else list(named.values())


def _series(of_mind: Corpus, track: Track, scorers: list[Scorer]) -> Iterator[Series]:
    for scorer in scorers:
        if track in scorer.tracks:
            for quantity in scorer.quantities:
                yield of_mind.series(scorer.id, scorer.version, quantity, track)


def _tables(
    corpus: Corpus, asked: Asked, track: Track | None, scorers: list[Scorer], cut: NumberCut, named: list[Scorer]
) -> None:
    shown = False
    for owner in corpus.owners(*asked):
        of_mind, name = corpus.of(*owner), corpus.owner_name(*owner)
        for of in (track,) if track else corpus.tracks:
            count = len(of_mind.sessions(of))
            if count and not any(of in scorer.tracks for scorer in corpus.scorers):
                log(f"{sanitize.terminal(name)}, {of}: {counted(count, 'session')} that no scorer measures")
            if not count or not any(of in scorer.tracks for scorer in scorers):
                continue
            render.line(f"{sanitize.terminal(name)}, {of}: {count} session{'s' * (count > 1)}", "bold")
            series = list(_series(of_mind, of, scorers))
            rows = [_row(each, summary) for each in series for summary in cut.numbers(each, of_mind.sessions(of))]
            if rows:
                render.table(("scorer", "sessions", "n", "value", "95 % interval", ""), rows)
            if silent := [each.name for each in series if not each.points]:
                log(f"{of}: no answer can be measured by {', '.join(silent)}")
            older_details.tables(of_mind, of, named)
            click.echo()
            shown = True
    if not shown:
        log(f"{_why_nothing(corpus, track)}, so there is no number to show")


def _why_nothing(corpus: Corpus, track: Track | None) -> str:
    if not corpus.dialogues:
        return "the corpus is empty: no session is here"
    if track is not None and track not in corpus.tracks:
        return f"no {track} session is here (--track names one of: {', '.join(corpus.tracks)})"
    return "no session here is one that counts and that a scorer measures"


def _row(series: Series, summary: Any) -> tuple[str, ...]:
    span = summary.first if summary.sessions == 1 else f"{summary.first}-{summary.last} ({summary.sessions})"
    between = "none" if summary.low is None else f"{summary.low:.3f} to {summary.high:.3f}"
    span = f"{sanitize.terminal(summary.group)}: {span}" if summary.group else span
    return series.name, span, str(summary.n), f"{summary.value:.3f}", between, summary.note


def _document(
    corpus: Corpus, asked: Asked, track: Track | None, scorers: list[Scorer], cut: NumberCut, named: list[Scorer]
) -> dict[str, object]:
    numbers = [
        {
            "host": host,
            "mind": mind,
            "models": sorted({session.model for session in corpus.of(host, mind).sessions(of) if session.model}),
            "track": of,
            "scorer": series.scorer,
            "version": series.version,
            "quantity": series.quantity,
            "kind": series.kind,
            "definition": series.definition,
            **asdict(summary),
        }
        for host, mind in corpus.owners(*asked)
        for of in ((track,) if track else corpus.tracks)
        for series in _series(corpus.of(host, mind), of, scorers)
        for summary in cut.numbers(series, corpus.of(host, mind).sessions(of))
    ]
    concluded = [
        document
        for host, mind in corpus.owners(*asked)
        for of in ((track,) if track else corpus.tracks)
        for document in older_details.documents(corpus, host, mind, of, named)
    ]
    return {
        "sessions": len(corpus.dialogues),
        "numbers": numbers,
        "concluded": concluded,
        "refused": [asdict(paper) for paper in corpus.refused],
        "problems": [asdict(problem) for problem in corpus.problems],
    }


def _claims(corpus: Corpus, host: str | None, mind: str | None, as_json: bool) -> None:
    try:
        from sage_edge.analysis.claims import declarations, evaluate
        from sage_edge.analysis.report.collect import subject
    except ImportError as missing:
        raise SageError(
            f"testing claims needs {missing.name}, which is not installed", hint="pip install 'sage-edge[analysis]'"
        ) from None
    chosen = subject(corpus, host, mind)
    if chosen is None:
        log("the corpus is empty: no claim is tested")
    here, elsewhere = evaluate.about(declarations.load(paths().fleet), () if chosen is None else chosen.dialogues)
    findings = evaluate.test(here, corpus if chosen is None else chosen, () if chosen is None else chosen.dialogues)
    if as_json:
        render.document("sage-edge/claims/1", [finding.model_dump(mode="json") for finding in findings])
        return
    if chosen is not None and len(corpus.minds) > 1:
        name = sanitize.terminal(corpus.owner_name(str(chosen.host), str(chosen.mind)))
        log(f"about the sessions of {name}; others have some, too: --host HOST, --mind NAME")
    if findings:
        _claims_table(findings)
    for finding in findings:
        _because(finding)
    for claim in elsewhere:
        log(f"not about these papers, so not tested: {claim.statement}")


def _claims_table(findings: Sequence[ClaimFinding]) -> None:
    heads = ("claim", "as stated", "replayed", "corrected", "verdict")
    rows = [
        (finding.claim, finding.as_stated, finding.replayed.told, finding.corrected.told, finding.told)
        for finding in findings
    ]
    render.table(heads, rows, wrapped=4, apart=True)


def _because(finding: ClaimFinding) -> None:
    """Why a claim stands or falls, and what to hold against the numbers."""
    render.line(f"{finding.claim}: {finding.told}", "bold")
    why = f"{finding.because[:1].upper()}{finding.because[1:]}."
    before = [f"{finding.beside[:1].upper()}{finding.beside[1:]}."] if finding.beside else []
    for line in (finding.statement, why, *before, *(f"But {caveat}." for caveat in finding.caveats)):
        for piece in render.beside(2, line):
            click.echo(f"  {piece}")
