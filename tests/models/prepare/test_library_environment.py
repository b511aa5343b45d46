"""What a person has set for the hub stops no work that asks no hub."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sage_edge.models.download.hub_environment import TIMES
from sage_edge.models.prepare.merge import QUIET


@pytest.mark.parametrize("name", TIMES)
def test_a_time_that_is_none_stops_no_library(name: str) -> None:
    words = [sys.executable, "-c", "import huggingface_hub.constants"]
    wrong = {**os.environ, name: "abc"}
    assert subprocess.run(words, env=wrong, capture_output=True, check=False).returncode == 1
    assert subprocess.run(words, env={**wrong, **QUIET}, capture_output=True, check=False).returncode == 0
