"""Outputs that are really built, in nix's sandbox: from the flake's own source set, by its own commands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.nix_check.errors import NotBuilt, NothingTested, SourceMissing
from tools.nix_check.flake import SYSTEM, Flake, last_error

LINES = 25
"""So many of the last lines of a build are shown."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LOG = re.compile(r"^[\w.+-]+> ?(.*)$")
_ABSENT = re.compile(r"does not exist|No such file or directory|not found|can't open|No module named '([\w.]+)'")
_NAME = re.compile(r"[\w./-]+")
_ALL_SKIPPED = "no test passed"
"""What nix/checks.nix says when a check ran no test."""


def build(flake: Flake, output: str, timeout_s: float = 1800.0) -> str:
    """Build one output for this machine's system, like `checks.ruff`. Raises NotBuilt, SourceMissing, NothingTested."""
    kind, _, name = output.partition(".")
    asked = flake.ask("build", f"{kind}.{SYSTEM}.{name}", "--no-link", "--print-build-logs", timeout_s=timeout_s)
    if asked.code == 0:
        return ended(asked.complaint)
    log = said(asked.complaint)
    shown = "\n".join(log[-LINES:]) or last_error(asked)
    if any(_ALL_SKIPPED in line for line in log):
        raise NothingTested(f"{output} skipped all of its tests:\n{shown}", output=asked.complaint)
    if left_out := next(absent(log, flake.known()), None):
        message = f"{output} does not build without {left_out}, which the flake's source set leaves out:\n{shown}"
        raise SourceMissing(message, output=asked.complaint)
    raise NotBuilt(f"{output} does not build:\n{shown}", output=asked.complaint)


def absent(log: list[str], known: list[str]) -> Iterator[str]:
    """Yield each file of the checkout that a build looked for and did not have."""
    files = set(known)
    for line in log:
        if match := _ABSENT.search(line):
            module = (match[1] or "").replace(".", "/")
            names = (*_NAME.findall(line), f"{module}.py", f"{module}/__init__.py")
            yield from (name for name in (word.removeprefix("./") for word in names) if name in files)


def ended(complaint: str) -> str:
    """Return the last line that a build printed, as its result; empty for a build that says nothing."""
    return next((line.strip("= ") for line in reversed(said(complaint)) if line.strip()), "")


def said(complaint: str) -> list[str]:
    """Return the lines that builds printed, without the colours that some give to what they take for a terminal."""
    return [match[1] for line in _COLOUR.sub("", complaint).splitlines() if (match := _LOG.match(line))]
