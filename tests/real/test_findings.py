"""The first findings can be made again: two sessions of each arm on the base, held against the kept numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge import curriculum
from sage_edge.models.resolve import ResolvedModel
from sage_edge.workstation.programs import ROOT
from tests.real import prepared
from tools.findings import data, series
from tools.findings.study import NUMBERS

pytestmark = pytest.mark.real


def test_sessions_of_the_kept_study_come_out_the_same_again(model: ResolvedModel, tmp_path: Path) -> None:
    kept = data.read(ROOT / "docs" / NUMBERS)
    if kept.made.curriculum != curriculum.load(ROOT / "fleet").digest:
        pytest.skip("the curriculum has changed since the study: invoke findings")
    if kept.made.machine != series.machine():
        pytest.skip(f"the study was made on another class of machine: {kept.made.machine}")
    words = ("--into", str(tmp_path), "--out", str(tmp_path / "page"), "--sessions", "2", "--models", model.ref)
    environment = {**os.environ, "SAGE_MODELS": str(prepared.STORE)}
    done = subprocess.run(
        [sys.executable, "-m", "tools.findings", *words], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    again = data.read(tmp_path / "page" / NUMBERS)
    assert again.made == kept.made
    theirs = {arm.name: arm.sessions[:2] for arm in kept.arms}
    assert {arm.name: arm.sessions for arm in again.arms} == {arm.name: theirs[arm.name] for arm in again.arms}
