"""`sage-edge corpus`: the sessions as tables, for other programs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from sage_edge import sanitize
from sage_edge.cli import corpus_options, render
from sage_edge.cli.environment import json_option, log
from sage_edge.cli.lazy_group import Listed
from sage_edge.cli.place import Place
from sage_edge.errors import LibraryMissing


@click.group(cls=Listed, help="The sessions of a folder or of the exchange, as a dataset.")
def command() -> None:
    """Group of the corpus commands."""


@command.command()
@corpus_options.options
@click.option("--parquet", "out", type=Place(), required=True, metavar="DIR", help="A new folder, for the tables.")
@json_option
def export(
    corpus: Path | None, exchange: Path | None, host: str | None, mind: str | None, out: Path, as_json: bool
) -> None:
    """Write sessions, turns, measures, decisions and trials as Parquet tables, with a data sheet.

    The tables hold every paper that is believed, each mark of every scorer, and the words as they were said; the data
    sheet, README.md and dataset.json, says what each column means, how many rows there are, and what was left out and
    why. DIR appears whole or not at all, and may hold nothing but the same export. Decisions and trials are read from
    an exchange alone.
    """
    papers = corpus_options.source(corpus, exchange)
    try:
        from sage_edge.analysis.dataset.export import export as written
    except ImportError as missing:
        raise LibraryMissing(missing.name or "pyarrow", "dataset") from None
    with corpus_options.opened(papers) as opened:
        opened.owners(host, mind)
        exported = written(dataclasses.replace(opened, host=host, mind=mind), out)
        corpus_options.tell_refused(opened, corpus, exchange)
    if as_json:
        render.document("sage-edge/export/1", {"rows": dict(exported.rows), "new": exported.is_new})
    else:
        render.table(("table", "rows"), [(table, f"{rows:,}") for table, rows in exported.rows.items()])
    place = sanitize.terminal(str(out))
    log(f"{place} is written" if exported.is_new else f"{place} was there already; nothing was changed")
