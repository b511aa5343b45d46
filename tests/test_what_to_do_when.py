"""docs/what-to-do-when.md has a row for each message that names a next step, and no row for a message that is gone.

That every command on that page exists is checked with all other documents, in `tests/test_documents.py`.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.next_steps import NextStep, Source, all_of_the_source, steps_of
from tests.source_files import REPOSITORY, Module, modules
from tests.source_texts import pattern, shown

PAGE = REPOSITORY / "docs" / "what-to-do-when.md"
PASSED_ON = {
    "sage_edge/inventory/host_card.py": "the words are those of the fault in the card",
    "tools/findings/__main__.py": "the words are those of the engine that it could not open",
}
"""Files that give a next step to words which are not theirs, so that no row can name them; and whose they are."""


@dataclass(frozen=True)
class Row:
    """One row of the page. line: from 1; messages: in capitals what only a run knows; do: what to do."""

    line: int
    section: str
    messages: tuple[str, ...]
    do: str


def rows(text: str) -> list[Row]:
    """Return every row of the page's tables."""
    section, held = "", []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("| `"):
            says, do = re.split(r"(?<!\\)\|", line)[1:3]
            spans = re.findall(r"(`+) ?(.+?) ?\1(?=<br>|\s*$)", says.strip())
            held.append(Row(number, section, tuple(span.replace("\\|", "|") for _, span in spans), do.strip()))
    return held


ROWS = rows(PAGE.read_text("utf-8"))


def row_for(step: NextStep) -> Row | None:
    """Return the row of a message."""
    return next((row for row in ROWS if any(map(step.pattern.fullmatch, row.messages))), None)


def section_of(step: NextStep) -> str:
    """Return the part of the page in which most messages of a message's folder stand."""
    folder = step.places[0].rsplit("/", 1)[0]
    near = (row_for(other) for other in all_of_the_source() if other.places[0].rsplit("/", 1)[0] == folder)
    return next((name for name, _ in Counter(row.section for row in near if row).most_common(1)), "Any command")


def as_row(step: NextStep) -> str:
    """Return the row to paste for a message, with the words that it says itself."""
    fence = "``" if "`" in step.spoken else "`"
    space = " " if fence == "``" else ""
    says = f"{fence}{space}{step.spoken}{space}{fence}".replace("|", "\\|")
    return f"| {says} | {step.steps[0].replace('|', chr(92) + '|')} |"


def test_every_message_has_a_row() -> None:
    lacking = [step for step in all_of_the_source() if row_for(step) is None]
    told = [f"{step.places[0]}: add below `## {section_of(step)}`:\n{as_row(step)}" for step in lacking]
    assert not told, "docs/what-to-do-when.md lacks rows.\n" + "\n".join(told)


def _messages() -> Iterator[tuple[Row, str]]:
    return ((row, message) for row in ROWS for message in row.messages)


def test_every_row_is_of_a_message() -> None:
    known = all_of_the_source()
    told = []
    for row, message in _messages():
        if not any(step.pattern.fullmatch(message) for step in known):
            near = difflib.get_close_matches(message, [step.spoken for step in known], 1, 0.0)
            told.append(f"line {row.line}: nobody says `{message}` any more; remove it, or write it as `{near[0]}`")
    assert not told, "docs/what-to-do-when.md has rows without a message.\n" + "\n".join(told)


_COMMAND = re.compile(r"\b(?:invoke [a-z][\w.-]*|sage-edge [a-z][a-z-]*(?: [a-z][a-z-]*)?)")


def commands(text: str) -> frozenset[str]:
    """Return which tasks and commands a text names, without their values."""
    return frozenset(_COMMAND.findall(text))


def test_a_row_names_the_command_that_its_message_names() -> None:
    told = []
    for step in all_of_the_source():
        row = row_for(step)
        if row and not any(commands(said) <= commands(row.do) for said in step.steps):
            told.append(f"line {row.line}: `{step.spoken}` ({step.places[0]}) says: {step.steps[0]}")
    assert not told, "docs/what-to-do-when.md says otherwise than the message.\n" + "\n".join(told)


