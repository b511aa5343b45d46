"""The stage `quantise`: what llama.cpp made of each tensor is what the card says, or it is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from sage_edge.models import seedling
from sage_edge.models.errors import ModelError
from sage_edge.models.prepare import gguf_tools, run
from sage_edge.models.prepare.prepare_context import PrepareContext
from tests.models import quick, tiny

FILE = Path(seedling.__file__).parent / "seedling.gguf"
HOLDS = {"F32": 21, "Q8_0": 29}


def context(folder: Path, patch: pytest.MonkeyPatch, **changed: Any) -> PrepareContext:
    """A place where quantising gives the seedling's file."""

    def quantised(source: Path, out: Path, kind: str) -> Path:
        return Path(shutil.copyfile(FILE, out))

    quick.doubles(patch)
    patch.setattr(gguf_tools, "quantise", quantised)
    quick.fleet(folder, **changed)
    return quick.context(folder)


def test_a_mixture_that_the_card_says_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = context(tmp_path, monkeypatch, mixture=HOLDS)
    assert run.prepare(tiny.REF, place)
    assert place.store.manifest(tiny.REF) is not None


def test_another_mixture_is_refused_with_what_came_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = context(tmp_path, monkeypatch, mixture={"F32": 21, "Q4_K": 29})
    with pytest.raises(ModelError, match=r"became 21 F32, 29 Q8_0; its card says 21 F32, 29 Q4_K"):
        run.prepare(tiny.REF, place)
    assert place.store.manifest(tiny.REF) is None
