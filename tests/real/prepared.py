"""The real model that tests ask: SmolLM2-135M, in this checkout's own store, fetched by the product's own command.

Whoever has it elsewhere says so: `SAGE_MODELS=STORE invoke test --real`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from sage_edge.errors import ExitCode
from sage_edge.models.errors import ModelError
from sage_edge.models.resolve import Library, ResolvedModel
from sage_edge.names import Digest, ModelRef

ROOT = Path(__file__).parents[2]
REF = ModelRef("smollm2-135m/instruct:q4_1")
DIGEST = Digest("sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
NO_MODEL = "no real model"
"""How the reason of a skipped test begins, by which a run counts them aloud at its end."""
STORE = Path(os.environ.get("SAGE_MODELS") or ROOT / ".sage" / "models")

_USERS = dict(os.environ)  # with pip's settings, before tests/conftest.py scrubs the environment
_WAIT_S = 600


class Absent(Exception):
    """There is no real model here, and none could be fetched."""


def model() -> ResolvedModel:
    """Return the model, fetched where it is not there yet. Raises Absent, which says why."""
    library = Library(ROOT / "fleet", STORE)
    try:
        return library.resolve(REF)
    except ModelError:
        _prepare()
    return library.resolve(REF)


def _prepare() -> None:
    """Fetch it into the store; another process that does so just now is waited for."""
    words = (sys.executable, "-m", "sage_edge", "model", "prepare", REF)
    environment = {**_USERS, "SAGE_FLEET": str(ROOT / "fleet"), "SAGE_MODELS": str(STORE)}
    until = time.monotonic() + _WAIT_S
    while True:
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != ExitCode.LOCKED or time.monotonic() > until:
            break
        time.sleep(1)
    if done.returncode != 0:
        raise Absent(" ".join(done.stderr.split())[-400:])
