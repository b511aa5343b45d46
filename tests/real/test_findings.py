"""The first findings can be made again: two sessions of each arm on the base come out the same wherever they can."""

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
from tools.findings.data import StudyData
from tools.findings.study import NUMBERS

pytestmark = pytest.mark.real


def test_sessions_of_the_study_come_out_the_same_again(model: ResolvedModel, tmp_path: Path) -> None:
    """Held against the kept numbers on the class of machine that made them, else against a second time on this one."""
    kept = data.read(ROOT / "docs" / NUMBERS)
    if kept.made.curriculum != curriculum.load(ROOT / "fleet").digest:
        pytest.skip("the curriculum has changed since the study: invoke findings")
    again = conducted(model, tmp_path / "again")
    before = kept if kept.made.machine == series.machine() else conducted(model, tmp_path / "before")
    assert again.made == kept.made.model_copy(update={"machine": series.machine()})
    theirs = {arm.name: arm.sessions[:2] for arm in before.arms}
    assert {arm.name: arm.sessions for arm in again.arms} == {arm.name: theirs[arm.name] for arm in again.arms}


def conducted(model: ResolvedModel, into: Path) -> StudyData:
    words = ("--into", str(into), "--out", str(into / "page"), "--sessions", "2", "--models", model.ref)
    environment = {**os.environ, "SAGE_MODELS": str(prepared.STORE)}
    done = subprocess.run(
        [sys.executable, "-m", "tools.findings", *words], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return data.read(into / "page" / NUMBERS)
