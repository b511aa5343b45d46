"""A scorer is added in two files, its module and the registration; everything that measures then knows it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import corpora

ROOT = Path(__file__).parents[2]
MODULE = '''
"""brevity/1: answers of ten words at most."""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, Scorer, rules

MOST = 10


def _score(dialogue: Dialogue, earlier: Sequence[Dialogue]) -> Marks:
    return {"rate": [Mark(answer.turn, float(len(answer.reply.split()) <= MOST)) for answer in dialogue.answers]}


BREVITY = Scorer(
    id=Slug("brevity"), version=1, tracks=("primary",), quantities={"rate": "rate"}, rules=rules({"most": MOST}),
    score=_score,
)
'''


@pytest.mark.slow
def test_a_scorer_is_one_module_and_one_registration(tmp_path: Path) -> None:
    package = tmp_path / "program/sage_edge"
    shutil.copytree(ROOT / "sage_edge", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "scorers/current/brevity.py").write_text(MODULE)
    registration = package / "scorers/__init__.py"
    text = registration.read_text()
    assert text.count("OURS: tuple[Scorer, ...] = (") == 1
    text = text.replace("OURS: tuple[Scorer, ...] = (", "OURS: tuple[Scorer, ...] = (BREVITY, ")
    first = "from sage_edge.scorers.current.confabulation"
    registration.write_text(text.replace(first, f"from sage_edge.scorers.current.brevity import BREVITY\n{first}"))
    corpora.write_all(tmp_path / "papers", 3)
    env = {**os.environ, "PYTHONPATH": str(package.parent), "SAGE_CACHE": str(tmp_path / "cache")}
    words = [sys.executable, "-P", "-m", "sage_edge", "analyse", "--corpus", str(tmp_path / "papers"), "--json"]
    if sys.version_info < (3, 11):
        words.remove("-P")
    said = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout
    measured = {(number["scorer"], number["quantity"]) for number in json.loads(said)["content"]["numbers"]}
    assert ("brevity", "rate") in measured
