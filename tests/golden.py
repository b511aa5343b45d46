"""Texts that people read, compared with files of tests/cases/golden; `invoke test --renew-golden` writes them anew."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "cases" / "golden"


def compare(name: str, sections: dict[str, str], request: pytest.FixtureRequest) -> None:
    """Hold texts against a file, each under its title; with --renew-golden, write the file instead."""
    text = "\n".join(f"### {title}\n{body.rstrip()}\n" for title, body in sections.items())
    path = FOLDER / name
    if request.config.getoption("--renew-golden"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    expected = path.read_text("utf-8") if path.is_file() else ""
    changed = list(difflib.unified_diff(expected.splitlines(), text.splitlines(), name, "now", lineterm="", n=1))
    assert not changed, "\n".join((*changed, "if the new text is meant: invoke test --renew-golden"))
