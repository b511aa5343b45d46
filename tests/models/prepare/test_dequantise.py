"""GGUF to safetensors: what llama.cpp itself computes from the file, or nothing at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sage_edge import hints
from sage_edge.clock import SetClock, parse
from sage_edge.models import seedling
from sage_edge.models.cards import read_cards
from sage_edge.models.download.hub import Hub
from sage_edge.models.errors import CannotDequantise, ParityFailed, Truncated
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.report import ModelKind
from sage_edge.models.lock import read_lock
from sage_edge.models.prepare import dequantise, plan, run
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from tests.models import quick, tiny

GGUF = Path(seedling.__file__).parent / "seedling.gguf"
REF = ModelRef("tiny/wide:f32")
CARD = {
    "format": 1,
    "ref": REF,
    "summary": "the seedling, to train on",
    "licence": "none",
    "architecture": "qwen2",
    "parameters": 2_756_864,
    "hidden_size": 256,
    "container": "safetensors",
    "quantisation": "f32",
    "source": {"directory": "seedling"},
    "files": ["*.gguf"],
    "steps": ["dequantise"],
    "context_length": 1024,
    "minimum_memory_bytes": 64_000_000,
    "validated": False,
    "validation": "a test",
    "source_of_facts": "tests",
}


def context(folder: Path) -> PrepareContext:
    """A place to prepare the seedling in, as a folder that torch reads."""
    (folder / "seedling").mkdir()
    shutil.copyfile(GGUF, folder / "seedling" / "seedling.gguf")
    fleet = tiny.declare(folder / "fleet", {"tiny_wide_f32": dict(CARD)})
    clock = SetClock(parse("2026-11-20T06:00:00Z"))
    return PrepareContext(fleet, read_cards(fleet), Store(folder / "store"), Hub(quick.NOWHERE), clock=clock)


@pytest.mark.slow
def test_it_is_what_llama_cpp_computes(tmp_path: Path) -> None:
    place = context(tmp_path)
    done = run.prepare(REF, place)
    assert [step.name for step in done] == ["import", "dequantise", "parity", "smoke", "lock"]
    manifest = place.store.manifest(REF)
    assert manifest is not None
    assert read_lock(place.fleet)[REF].manifest == manifest.digest()
    measured = dict(plan.measurements(manifest))["measured: dequantised"]
    assert measured.startswith("200/200 texts tokenised alike, ")
    agreeing, _, positions = measured.split(", ")[1].split(" ")[0].partition("/")
    assert int(agreeing) == int(positions) > 500
    assert float(measured.split("KL mean ")[1].split(" ")[0]) < 1e-8
    look = classify(place.store.tree(manifest))
    assert (look.kind, look.faults, look.template) == (ModelKind.COMPLETE, (), classify(GGUF).template)
    before = {file.path: file.digest for file in manifest.files}
    dequantise.dequantise(GGUF, tmp_path / "again")
    assert {name: f"sha256:{digest}" for name, digest in tiny.sha256s(tmp_path / "again").items()} == before


def _permuted(weights: dict[str, Any]) -> None:
    """Mix up rotary halves of one query matrix, as a reader does that knows another layout of heads."""
    name = next(name for name in weights if name.endswith("layers.0.self_attn.q_proj.weight"))
    rows, columns = weights[name].shape
    weights[name] = weights[name].reshape(8, 2, rows // 16, columns).transpose(1, 2).reshape(rows, columns).contiguous()


def _altered(weights: dict[str, Any]) -> None:
    name = next(name for name in weights if name.endswith("layers.1.mlp.down_proj.weight"))
    weights[name] = -weights[name]


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [_permuted, _altered])
def test_another_model_is_refused_and_gets_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[dict[str, Any]], None]
) -> None:
    real = dequantise.dequantise

    def spoilt(source: Path, out: Path, **words: Any) -> dequantise.DequantiseReport:
        from safetensors.torch import load_file, save_file

        report = real(source, out, **words)
        weights = load_file(out / "model.safetensors")
        spoil(weights)
        save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
        return report

    monkeypatch.setattr(dequantise, "dequantise", spoilt)
    place = context(tmp_path)
    with pytest.raises(ParityFailed) as refused:
        run.prepare(REF, place)
    assert refused.value.code == 8
    assert place.store.manifest(REF) is None
    assert read_lock(place.fleet) == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"blk.1.attn_q.weight", b"blk.1.attn_y.weight"),
        (b"blk.1.attn_q.weight", b"blk.7.attn_q.weight"),
        (b"tokenizer.chat_template", b"tokenizer.chat_templatf"),
    ],
)
def test_a_file_that_lacks_something_makes_nothing(tmp_path: Path, was: bytes, becomes: bytes) -> None:
    file = tmp_path / "bad.gguf"
    assert GGUF.read_bytes().count(was) == 1
    file.write_bytes(GGUF.read_bytes().replace(was, becomes))
    with pytest.raises(CannotDequantise) as refused:
        dequantise.dequantise(file, tmp_path / "out")
    assert hints.text(refused.value.hint) == f"sage-edge model inspect {file}"
    assert [path.name for path in tmp_path.iterdir()] == ["bad.gguf"]


def test_a_cut_file_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "cut.gguf"
    file.write_bytes(GGUF.read_bytes()[:-1000])
    with pytest.raises(Truncated):
        dequantise.dequantise(file, tmp_path / "out")
    assert not (tmp_path / "out").exists()
