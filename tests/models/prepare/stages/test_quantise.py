"""The stage `quantise`: what llama.cpp made of each tensor is what the card says, or it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sage_edge import hints
from sage_edge.models.errors import ModelError
from sage_edge.models.prepare import gguf_tools, run
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.prepare.stages.quantise import KINDS
from tests.models import building, quick, tiny

HOLDS = {"F32": 11, "Q8_0": 15}


def context(folder: Path, patch: pytest.MonkeyPatch, **changed: Any) -> PrepareContext:
    """A place where quantising gives a tiny model of 15 matrices."""
    quick.doubles(patch)
    quick.fleet(folder, **changed)
    return quick.context(folder)


def test_a_mixture_that_the_card_says_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = context(tmp_path, monkeypatch, mixture=HOLDS)
    assert run.prepare(tiny.REF, place)
    manifest = place.store.manifest(tiny.REF)
    assert manifest is not None
    assert manifest.made_by[KINDS] == "11 F32, 15 Q8_0"


def test_matrices_that_fall_back_are_refused_with_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """640 columns, say, are no multiple of the 256 that a K-quant takes at once."""
    place = context(tmp_path, monkeypatch)
    lost = {f"blk.{layer}.ffn_down.weight": "Q5_0" for layer in range(2)}

    def quantised(source: Path, out: Path, kind: str, **words: object) -> Path:
        made = building.gguf_metadata(general__file_type=7)
        out.write_bytes(building.gguf(made, building.gguf_tensors(), matrices="Q8_0", kinds=lost))
        return out

    monkeypatch.setattr(gguf_tools, "quantise", quantised)
    with pytest.raises(
        ModelError, match=r"2 matrices of .*, first blk\.0\.ffn_down\.weight, did not become"
    ) as refused:
        run.prepare(tiny.REF, place)
    assert "write `mixture: {F32: 11, Q5_0: 2, Q8_0: 13}` into fleet/models/tiny_" in hints.text(refused.value.hint)
    assert place.store.manifest(tiny.REF) is None


def test_another_mixture_is_refused_with_what_came_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = context(tmp_path, monkeypatch, mixture={"F32": 11, "Q4_K": 15})
    with pytest.raises(ModelError, match=r"became 11 F32, 15 Q8_0; its card says 11 F32, 15 Q4_K"):
        run.prepare(tiny.REF, place)
    assert place.store.manifest(tiny.REF) is None