def test_no_message_stands_twice() -> None:
    told = Counter(message for _, message in _messages())
    assert [message for message, times in told.items() if times > 1] == []


def test_every_file_that_names_next_steps_was_read() -> None:
    read = {place.split(":")[0] for step in all_of_the_source() for place in step.places}
    naming = {module.path for module in modules().values() if _gives_steps(module)}
    assert naming - read == PASSED_ON.keys()


def _gives_steps(module: Module) -> bool:
    """Whether a file raises an error with a next step itself."""
    raised = (node.exc for node in ast.walk(module.tree) if isinstance(node, ast.Raise))
    calls = (node for node in raised if isinstance(node, ast.Call))
    return any(any(key.arg == "hint" for key in call.keywords) or "Refusal" in ast.unparse(call.func) for call in calls)


SOURCE = """
from sage_edge.errors import SageError
from sage_edge.hints import invoke, sage

_AGAIN = "start again"
_WHY = {1: "it is full", 2: "it is gone"}


class Full(SageError):
    next_step = ("see: ", invoke("status", host="HOST"))

    def __init__(self, host, what="its disk"):
        self.what = what
        super().__init__(f"{host} cannot go on: {self.what}", hint=self.next_step)


class Fuller(Full):
    next_step = invoke("prune", host="HOST", yes=True)


def _bad(what):
    return SageError(f"this cannot be: {what}", hint=_AGAIN)


def _pairs():
    yield "a first thing", "do this"
    yield "a second thing", "do that"


def plain(name):
    raise SageError(f"no model named {name!r} is here", hint=sage("model list"))


def chosen(number, short):
    why = "it is too short" if short else f"it has {number} words"
    raise Full("sprout", why)


def of_a_table(number):
    raise SageError(f"nothing goes on: {_WHY[number]}", hint=_AGAIN)


def by_default():
    raise Fuller("thor")


def helped(seen):
    raise _bad(f"{seen} and nothing else")


def unpacked():
    for what, hint in _pairs():
        raise SageError(what, hint=hint)


def without():
    raise SageError("nobody says what to do now")
"""


def test_each_way_in_which_a_message_is_made_is_read() -> None:
    made = Module("made.py", ast.parse(SOURCE))
    home = {name: modules()[name] for name in ("sage_edge.errors", "sage_edge.hints")}
    steps = steps_of(Source({**home, "made": made}))
    found = {step.spoken: step.steps for step in steps if "made.py" in step.places[0]}
    assert found == {
        "no model named NAME is here": ("`sage-edge model list`",),
        "sprout cannot go on: it is too short": ("see: `invoke status --host HOST`",),
        "sprout cannot go on: it has NUMBER words": ("see: `invoke status --host HOST`",),
        "nothing goes on: it is full": ("start again",),
        "nothing goes on: it is gone": ("start again",),
        "thor cannot go on: its disk": ("`invoke prune --host HOST --yes`",),
        "this cannot be: SEEN and nothing else": ("start again",),
        "a first thing": ("do this",),
        "a second thing": ("do that",),
    }


@pytest.mark.parametrize(
    ("row", "matches"),
    [
        ("HOST is full", True),
        ("BOARD is full", True),
        ("a board is full", False),
        ("HOST is fuller", False),
    ],
)
def test_a_capital_word_stands_for_what_only_a_run_knows(row: str, matches: bool) -> None:
    text = "\x01HOST\x02 is full"
    assert (pattern(text).fullmatch(row) is not None) == matches
    assert shown(text) == "HOST is full"


def test_a_row_may_hold_back_ticks_and_bars() -> None:
    (row,) = rows("## Part\n\n| `` say `start` `` <br>`a \\| b` | do `x` |\n".replace(" <br>", "<br>"))
    assert row.messages == ("say `start`", "a | b")
    assert (row.section, row.do, row.line) == ("Part", "do `x`", 3)
