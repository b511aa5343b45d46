"""Cases of a matrix that `.ci/run` tries: drawn by commit, so that many commits try them all; `--full` tries each."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest


def commit() -> str:
    """What is drawn is the same at one commit."""
    ran = subprocess.run(("git", "rev-parse", "HEAD"), cwd=Path(__file__).parent, capture_output=True, text=True)
    return ran.stdout.strip() or "no checkout"


def by_commit(cases: Sequence[Any], count: int, of: str) -> list[Any]:
    """Return every case, those but `count` marked as `full`. of: names the matrix, so that each draws its own."""
    chosen = set(random.Random(f"{commit()}/{of}").sample(range(len(cases)), min(count, len(cases))))
    return [case if number in chosen else _full(case) for number, case in enumerate(cases)]


def _full(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.full)
