"""The case files of `tests/cases/inspection/`: a tree, what it is, and the exact words in which it is refused.

A case with a `row` is one line of the list of bad input that the model road promises to refuse: it names the words of
message and hint in full, and `tests/cli/test_bad_models.py` reads them off the command's own output.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from sage_edge import errors, hints
from tests.models import building

CASES = Path(__file__).parents[1] / "cases" / "inspection"


def load(file: str) -> dict[str, Any]:
    """Return name → case."""
    content: dict[str, Any] = yaml.safe_load((CASES / file).read_text("utf-8"))
    return content


def plant(parent: Path, case: dict[str, Any]) -> tuple[Path, Path]:
    """Make the folder of a case, called `merged` as the one that fooled everybody; return it and what is asked for."""
    folder = parent / "merged"
    path = folder / case["ask"] if "ask" in case else folder
    if case.get("absent"):
        return folder, path
    folder.mkdir()
    tree = {
        name: {"json": building.index(total=kind["index"])} if "index" in kind else kind
        for name, kind in case["tree"].items()
    }
    building.plant(folder, tree, case.get("links"))
    return folder, path


def words(folder: Path, case: dict[str, Any], path: Path) -> dict[str, str]:
    """What stands for `{…}` in the case's sentences: path, folder, and sizes of the file that it says is `sized`."""
    if "sized" not in case:
        return {"path": str(path), "folder": str(folder)}
    size = (folder / case["sized"]).stat().st_size
    return {"path": str(path), "folder": str(folder), "size": str(size), "whole": str(size + 1), "rest": str(size - 16)}


def filled(text: str, known: dict[str, str]) -> str:
    """A sentence with its words put in."""
    return re.sub(r"\{(path|folder|size|whole|rest)\}", lambda match: known[match[1]], text)


def require_same(refusal: errors.SageError, expected: Any, known: dict[str, str]) -> None:
    """Fail unless a refusal is of the kind, and in the words, that a case expects."""
    assert type(refusal).__name__ == expected["kind"]
    assert refusal.message == filled(expected["message"], known)
    assert refusal.hint
    assert hints.text(refusal.hint) == filled(expected.get("hint", hints.text(refusal.hint)), known)
    assert str(refusal) == refusal.message
