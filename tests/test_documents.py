"""What README, docs and CONTRIBUTING tell people to type exists: every command, every option, every path."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

import tasks
from sage_edge.cli import main

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
DOCUMENTS = {
    path.name: path.read_text("utf-8")
    for path in (README, *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md")
}
TEXT = DOCUMENTS["README.md"]
MOST_WORDS = 1400
"""What a newcomer is willing to read before the first command; the rest stands in docs/."""
DOORS = {"sage-edge": "sage-edge ", "invoke": "invoke ", "python3 tasks.py": "python3 tasks.py "}


def commands(text: str) -> list[str]:
    """Return every command in a fenced `sh` block or between back ticks that starts at one of our doors."""
    fenced = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return sorted({line.strip() for line in (*fenced, *inline) if line.startswith(tuple(DOORS.values()))})


def fault(line: str) -> str:
    """Return what is wrong with one command; nothing when it exists."""
    words = shlex.split(line)
    if words[0] == "sage-edge":
        return _click_fault(main, words[1:])
    return _invoke_fault(words[1:] if words[0] == "invoke" else words[2:])


def _click_fault(command: click.Command, words: list[str]) -> str:
    if words[-1:] == ["--help"]:
        return ""
    context = click.Context(main)
    while isinstance(command, click.Group):
        if not words:
            return "" if command.invoke_without_command else "ends at a group"
        chosen = command.get_command(context, words[0])
        if chosen is None:
            return f"no command {words[0]}"
        command, words = chosen, words[1:]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    unknown = [word for word in words if word.startswith("-") and word not in known]
    if unknown:
        return f"no option {unknown[0]}"
    needed = sum(parameter.required for parameter in arguments)
    return "" if len(_values(words)) >= needed else "lacks a value"


def _values(words: list[str]) -> list[str]:
    """Return the words that are neither an option nor an option's value."""
    return [word for before, word in zip(["", *words], words, strict=False) if not (word + before).startswith("-")]


def _invoke_fault(words: list[str]) -> str:
    if words[0] in ("--list", "--print-completion-script"):
        return ""
    words = [word for word in words if word != "--help"]
    if words[0] not in tasks.ns.task_names:
        return f"no task {words[0]}"
    known = {flag for argument in tasks.ns[words[0]].get_arguments() for flag in _flags(argument.names)}
    unknown = [word for word in words[1:] if word.startswith("-") and word not in known]
    return f"no option {unknown[0]}" if unknown else ""


def _flags(names: tuple[str, ...]) -> list[str]:
    return [f"{'-' if len(name) == 1 else '--'}{name.replace('_', '-')}" for name in names]


def test_the_readme_names_commands_of_every_door() -> None:
    lines = commands(TEXT)
    assert len(lines) > 15
    assert all(any(line.startswith(start) for line in lines) for start in DOORS.values())
    assert lines.index("python3 tasks.py demo") < lines.index("python3 tasks.py test")


@pytest.mark.parametrize(
    ("name", "line"), [(name, line) for name, text in DOCUMENTS.items() for line in commands(text)]
)
def test_every_command_exists(name: str, line: str) -> None:
    assert fault(line) == "", name


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("sage-edge fleet mend", "no command mend"),
        ("sage-edge deploy", "no command deploy"),
        ("sage-edge session", "ends at a group"),
        ("sage-edge session verify", "lacks a value"),
        ("sage-edge agent once --when TIME", "no option --when"),
        ("invoke conjure", "no task conjure"),
        ("invoke test --fast", "no option --fast"),
        ("python3 tasks.py conjure", "no task conjure"),
    ],
)
def test_a_command_that_is_not_there_is_found(line: str, says: str) -> None:
    assert fault(line) == says


_PATH = re.compile(r"`((?:tests|fleet|requirements|sage_edge|images|compose|tools|docs|\.ci)/[\w./-]*)`")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_exists(name: str) -> None:
    named = set(_PATH.findall(DOCUMENTS[name]))
    assert len(named) > 3
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_folder_that_proves_something_has_tests(name: str) -> None:
    named = re.findall(r"`(tests/\w+)`", DOCUMENTS[name])
    assert [path for path in named if not list((ROOT / path).rglob("test_*.py"))] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", DOCUMENTS[name])
    folder = ROOT if name in ("README.md", "CONTRIBUTING.md") else ROOT / "docs"
    assert [link for link in links if not (folder / link).exists()] == []


def test_the_readme_is_short() -> None:
    assert len(TEXT.split()) <= MOST_WORDS


def test_the_picture_shows_every_room_that_is_there() -> None:
    picture = next(block for block in TEXT.split("```")[1::2] if " roof " in block)
    rooms = {path.name.removesuffix(".py") for path in (ROOT / "sage_edge").iterdir()}
    rooms -= {"__init__", "__main__", "__pycache__", "py.typed"}
    assert sorted(room for room in rooms if not re.search(rf"\b{room}\b", picture)) == []
