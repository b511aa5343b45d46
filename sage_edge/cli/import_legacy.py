"""`sage-edge import-legacy DIR --into OUT`: the transcripts of an older system of the same family."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from sage_edge.cli import render, state_files
from sage_edge.cli.environment import json_option, log
from sage_edge.cli.place import Place
from sage_edge.legacy import import_folder
from sage_edge.legacy.report import FileRow, ImportReport
from sage_edge.sizes import counted

_EXAMPLES = 3
_MOST = 10
"""Lines that are shown of each list unless all are asked for: what a screen holds of the whole import."""
_COLUMNS = {
    "track": "track",
    "shape": "shape",
    "standing": "standing",
    "papers": "papers",
    "said": "utterances",
    "answers": "answers",
    "drills": "exercises",
    "turns": "turns",
    "failed": "failed",
}
"""Head of a column → field of a total; short, so that a row fits 80 characters."""


@click.command("import-legacy")
@click.argument("folder", type=Place(), metavar="DIR")
@click.option("--into", "out", type=Place(), required=True, metavar="OUT", help="A new folder.")
@click.option("--details", is_flag=True, help="Every line of every list, and every change of a counter.")
@json_option
def command(folder: Path, out: Path, details: bool, as_json: bool) -> None:
    """Read the transcripts of an older system below DIR into papers below OUT.

    DIR stays as it is, no link is followed. Every file is told: imported, the same content as another one, not a
    transcript, or refused with its reason; of long lists the first lines, unless --details asks for all. Versions of
    one state file are held against each other: which counters fell or jumped, and what cannot be read. The same DIR
    makes the same OUT; OUT may hold nothing else.
    """
    import_folder.apart(folder, out)
    planned = import_folder.plan(folder)
    written = import_folder.write(planned, out)
    report = planned.report
    if as_json:
        render.document("sage-edge/import/1", report.model_dump(mode="json"))
    else:
        most = None if details else _MOST
        _totals(report)
        _repairs(report, most)
        _others(report, most)
        _sentences("numbers", report.numbering, most)
        _sentences("state files", list(state_files.details(report)) if details else state_files.summary(report), most)
    log(_summary(report))
    log(f"{out / import_folder.REPORT} {'is written' if written else 'was there already; nothing was changed'}")


def _summary(report: ImportReport) -> str:
    """Return one line on every file, and on every item of the imported ones that is in no paper."""
    outcomes = ", ".join(f"{report.count(outcome)} {outcome}" for outcome in import_folder.OUTCOMES)
    left = sum(len(row.refused) for row in report.files if row.outcome == "imported")
    return f"{counted(len(report.files), 'file')}: {outcomes}" + (f"; {counted(left, 'item')} left out" if left else "")


def _totals(report: ImportReport) -> None:
    rows = [tuple(str(getattr(total, name)) for name in _COLUMNS.values()) for total in report.totals]
    if rows:
        render.table(tuple(_COLUMNS), rows)
    else:
        click.echo("no transcript was found")


def _repairs(report: ImportReport, most: int | None) -> None:
    sources: dict[str, list[str]] = {}
    for row in report.files:
        for repair in dict.fromkeys([*row.repairs, *(repair for paper in row.papers for repair in paper.repairs)]):
            sources.setdefault(repair, []).append(row.source)
    ordered = sorted(sources.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    _table("repaired", [(str(len(files)), f"{repair}: {_some(files, most)}") for repair, files in ordered], most)


def _others(report: ImportReport, most: int | None) -> None:
    """Refused files and items one by one; what is no transcript counted by what it is, its names where all is asked."""
    refused = [f"{row.source}: {row.reason}" for row in report.files if row.outcome == "refused"]
    refused += [
        f"{row.source}: {_items(row, most)}" for row in report.files if row.outcome == "imported" and row.refused
    ]
    _sentences("refused", refused, most)
    same = [f"{row.source}: {row.reason}" for row in report.files if row.outcome == "same-content"]
    _sentences("the same", same, most)
    others = [row for row in report.files if row.outcome == "not-a-transcript"]
    if most is None:
        _sentences("not a transcript", [f"{row.source}: {row.reason}" for row in others], most)
        return
    what = Counter((row.reason or "").split(";")[0] for row in others)
    ordered = sorted(what.items(), key=lambda entry: (-entry[1], entry[0]))
    _table("not a transcript", [(str(number), kind) for kind, number in ordered], most)


def _items(row: FileRow, most: int | None) -> str:
    return f"{len(row.refused)} of {row.found} items: {_some(row.refused, most)}"


def _table(title: str, rows: list[tuple[str, str]], most: int | None) -> None:
    if rows:
        more = [("", _more(rows, most))] if most is not None and len(rows) > most else []
        click.echo()
        render.table((title, ""), [*rows[:most], *more])


def _sentences(title: str, sentences: Sequence[str], most: int | None) -> None:
    if sentences:
        more = [_more(sentences, most)] if most is not None and len(sentences) > most else []
        click.echo()
        render.table((title,), [(sentence,) for sentence in (*sentences[:most], *more)])


def _more(lines: Sequence[object], most: int) -> str:
    return f"… and {len(lines) - most} more: --details"


def _some(things: Sequence[str], most: int | None) -> str:
    more = 0 if most is None else len(things) - _EXAMPLES
    if more <= 0:
        return ", ".join(things)
    return ", ".join(things[:_EXAMPLES]) + f" and {more} more"
