"""llama.cpp, asked in a child process, about good files and about bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge.models.inspect.native_probe import probe
from sage_edge.models.sandbox import SandboxEnding
from tests.models import building

pytest.importorskip("llama_cpp")
SEEDLING = Path(__file__).parents[3] / "sage_edge" / "models" / "seedling" / "seedling.gguf"


def test_the_seedling_opens_and_says_what_it_is() -> None:
    answer = probe(SEEDLING)
    assert answer.is_good
    assert answer.why == ""
    assert answer.metadata["general.architecture"] == "qwen2"


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        ({"text": "PK"}, "gguf_init_from_reader: failed to read magic"),
        ({"gguf": {"count": 1 << 60}}, "gguf_init_from_reader: failed to read header"),
        ({"gguf": {"set": {"general.architecture": "no-such-thing"}}}, "unknown model architecture: 'no-such-thing'"),
    ],
)
def test_what_llama_cpp_refuses_is_a_verdict(tree: dict[str, object], reason: str, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(building.content(tree))
    answer = probe(path)
    assert answer.outcome.ending is SandboxEnding.FAILED
    assert answer.why == f"llama.cpp does not open model.gguf: it ended with 1: ValueError: llama.cpp says: {reason}"
    assert not answer.metadata


def test_too_little_memory_and_too_little_time_are_verdicts() -> None:
    assert probe(SEEDLING, memory_bytes=64 << 20).outcome.ending in (SandboxEnding.HUNGRY, SandboxEnding.FAILED)
    late = probe(SEEDLING, wall_s=0.01)
    assert late.outcome.ending is SandboxEnding.LATE
    assert late.why == "llama.cpp does not open seedling.gguf: it did not end within its time"
