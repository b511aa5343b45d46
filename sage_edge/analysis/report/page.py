"""The report as one HTML file that needs nothing around it, and as Markdown for git.

    Content ── compose ──► Page ──► templates/page.html   no script, no link out, a policy that allows neither
                                └─► templates/page.md

Every text is sanitized on its way out, by the environment and not by the care of a template.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sage_edge import sanitize
from sage_edge.analysis.report.blocks import Block
from sage_edge.analysis.report.sections import Page
from sage_edge.names import Digest

_BLANK = re.compile(r"\n{3,}")
NO_LINKS: Mapping[Digest, str] = MappingProxyType({})
_LOADER = PackageLoader("sage_edge.analysis.report")


def html(page: Page, links: Mapping[Digest, str] = NO_LINKS) -> str:
    """Return the report as a page. links: where the page of a session is, by its seal, for a report that has some."""
    return _SHEETS.get_template("page.html").render(page=page, links=links, style=style())


def style() -> Markup:
    """Return the style sheet of every page."""
    text, _, _ = _LOADER.get_source(_SHEETS, "style.css")
    return Markup(text)  # noqa: S704 - our own file


def markdown(page: Page) -> str:
    """Return the report as Markdown: the same words and tables, without the pictures."""
    return _BLANK.sub("\n\n", _NOTES.get_template("page.md").render(page=page)).strip() + "\n"


@dataclass(frozen=True)
class _Run:
    """Neighbouring blocks of one kind; or a `Pair`, a picture and the table that belongs beside it."""

    kind: str
    blocks: tuple[Block, ...]


def _runs(blocks: Sequence[Block]) -> list[_Run]:
    runs: list[_Run] = []
    for kind, group in itertools.groupby(blocks, key=_kind):
        run = _Run(kind, tuple(group))
        last = runs[-1] if runs else run
        if kind == "Table" and last.kind == "Figure" and len(last.blocks) == 1:
            runs[-1:] = [_Run("Pair", (*last.blocks, run.blocks[0]))]
            run = _Run(kind, run.blocks[1:])
        runs += [run] if run.blocks else []
    return runs


def _kind(thing: object) -> str:
    return type(thing).__name__


def _fenced(text: str) -> Markup:
    """Return text as a block of code that nothing in it can end."""
    lines = "\n".join(sanitize.page(line) for line in text.splitlines())
    return Markup(f"``````text\n{lines.replace('```', '`` `')}\n``````")  # noqa: S704 - a block of code in Markdown


def _lines(text: str) -> Markup:
    """Every line whole: what is too long for one goes on, and nothing is left out."""
    return Markup("\n").join(Markup("").join(map(sanitize.page, _pieces(line))) for line in text.splitlines())


def _pieces(line: str) -> list[str]:
    return [line[at : at + sanitize.LONGEST] for at in range(0, len(line), sanitize.LONGEST)]


def _for_html(value: object) -> object:
    return value if isinstance(value, Markup) else sanitize.page(str(value))


def _for_markdown(value: object) -> Markup:
    # marked as done, so that nothing is escaped for a page as well
    return value if isinstance(value, Markup) else Markup(sanitize.markdown(str(value)))  # noqa: S704


def _environment(finalize: Callable[[object], object]) -> Environment:
    environment = Environment(
        loader=_LOADER, autoescape=True, undefined=StrictUndefined, finalize=finalize, keep_trailing_newline=True
    )
    environment.filters.update(kind=_kind, runs=_runs, fenced=_fenced, lines=_lines, drawn=Markup)
    return environment


_SHEETS, _NOTES = _environment(_for_html), _environment(_for_markdown)
