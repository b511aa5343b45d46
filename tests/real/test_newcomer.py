"""What a newcomer types first, on the real model: the demo, its size, and the weights that its transcripts name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge.models.resolve import ResolvedModel
from sage_edge.records.base import parse
from sage_edge.records.transcript import Transcript, chain_faults
from tests.real.prepared import DIGEST, REF, ROOT, STORE

pytestmark = pytest.mark.real

MOST_MB = 700
MEASURED = """
import os, subprocess, sys
played = subprocess.Popen(sys.argv[2:])
_, status, used = os.wait4(played.pid, 0)
open(sys.argv[1], "w").write(str(used.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A small process starts the demo: what a child took counts from what its parent held when it was started."""


def test_the_demo_raises_the_real_model_and_says_which_weights_answered(model: ResolvedModel, tmp_path: Path) -> None:
    most = tmp_path / "most"
    demo = (sys.executable, "-m", "invoke", "demo", "--into", str(tmp_path / "demo"))
    env = {**os.environ, "SAGE_MODELS": str(STORE), "PIP_NO_INDEX": "1"}  # nothing is left to fetch
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        words = (sys.executable, "-c", MEASURED, str(most), *demo)
        played = subprocess.run(words, cwd=ROOT, env=env, stdout=out, stderr=err, check=False)
    shown, spoken = (tmp_path / "out").read_text(), (tmp_path / "err").read_text()
    assert played.returncode == 0, spoken
    assert f"\nraised: {REF}, {DIGEST}\n" in shown
    assert " teacher  Hello. Who are you?" in spoken
    assert "fetched now" not in spoken
    assert 50 < int(most.read_text()) / 1e3 <= MOST_MB
    hub = ("git", "--git-dir", str(tmp_path / "demo" / "hub.git"))
    names = subprocess.run(
        (*hub, "ls-tree", "-r", "--name-only", "host/sprout", "sessions/"), capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(names) == 3
    for name in names:
        content = subprocess.run((*hub, "show", f"host/sprout:{name}"), capture_output=True, check=True).stdout
        transcript = parse(Transcript, content)
        assert (transcript.head.model.ref, transcript.head.model.digest) == (REF, DIGEST)
        assert not chain_faults(transcript)
