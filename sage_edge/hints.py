"""Next steps as values: a command to type, a sentence, or both; put into words only where somebody reads them.

    Hint = sentence | NextCommand | a tuple of both, read one after the other

What raises an error knows the command and its host. Only the roof knows under which name a person started this program
and which overlay lies over the fleet, so only `text` adds them.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Program = Literal["invoke", "sage-edge", "ssh"]
OVER_HOSTS = frozenset({"host", "role", "all"})
"""Options by which a task of invoke is for hosts, so that it needs to be told the overlay that declares them."""


@dataclass(frozen=True)
class NextCommand:
    """One command to type. words: its verb and values; options: name without dashes, and value (True for a flag)."""

    program: Program
    words: tuple[str, ...]
    options: tuple[tuple[str, str | bool], ...] = ()


Hint: TypeAlias = "str | NextCommand | tuple[str | NextCommand, ...]"


def invoke(task: str, /, *values: str, **options: str | bool | None) -> NextCommand:
    """Return a task of the workstation: `invoke("deploy", host=host, dry_run=True)`; None or False leave it out."""
    return _command("invoke", task, values, options)


def sage(verb: str, /, *values: str, **options: str | bool | None) -> NextCommand:
    """Return a command of this machine: `sage("model prepare", ref)`; None or False leave an option out."""
    return _command("sage-edge", verb, values, options)


def ssh(*words: str) -> NextCommand:
    """Return an ssh over the fleet's own ssh_config, wherever that lies: `ssh(host, "true")`."""
    return NextCommand("ssh", words)


def _command(
    program: Program, verb: str, values: tuple[str, ...], options: dict[str, str | bool | None]
) -> NextCommand:
    given = {name.strip("_").replace("_", "-"): value for name, value in options.items()}
    return NextCommand(
        program, (*verb.split(), *values), tuple((name, value) for name, value in given.items() if value)
    )


@dataclass(frozen=True)
class Surroundings:
    """What only the roof knows: the overlay over the fleet, and how a person starts `invoke` and `sage-edge` here.

    width: columns of their terminal; None: there is none, and nothing is wrapped. addresses: folder of the ssh_config.
    """

    overlay: str | None = None
    invoke: str = "invoke"
    sage: str = "sage-edge"
    width: int | None = None
    addresses: str = "fleet"


def text(hint: Hint, surroundings: Surroundings | None = None) -> str:
    """Return a hint in words, its commands as somebody types them in these surroundings; empty for no hint."""
    where = surroundings or Surroundings()
    parts = hint if isinstance(hint, tuple) else (hint,)
    return "".join(part if isinstance(part, str) else _typed(part, where) for part in parts)


def _typed(command: NextCommand, where: Surroundings) -> str:
    options = dict(command.options)
    if command.program == "invoke" and where.overlay and OVER_HOSTS & options.keys():
        options.setdefault("fleet", where.overlay)
    words = [quoted(word) for word in command.words]
    named = [_option(name, value) for name, value in options.items()]
    dashed = (at for at, word in enumerate(command.words) if word.startswith("-") and command.program == "sage-edge")
    if (first := next(dashed, None)) is not None:  # what follows is a name and no option
        words, named = [*words[:first], *named, "--", *words[first:]], []
    programs = {"invoke": where.invoke, "sage-edge": where.sage, "ssh": f"ssh -F {quoted(where.addresses)}/ssh_config"}
    return " ".join((programs[command.program], *words, *named))


def _option(name: str, value: str | bool) -> str:
    if value is True:
        return f"--{name}"
    word = str(value)
    return f"--{name}{'=' if word.startswith('-') else ' '}{quoted(word)}"


def quoted(word: str) -> str:
    """Return a word as bash and zsh read it back, byte by byte, with nothing in it that a terminal obeys or leaves out.

    Placeholders like HOST or FOLDER and an ellipsis stay as they are.
    """
    if word.isprintable():
        return word if word == "…" else shlex.quote(word)
    return f"$'{''.join(map(_escaped, word))}'"


def _escaped(letter: str) -> str:
    if letter.isprintable():
        return f"\\{letter}" if letter in "\\'" else letter
    is_byte = "\udc80" <= letter <= "\udcff"  # how Python holds a byte of a name that is no UTF-8
    return "".join(
        f"\\x{byte:02x}" for byte in letter.encode("utf-8", "surrogateescape" if is_byte else "surrogatepass")
    )


def mapped(hint: Hint, change: Callable[[NextCommand], NextCommand]) -> Hint:
    """Return a hint whose commands went through `change`: for a caller who knows a value that the raiser did not."""
    if isinstance(hint, tuple):
        return tuple(part if isinstance(part, str) else change(part) for part in hint)
    return hint if isinstance(hint, str) else change(hint)


def filled(hint: Hint, placeholder: str, value: str) -> Hint:
    """Return a hint whose commands have `value` in the place of a placeholder such as REF or PATH."""

    def fill(command: NextCommand) -> NextCommand:
        words = tuple(value if word == placeholder else word for word in command.words)
        options = tuple((name, value if given == placeholder else given) for name, given in command.options)
        return NextCommand(command.program, words, options)

    return mapped(hint, fill)


def plain(hint: Hint) -> list[object]:
    """Return a hint as JSON can keep it between two processes of ours; `from_plain` reads it."""
    parts = hint if isinstance(hint, tuple) else (hint,)
    return [part if isinstance(part, str) else [part.program, part.words, part.options] for part in parts]


def from_plain(parts: Iterable[Any]) -> Hint:
    """Return the hint that `plain` wrote."""
    read = tuple(part if isinstance(part, str) else _command_of(*part) for part in parts)
    return read[0] if len(read) == 1 else read


def _command_of(program: Program, words: Iterable[str], options: Iterable[Iterable[Any]]) -> NextCommand:
    return NextCommand(program, tuple(words), tuple((name, value) for name, value in options))
