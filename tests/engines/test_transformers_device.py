"""The device is proven, and large enough, before a byte of a model is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge.engines import transformers_device
from sage_edge.engines.errors import EngineError, ModelUnusable
from sage_edge.models.resolve import Part, ResolvedModel
from sage_edge.names import Digest, ModelRef
from tests import installed

installed.need("torch", "transformers")
pytestmark = pytest.mark.slow

WEIGHTS = Digest("sha256:" + "0" * 64)


def model(folder: Path, dtype: str) -> ResolvedModel:
    (folder / "config.json").write_text(f'{{"model_type": "qwen2", "dtype": "{dtype}"}}')
    parts = (Part("model.safetensors", folder / "model.safetensors", 1000, WEIGHTS),)
    return ResolvedModel(ModelRef("tiny/base:bf16"), folder, WEIGHTS, 1000, 2048, None, parts)


def test_the_processor_computes_what_it_should() -> None:
    assert transformers_device.computes("cpu")
    transformers_device.require_works("cpu")


def test_a_device_that_torch_cannot_use_is_refused_by_its_words() -> None:
    with pytest.raises(EngineError, match="torch does not compute on meta"):
        transformers_device.require_works("meta")


def test_wrong_products_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    real = torch.Tensor.to
    monkeypatch.setattr(torch.Tensor, "to", lambda tensor, device: real(tensor, device) * 1.05)
    with pytest.raises(EngineError, match="its products differ from those of the processor"):
        transformers_device.require_works("cpu")


def test_weights_that_do_not_fit_are_refused_from_what_is_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = model(tmp_path, "bfloat16")
    assert transformers_device.weights_bytes(half, "auto") == 1000
    assert transformers_device.weights_bytes(half, "float32") == 2000
    monkeypatch.setattr(transformers_device, "free_bytes", lambda _: 1500)
    transformers_device.require_memory(half, "auto", "cpu")
    with pytest.raises(ModelUnusable, match=r"needs 2\.00 kB for its weights, 1\.50 kB are free on cpu"):
        transformers_device.require_memory(half, "float32", "cpu")
    monkeypatch.setattr(transformers_device, "free_bytes", lambda _: None)
    transformers_device.require_memory(half, "float32", "cpu")
    assert transformers_device.weights_bytes(replace(half, parts=()), "auto") == 0


def test_what_is_free_is_what_the_kernel_says() -> None:
    assert (transformers_device.free_bytes("cpu") or 0) > 1_000_000
