"""Random weights of exact shapes: counted as published, opened by llama.cpp, and heard to the last token."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge.bench import bandwidth, model_shapes, random_weights, roofline, run, series
from sage_edge.bench.contention import Contention
from sage_edge.bench.errors import BeyondRoofline, Unextrapolated
from sage_edge.bench.machine_state import MachineState
from sage_edge.bench.model_shapes import NamedSize
from sage_edge.bench.quantiles import Quantiles
from sage_edge.bench.run import SpeedReport, measured
from sage_edge.bench.speech import SpeakingPlan
from sage_edge.engines import Settings
from sage_edge.models.inspect import read_gguf, shapes
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.dimensions import Dimensions
from sage_edge.models.resolve import ResolvedModel, resolve

TINY = Dimensions("qwen2", 64, 128, 6, 4, 2, 16, 2000, 512)
UNTIED = replace(TINY, tied=False)
PHI = Dimensions("phi", 64, 128, 2, 4, 4, 16, 2000, 512, tied=False, rotary=8)
SETTINGS = Settings(512, 128, 1, 0)


@pytest.mark.parametrize(
    ("name", "count"),
    [("0.5B", 494_032_768), ("2.7B", 2_779_683_840), ("7B", 7_615_616_512), ("14B", 14_770_033_664)],
)
def test_the_sizes_have_the_published_number_of_parameters(name: str, count: int) -> None:
    (size,) = (one for one in model_shapes.SIZES if one.name == name)
    assert shapes.parameters(size.shape) == count


@pytest.mark.parametrize("shape", [TINY, UNTIED, PHI], ids=["tied", "untied", "phi"])
def test_what_is_written_is_a_whole_model_of_that_shape(tmp_path: Path, shape: Dimensions) -> None:
    path = tmp_path / "m.gguf"
    random_weights.write(path, shape)
    verdict = classify(path, family=shape.family)
    assert verdict.faults == ()
    tensors = read_gguf(path).tensors.values()
    assert sum(tensor.end - tensor.begin for tensor in tensors) == random_weights.weights_bytes(shape)


def test_an_architecture_that_nobody_knows_and_rows_that_are_no_blocks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rwkv is not known"):
        random_weights.write(tmp_path / "m.gguf", replace(TINY, family="rwkv"))
    with pytest.raises(ValueError, match="no whole number of blocks"):
        random_weights.write(tmp_path / "m.gguf", replace(TINY, hidden=72, head_size=18))


def on_shelf(folder: Path, shape: Dimensions) -> ResolvedModel:
    series.shelved(folder, NamedSize("tiny", shape))
    return resolve(series.REF, (folder,))


def test_a_token_reads_all_weights_but_an_embedding_that_is_no_head(tmp_path: Path) -> None:
    tied = on_shelf(tmp_path / "tied", TINY)
    untied = on_shelf(tmp_path / "untied", UNTIED)
    embedding = TINY.vocabulary * TINY.hidden * 34 // 32
    whole = roofline.bytes_per_token(tied)
    assert whole is not None
    assert embedding < whole < tied.size_bytes
    assert roofline.bytes_per_token(untied) == whole
    assert roofline.bytes_per_token(replace(tied, path=tmp_path)) is None


@pytest.mark.parametrize("shape", [UNTIED, PHI], ids=["qwen2", "phi"])
def test_a_model_is_measured_to_the_last_token(
    tmp_path: Path, shape: Dimensions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roofline, "largest_cache", lambda _: 0)
    model = on_shelf(tmp_path, shape)
    report = measured(model, "llamacpp", SETTINGS, SpeakingPlan((64, 256, 4096), 2, 8), Path("/"), threading.Event())
    assert report.endings == {"length": 8}, "two prompts of which there is room, two rounds, cold and warm"
    assert report.parameters == shapes.parameters(shape)
    assert {(one.kind, one.seconds.n) for one in report.first_tokens} == {("cold", 2), ("warm", 2)}
    for one in report.first_tokens:
        assert one.reused == one.tokens - 1 if one.kind == "warm" else one.reused < 10
    assert report.peak_bytes
    assert report.gaps_s.n == 8 * 6
    assert report.share is None
    assert "cache" in report.no_share


def test_more_than_memory_can_give_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = on_shelf(tmp_path, TINY)
    monkeypatch.setattr(bandwidth, "memory_bandwidth", lambda _: 1.0)
    monkeypatch.setattr(roofline, "largest_cache", lambda _: 1)
    with pytest.raises(BeyondRoofline, match="tokens a second of"):
        measured(model, "llamacpp", SETTINGS, SpeakingPlan((16,), 1, 4), Path("/"), threading.Event())
    assert roofline.roofline_share(10, 100, 2000) == 0.5


def test_of_layers_on_a_gpu_no_share_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = on_shelf(tmp_path, TINY)
    monkeypatch.setattr(roofline, "largest_cache", lambda _: 1)
    settings = replace(SETTINGS, gpu_layers=-1)
    report = measured(model, "llamacpp", settings, SpeakingPlan((16,), 1, 4), Path("/"), threading.Event())
    assert report.share is None
    assert "on a GPU" in report.no_share


def reported(model: ResolvedModel, token_s: float) -> SpeedReport:
    one, rate = Quantiles(1, token_s, token_s, token_s), Quantiles(1, 1 / token_s, 1 / token_s, 1 / token_s)
    quiet, state = Contention(0, 0), MachineState(None, None)
    known = (str(model.ref), model.digest, model.size_bytes, run.parameters(model), "delayed", "1", SETTINGS, 1e9)
    return SpeedReport(*known, 0.1, None, (), one, rate, None, "", {}, quiet, state, state)


def layers(model: ResolvedModel) -> int:
    return len([name for name in read_gguf(model.path).tensors if name.endswith("attn_norm.weight")])


def test_what_does_not_fit_is_extrapolated_from_few_layers(tmp_path: Path) -> None:
    size = NamedSize("tiny", TINY)
    asked: list[str] = []
    small, large = series.series(
        [size, NamedSize("more", replace(TINY, layers=10))],
        series.needed_bytes(size),
        tmp_path,
        lambda model: reported(model, 0.5 + 0.25 * layers(model)),
        asked.append,
    )
    assert (small.token_s, small.extrapolated) == (2.0, False)
    assert large.token_s == pytest.approx(3.0)
    assert large.extrapolated
    assert [line.partition(":")[0] for line in asked] == ["tiny", *(f"more, {n} layers" for n in (2, 3, 4))]
    assert not list((tmp_path / "random").glob("*.gguf")), "each was taken away"


def test_an_extrapolation_that_memory_could_not_give_fails(tmp_path: Path) -> None:
    size = NamedSize("more", replace(UNTIED, layers=10))
    assert roofline.bytes_per_token(on_shelf(tmp_path, UNTIED)) == random_weights.token_bytes(UNTIED)
    with pytest.raises(BeyondRoofline):
        series.series([size], 0, tmp_path, lambda model: reported(model, 1e-6 * layers(model)), lambda _: None)


def test_layers_that_cost_nothing_cannot_be_extrapolated(tmp_path: Path) -> None:
    with pytest.raises(Unextrapolated, match=r"1\.000, 1\.000, 1\.000 s"):
        series.series([NamedSize("tiny", TINY)], 0, tmp_path, lambda model: reported(model, 1.0), lambda _: None)
