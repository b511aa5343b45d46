"""`sage-edge report`: what the transcripts say, as one page and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sage_edge import files
from sage_edge.cli import corpus_options
from sage_edge.cli.completion import models, offered
from sage_edge.cli.environment import log, paths
from sage_edge.cli.place import Place
from sage_edge.errors import SageError, UsageError
from sage_edge.hints import sage
from sage_edge.sizes import counted

if TYPE_CHECKING:
    from sage_edge.analysis.claims.declarations import Claims
    from sage_edge.analysis.corpus import Corpus
    from sage_edge.analysis.narrative import Narrative
    from sage_edge.analysis.report.content import ReportContent
    from sage_edge.analysis.report.sections import Page
    from sage_edge.records.claim import ClaimFinding

_MINUTES = 10
_TOKENS = 4096


@click.command("report")
@corpus_options.options
@click.option("--out", type=Place(dir_okay=False), metavar="FILE", help="Where the page goes.")
@click.option("--markdown", type=Place(dir_okay=False), metavar="FILE", help="The same as Markdown, for git.")
@click.option("--site", type=Place(file_okay=False), metavar="DIR", help="The same as a folder, a page a session.")
@click.option(
    "--narrative",
    "model",
    metavar="MODEL",
    shell_complete=offered(models),
    help="Let this model put the findings into words, too.",
)
def command(
    corpus: Path | None,
    exchange: Path | None,
    host: str | None,
    mind: str | None,
    out: Path | None,
    markdown: Path | None,
    site: Path | None,
    model: str | None,
) -> None:
    """Write a report on the sessions of one mind: a page that needs nothing around it.

    It begins with the mind and what was tried, shows every scorer by session, and tests the claims of
    fleet/claims.yaml again. The same papers make the same report. Without --host and --mind it is about the mind with
    most sessions.
    """
    if out is None and markdown is None and site is None:
        raise UsageError("nowhere to write to", hint=sage("report", corpus="DIR", out="report.html"))
    if out is not None and markdown is not None and out.resolve() == markdown.resolve():
        hint = sage("report", corpus="DIR", out="report.html", markdown="report.md")
        raise UsageError(f"{out} and {markdown} are one file: one page would be lost", hint=hint)
    papers = corpus_options.source(corpus, exchange)
    try:
        from sage_edge.analysis.claims import declarations
        from sage_edge.analysis.report import collect, page, sections
    except ImportError as missing:
        raise SageError(
            f"a report needs {missing.name}, which is not installed", hint="pip install 'sage-edge[analysis]'"
        ) from None
    declared = declarations.load(paths().fleet)
    with corpus_options.opened(papers) as opened:
        chosen = collect.subject(opened, host, mind)
        content = _content(opened, chosen, declared, model)
        corpus_options.tell_refused(opened, corpus, exchange)
        composed = sections.compose(content)
        if site is not None:
            _write_site(site, composed, content, chosen or opened)
    if out is not None:
        files.write_atomic(out, page.html(composed).encode("utf-8"))
        log(f"{out} is written")
    if markdown is not None:
        files.write_atomic(markdown, page.markdown(composed).encode("utf-8"))
        log(f"{markdown} is written")
    click.echo(composed.headline)


def _write_site(folder: Path, composed: Page, content: ReportContent, corpus: Corpus) -> None:
    from sage_edge.analysis.report import site

    pages = site.write(folder, composed, content, corpus)
    log(f"{folder} is written, {counted(pages, 'page')}: open {folder / 'index.html'}")


def _content(corpus: Corpus, chosen: Corpus | None, declared: Claims, model: str | None) -> ReportContent:
    from sage_edge.analysis.claims import evaluate
    from sage_edge.analysis.report import collect

    here, elsewhere = evaluate.about(declared, () if chosen is None else chosen.dialogues)
    tested = evaluate.test(here, corpus if chosen is None else chosen, () if chosen is None else chosen.dialogues)
    content = replace(collect.gather(corpus, chosen, tested), elsewhere=tuple(claim.statement for claim in elsewhere))
    return content if model is None else replace(content, narrative=_narrative(model, tested))


def _narrative(name: str, tested: Sequence[ClaimFinding]) -> Narrative:
    from sage_edge.analysis import narrative
    from sage_edge.analysis.report.content import SEED
    from sage_edge.cli.model_list import library
    from sage_edge.engines import Deadline, Settings, open_engine
    from sage_edge.models.card import find

    shelves = library()
    model = shelves.resolve(find(name, shelves.names()))
    settings = Settings(min(_TOKENS, model.context_tokens), batch_tokens=128, threads=None, gpu_layers=-1)
    engine = open_engine("llamacpp", settings)
    log(f"{model.ref} puts {counted(len(tested), 'finding')} into words; that takes {_MINUTES} minutes at most")
    try:
        return narrative.narrate(engine, model, tested, seed=SEED, deadline=Deadline(60 * _MINUTES))
    finally:
        engine.close()
