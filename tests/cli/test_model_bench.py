"""`sage-edge model bench`: a real model measured, what is shown of it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.parsers import expat

import pytest
from click.testing import CliRunner, Result

from sage_edge.bench import model_shapes, roofline
from sage_edge.bench.model_shapes import NamedSize
from sage_edge.cli import bench_series_view
from sage_edge.cli.model_bench import command
from sage_edge.errors import SageError
from sage_edge.models.inspect.dimensions import Dimensions

SEEDLING = "sage/seedling:q8_0"
QUICK = ("--prompts", "16", "--rounds", "1", "--tokens", "4", "--threads", "1")
SMALL = tuple(NamedSize(f"of {n}", Dimensions("qwen2", 64, 128, n, 4, 2, 16, 2000, 512)) for n in (1, 40))


def bench(*words: str) -> Result:
    return CliRunner().invoke(command, [*words, *QUICK], catch_exceptions=True)


def test_one_model_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roofline, "largest_cache", lambda _: 1 << 30)
    ran = bench(SEEDLING)
    assert ran.exit_code == 0, ran.output
    for text in (
        "sage/seedling:q8_0, sha256:",
        "llamacpp ",
        "with the check of its digest",
        "no share: its weights fit",
    ):
        assert text in ran.stdout
    assert [line.split()[0] for line in ran.stdout.splitlines()[-2:]] == ["cold", "warm"]


def test_one_model_as_json() -> None:
    document = json.loads(bench(SEEDLING, "--json").stdout)
    assert document["schema"] == "sage-edge/bench/1"
    content = document["content"]
    assert content["model"] == SEEDLING
    assert content["settings"]["threads"] == 1
    assert {one["kind"] for one in content["first_tokens"]} == {"cold", "warm"}
    assert isinstance(content["contended"], list)


def test_the_series_by_size_with_what_the_seeds_published(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(model_shapes, "SIZES", SMALL)
    picture = tmp_path / "size.svg"
    ran = bench("--series", "size", "--into", str(tmp_path), "--plot", str(picture))
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.count("measured") == 2
    assert "8.26" in ran.stdout
    assert "8.69" in ran.stdout
    assert ran.stdout.count(", off by ") == 6
    expat.ParserCreate(namespace_separator=" ").Parse(picture.read_bytes(), True)  # no prefix without its namespace
    assert list(tmp_path.iterdir()) == [picture]
    document = json.loads(bench("--series", "size", "--json").stdout)
    assert document["schema"] == "sage-edge/bench-series/1"
    assert [one["name"] for one in document["content"]["points"]] == ["of 1", "of 40"]
    assert [round(one["by_answer"], 2) for one in document["content"]["seeds"]["sizes"]] == [1.0, 3.42, 8.26]


@pytest.mark.parametrize(
    ("points", "number", "a", "b", "worst"),
    [
        (bench_series_view._by_answer(), 0, 5.746, 14.882, 0.017),
        (bench_series_view._by_answer(), 1, 22.568, 0.788, 0.083),
        (bench_series_view._by_word(), 0, 0.1109, 0.1754, 0.305),
        (bench_series_view._by_word(), 1, 0.2751, 0.821, 0.050),
    ],
)
def test_the_seeds_laws_by_answer_and_by_word(
    points: Sequence[tuple[float, float]], number: int, a: float, b: float, worst: float
) -> None:
    law = [*bench_series_view.laws(points)][number]
    assert law.fit.a == pytest.approx(a, rel=1e-3)
    assert law.fit.b == pytest.approx(b, rel=1e-3)
    assert law.worst == pytest.approx(worst, abs=1e-3)
    assert not [*bench_series_view.laws(points[:1])], "one size makes no law"


@pytest.mark.parametrize("words", [(), (SEEDLING, "--series", "size")])
def test_either_a_model_or_the_series(words: tuple[str, ...]) -> None:
    ran = bench(*words)
    assert isinstance(ran.exception, SageError)
    assert ran.exception.code == 2


@pytest.mark.parametrize("text", ["", "a", "16,", "0", "-3", "1e3", "99999999999"])
def test_lengths_that_are_none_are_refused(text: str) -> None:
    ran = CliRunner().invoke(command, [SEEDLING, "--prompts", text])
    assert ran.exit_code == 2
    assert "expected numbers of tokens like 16,256" in ran.output


def test_a_model_that_is_not_here_is_told() -> None:
    assert isinstance(bench("no/such:q8_0").exception, SageError)
    malformed = bench("such")
    assert isinstance(malformed.exception, SageError)
    assert malformed.exception.code == 2
