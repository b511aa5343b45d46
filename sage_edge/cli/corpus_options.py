"""What commands share that read a corpus: where it lies, and the cache that spares the second reading."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from sage_edge import hints, paths
from sage_edge.cli.completion import hosts, offered
from sage_edge.cli.environment import log
from sage_edge.cli.place import Place
from sage_edge.errors import UsageError
from sage_edge.hints import sage

if TYPE_CHECKING:
    from sage_edge.analysis.corpus import Corpus
    from sage_edge.analysis.corpus.sources import PaperSource

F = TypeVar("F", bound=Callable[..., object])

_SHOWN = 10


def options(command: F) -> F:
    """Add --corpus, --exchange, --host and --mind to a command."""
    command = click.option("--mind", metavar="NAME", help="Which mind's sessions, where a host has several.")(command)
    command = click.option(
        "--host", metavar="HOST", shell_complete=offered(hosts), help="Whose sessions, where several hosts have some."
    )(command)
    command = click.option("--exchange", type=Place(), metavar="REPO", help="The hub, or a clone of it.")(command)
    return click.option("--corpus", type=Place(), metavar="DIR", help="A folder of transcripts, or of an import.")(
        command
    )


def source(corpus: Path | None, exchange: Path | None) -> PaperSource:
    """Return where the papers lie. Raises UsageError unless exactly one place is named, and there is one."""
    from sage_edge.analysis.corpus import Branches, Folder

    if corpus is not None and exchange is None:
        return Folder.at(corpus)
    if exchange is not None and corpus is None:
        return Branches.at(exchange)
    what = "both a folder and an exchange are" if corpus else "neither a folder nor an exchange is"
    raise UsageError(f"{what} named", hint="name one of them: --corpus DIR or --exchange REPO")


@contextlib.contextmanager
def opened(papers: PaperSource, *, rescore: bool = False) -> Iterator[Corpus]:
    """Hold a corpus with its cache for the body. rescore: forget what was computed before."""
    from sage_edge.analysis.corpus import Corpus
    from sage_edge.analysis.corpus.score_cache import throw_away, writing

    place = cache_of(papers)
    if rescore:
        with writing(place, log) as held:
            if held is not None:
                throw_away(held)
    with _bar() as progress, Corpus.open(papers, place, log=log, progress=progress) as corpus:
        yield corpus


def cache_of(papers: PaperSource) -> Path:
    """Return the file that keeps what was computed about a corpus."""
    name = hashlib.sha256(papers.key.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return paths.cache(os.environ) / "analysis" / f"{name}.sqlite"


def tell_refused(corpus: Corpus, folder: Path | None, exchange: Path | None) -> None:
    """Say on stderr what was not believed and what is odd; nothing when all is well. folder, exchange: as typed."""
    lines = [f"refused: {paper.place}: {paper.reason}" for paper in corpus.refused]
    lines += [f"note: {problem}" for problem in corpus.problems]
    for line in lines[:_SHOWN]:
        log(line)
    if len(lines) > _SHOWN:
        typed = (str(place) if place else None for place in (folder, exchange))
        every = hints.text(sage("analyse", **dict(zip(("corpus", "exchange"), typed, strict=True)), json=True))
        log(f"and {len(lines) - _SHOWN} more; all of them: {every}")


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr while sessions are measured; nothing where nobody looks, or nothing is to be done."""
    if not sys.stderr.isatty():
        yield lambda done, of: None  # noqa: ARG005 - nobody looks
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("measuring sessions", visible=False)
        yield lambda done, of: bar.update(task, completed=done, total=of, visible=done < of)
