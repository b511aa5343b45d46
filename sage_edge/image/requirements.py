"""The hashed requirements of every image, made from pyproject.toml and requirements/constraints.txt by `uv`.

    images/<name>/requirements.txt          for its board: that Python, aarch64
    images/<name>/requirements-cpu.txt      for every Python from 3.10 and every processor, with markers
    images/<name>/requirements-build.txt    what a build compiles llama.cpp with

They say which bytes, and no word about where those come from: that is the machine's own setting. What is pinned in no
constraint stays as it is in the file, until an upgrade is asked for.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sage_edge import shell
from sage_edge.image import spec
from sage_edge.image.errors import NamesAPlace, NoCompiler, NotPinned, Offline
from sage_edge.image.spec import ImageCard, Variant
from sage_edge.shell import Command

OLDEST = "3.10"
CONSTRAINTS = "requirements/constraints.txt"
BOARD = "aarch64-manylinux_2_28"
COMPILE_S = 600.0


@dataclass(frozen=True)
class Sheet:
    """One requirements file and how it is made. asked: as requirements, empty for pyproject.toml with `extras`.

    python None: every one from 3.10, on every processor. pins: instead of what the constraints say.
    """

    path: Path
    extras: tuple[str, ...]
    asked: tuple[str, ...]
    python: str | None
    pins: tuple[tuple[str, str], ...] = ()

    def words(self, uv: str, constraints: Path, output: Path, *, upgrade: bool) -> tuple[str, ...]:
        """The command line that makes it."""
        place = ("--universal",) if self.python is None else ("--python-platform", BOARD)
        extras = (word for extra in self.extras for word in ("--extra", extra))
        return (
            uv, "pip", "compile", "-" if self.asked else "pyproject.toml", *extras, "--constraints", str(constraints),
            "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links",
            "--python-version", self.python or OLDEST, *place, "--output-file", str(output), "--quiet",
            *(("--upgrade",) if upgrade else ()),
        )  # fmt: skip


def sheets(root: Path) -> Iterator[Sheet]:
    """Yield every requirements file that the image cards name. Raises DeclarationError."""
    for card in spec.read_cards(root / "images").values():
        for platform, variant in card.platforms.items():
            yield _sheet(root, card, variant, card.brings(platform))
            if variant.compiler:
                path = root / "images" / card.name / variant.compiler.requirements
                yield Sheet(path, (), variant.compiler.needs, variant.python)


def _sheet(root: Path, card: ImageCard, variant: Variant, extras: tuple[str, ...]) -> Sheet:
    path = root / "images" / card.name / variant.requirements
    return Sheet(path, extras, (), variant.python, tuple(sorted(variant.pins.items())))


def tool() -> str:
    """Return the path of uv: the environment's own, or the machine's. Raises NoCompiler."""
    beside = Path(sys.executable).with_name("uv")
    program = str(beside) if beside.is_file() else shutil.which("uv")
    if program is None:
        raise NoCompiler
    return program


def compiled(root: Path, sheet: Sheet, *, upgrade: bool = False) -> str:
    """Return the text of a requirements file as it is to be. Raises NoCompiler, NotPinned, Offline, NamesAPlace."""
    uv = tool()
    with tempfile.TemporaryDirectory(prefix="sage-pin-") as scratch:
        constraints, output = Path(scratch) / "constraints.txt", Path(scratch) / "out.txt"
        constraints.write_text(constrained((root / CONSTRAINTS).read_text("utf-8"), dict(sheet.pins)), "utf-8")
        if sheet.path.is_file():
            shutil.copyfile(sheet.path, output)
        words = sheet.words(uv, constraints, output, upgrade=upgrade)
        asked = "\n".join(sheet.asked).encode()
        done = shell.attempt(Command(words, timeout_s=COMPILE_S, cwd=root, stdin=asked))
        if done.code != 0:
            raise _failure(sheet, done.complaint)
        text = output.read_text("utf-8")
    if lines := places(text):
        raise NamesAPlace(sheet.path.name, lines)
    return text


def _failure(sheet: Sheet, complaint: str) -> NotPinned:
    tail = "\n".join(complaint.splitlines()[-12:])
    name = f"images/{sheet.path.parent.name}/{sheet.path.name}"
    if re.search(r"failed to fetch|error sending request|dns error|client error", complaint, re.IGNORECASE):
        return Offline(f"{name}: the package index did not answer:\n{tail}", hint="is the network there? then again")
    return NotPinned(f"{name}: no set of versions fits:\n{tail}", hint=f"mend pyproject.toml or {CONSTRAINTS}")


def constrained(constraints: str, pins: dict[str, str]) -> str:
    """Return constraints in which these packages have these versions. A pin of nothing that is constrained is added."""
    kept = [line for line in constraints.splitlines() if re.split(r"==|\s", line, maxsplit=1)[0] not in pins]
    return "\n".join([*kept, *(f"{name}=={version}" for name, version in sorted(pins.items()))]) + "\n"


def places(text: str) -> list[str]:
    """Return the lines of requirements that say where to fetch from."""
    return [
        line
        for line in text.splitlines()
        if "://" in line or " @ " in line or (line.lstrip().startswith("-") and not line.lstrip().startswith("--hash="))
    ]


def versions(text: str) -> list[str]:
    """Return `name==version`, with its marker, of every entry."""
    return [line.rstrip("\\ ").rstrip() for line in text.splitlines() if re.match(r"[a-z0-9]", line)]


def changes(before: str, after: str) -> list[str]:
    """Return what differs in words: `- name==1`, `+ name==2`, or that only hashes do; empty for equal texts."""
    old, new = versions(before), versions(after)
    lines = [*(f"- {pin}" for pin in old if pin not in new), *(f"+ {pin}" for pin in new if pin not in old)]
    return lines or (["only hashes differ"] if before != after else [])
