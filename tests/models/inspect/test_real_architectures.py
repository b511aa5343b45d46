"""What transformers saves and llama.cpp's converter writes is whole by our tables, and llama.cpp opens it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge import locks
from sage_edge.models.inspect import architectures
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.gguf_model import GgufModel
from sage_edge.models.inspect.report import ModelKind
from sage_edge.models.prepare import gguf_tools
from tests.models import tiny
from tests.models.inspect import real_architectures
from tests.models.inspect.real_architectures import MODELS, UNCONVERTED

pytestmark = pytest.mark.slow
CONVERTED = sorted(set(MODELS) - UNCONVERTED - {"llama-tied", "qwen3-tied"})  # their like is converted once


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all test processes share, with the models in `architectures`."""
    for library in ("torch", "transformers", "sentencepiece", "llama_cpp"):
        pytest.importorskip(library)
    folder = tiny.shared_folder(tmp_path_factory)
    with locks.hold(folder / "architectures.lock", "the architectures", wait_s=240):
        if not (folder / "architectures" / "done").exists():
            real_architectures.make(folder / "architectures")
            (folder / "architectures" / "done").touch()
    return folder


def test_every_known_architecture_has_a_real_model() -> None:
    assert {kind for kind, _ in MODELS.values()} == {known.name for known in architectures.KNOWN}


@pytest.mark.parametrize("name", MODELS)
def test_what_transformers_saves_is_whole(name: str, shared: Path) -> None:
    report = classify(shared / "architectures" / name, family=MODELS[name][0])
    assert (report.kind, report.faults, report.missing) == (ModelKind.COMPLETE, (), ())


@pytest.mark.parametrize("name", CONVERTED)
def test_what_the_converter_writes_is_whole_and_opens(name: str, shared: Path, tmp_path: Path) -> None:
    home, out = shared / "architectures" / name, tmp_path / "model.gguf"
    own = gguf_tools.pre_tokenizer(home)
    gguf_tools.convert(home, out, name="random", cache=tiny.tools(shared), precision="f32", pre_tokenizer=own)
    report = classify(out, family=MODELS[name][0])
    assert (report.kind, report.faults, report.missing) == (ModelKind.COMPLETE, (), ())
    assert report.parameters == classify(home).parameters
    model = GgufModel(out, 64)
    assert model.logits([3, 4, 5]).shape == (3, report.dimensions.vocabulary if report.dimensions else 0)
    model.close()
