"""How results, tables and errors look to people: one renderer for both programs, drawn by rich.

rich decides about colours (NO_COLOR, FORCE_COLOR, TERM, whether it is a terminal) and width. Into a pipe go plain lines
without padding. Untrusted text is sanitized before it reaches a terminal. `document` prints one JSON document.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sage_edge import hints, sanitize
from sage_edge.errors import SageError
from sage_edge.hints import Surroundings
from sage_edge.paths import shown

if TYPE_CHECKING:  # some commands show nothing that rich has to draw
    from rich.console import Console, RenderableType
    from rich.text import Text

_WIDEST = 100
_LIVE = re.compile("[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")
"""What a terminal may obey and JSON does not escape by itself: C1 controls, bidi overrides, zero-width characters."""


def document(schema: str, content: object) -> None:
    """Print exactly one JSON document, with its schema's name."""
    dumped = json.dumps({"schema": schema, "content": content}, ensure_ascii=False, indent=1)
    click.echo(_LIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", dumped))


def line(text: str, style: str = "", *, err: bool = False) -> None:
    """Print a line that is ours or sanitized, in a style of rich like `bold` or `red` where colours are shown."""
    from rich.text import Text

    _print(Text(text, style), err=err)


def marked(mark: str, style: str, lines: Sequence[str]) -> None:
    """Print lines of which the first one stands behind a mark in a style."""
    from rich.text import Text

    _print(Text(mark, style).append("\n".join(lines), "not bold default"))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, wrapped: int = 1, apart: bool = False) -> None:
    """Print a table of plain text, columns as wide as they need to be, the last ones wrapped to the terminal.

    wrapped: so many columns may be wrapped, between words and never within one, so that a path stays whole. Into a
    pipe each row is one line. apart: with an empty line between rows.
    """
    from rich.table import Table
    from rich.text import Text

    cells = [[sanitize.terminal(cell) for cell in row] for row in rows]
    whole = len(heads) - wrapped
    if not sys.stdout.isatty():
        whole = len(heads)
    columns = [[head, *column] for head, *column in zip(heads, *cells, strict=True)]
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), leading=int(apart))
    widths = _widths(columns, whole, width() - 2 * (len(heads) - 1))
    for number, (head, taken) in enumerate(zip(heads, widths, strict=True)):
        grid.add_column(Text(head, "bold"), no_wrap=number < whole, width=taken)
    for row in cells:
        grid.add_row(*map(Text, row))
    _print(grid, width=sum(widths) + 2 * len(heads))


def _widths(columns: Sequence[Sequence[str]], whole: int, room: int) -> list[int]:
    """Return how wide each column is: the first `whole` as they need; the others as there is room, words unbroken."""
    needed = [max(map(len, column)) for column in columns]
    widths = [
        width if number < whole else min(width, _longest_word(column))
        for number, (width, column) in enumerate(zip(needed, columns, strict=True))
    ]
    for number in range(whole, len(columns)):
        share = max(0, room - sum(widths)) // (len(columns) - number)
        widths[number] = min(needed[number], widths[number] + share)
    return widths


def _longest_word(cells: Sequence[str]) -> int:
    return max(20, *(len(word) for cell in cells for word in cell.split()))


def surroundings(overlay: str | None = None, addresses: Path | None = None) -> Surroundings:
    """What errors and hints need to know here: the overlay, how a person starts our programs, the terminal's width.

    addresses: the folder with ssh_config and known_hosts, by default that of a checkout.
    """
    folder = "fleet" if addresses is None else shown(addresses)
    columns = shutil.get_terminal_size((80, 24)).columns if sys.stderr.isatty() else None
    if os.environ.get(STARTED_BY_SCRIPT):
        return Surroundings(overlay, "python3 tasks.py", ".venv/bin/sage-edge", columns, folder)
    return Surroundings(overlay, width=columns, addresses=folder)


STARTED_BY_SCRIPT = "SAGE_STARTED_BY_SCRIPT"
"""Set by `python3 tasks.py`: who types that has no `invoke` and no `sage-edge` on the PATH."""


def error(refusal: SageError, where: Surroundings) -> Text:
    """Return what happened and what to type next, as both programs show it.

    The message hangs beside its label and is wrapped to a width that is known; a next step stays whole, to be copied.
    """
    from rich.text import Text

    drawn = Text()
    drawn.append("error: ", "bold red").append("\n       ".join(_lines(refusal.message, where.width, 7)))
    if hint := hints.text(refusal.hint, where):
        drawn.append("\n next: ", "bold").append(sanitize.terminal(hint))
    return drawn


def complain(refusal: SageError, where: Surroundings | None = None) -> None:
    """Print an error on stderr."""
    _print(error(refusal, where or surroundings()), err=True)


def failed(host: str, refusal: SageError, where: Surroundings) -> None:
    """Print on stdout, among the results of other hosts, what became of one host and what to type next."""
    from rich.text import Text

    drawn = Text(f"{host:<12} ")
    drawn.append("failed", "red").append(f": {sanitize.terminal(refusal.message)}")
    if hint := hints.text(refusal.hint, where):
        drawn.append(f"\n{'':<12}   next: {sanitize.terminal(hint)}")
    _print(drawn)


def _lines(message: str, columns: int | None, left: int) -> list[str]:
    """A message's own lines, each wrapped where a width is known; a line that is indented keeps its indent."""
    lines: list[str] = []
    for given in message.splitlines() or [""]:
        indent = " " * (len(given) - len(given.lstrip(" ")))
        text = indent + sanitize.terminal(given.strip())
        if columns is None:
            lines.append(text)
        else:
            options = {"subsequent_indent": indent, "break_long_words": False, "break_on_hyphens": False}
            lines += textwrap.wrap(text, max(20, columns - left), **options) or [""]  # type: ignore[arg-type]
    return lines


def _print(drawing: RenderableType, *, err: bool = False, width: int | None = None) -> None:
    """Let rich draw, and click write: it knows what to do when whoever read our output has gone."""
    console = _console(err=err, width=width)
    with console.capture() as drawn:
        console.print(drawing, soft_wrap=width is None)
    text = drawn.get()
    if not console.is_terminal:
        text = "".join(f"{row.rstrip()}\n" for row in text.splitlines())
    click.echo(text, nl=False, err=err, color=True)


def _console(*, err: bool, width: int | None) -> Console:
    from rich.console import Console

    return Console(stderr=err, width=width, highlight=False, markup=False, emoji=False)


def beside(left: int, text: str) -> list[str]:
    """Return untrusted text in lines that fit the terminal beside `left` columns; at least one."""
    return textwrap.wrap(sanitize.terminal(text), max(20, width() - left)) or [""]


def width() -> int:
    """Return how many columns lines for people have."""
    return min(_WIDEST, shutil.get_terminal_size((80, 24)).columns)
