"""Mutated headers, indexes and configs: every one gets a verdict, none a crash or a hang of ours.

What our readers accept, the real ones accept too: accepting less is caution, accepting more would be a hole.
`pytest tests/models/inspect/test_fuzz.py -m slow -s` prints the figures of 20,000.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from sage_edge.models.errors import HeaderBroken
from sage_edge.models.inspect import read_gguf, read_safetensors
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.native_probe import probe
from sage_edge.models.inspect.report import ModelKind
from tests.models.inspect.mutants import Mutant, folders, mutants

FEW, MANY = 2_000, 20_000
NATIVE = 60


def put(path: Path, data: bytes) -> Path:
    """Write a file anew: ext4 flushes to the disk what is truncated and written again, 2,000 times."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    return path


def judge(folder: Path, mutant: Mutant) -> ModelKind:
    """Put the mutant into its folder and classify it; whatever is raised fails the test, with the mutant's number."""
    put(folder / mutant.name, mutant.data)
    verdict = classify(folder)
    refusal = verdict.refusal()
    assert refusal is None or (refusal.message.isprintable() and len(refusal.message) < 8_000), mutant
    return verdict.kind


def all_judged(root: Path, count: int) -> tuple[Counter[str], float]:
    """How many mutants got which verdict, and the slowest one in seconds."""
    made, seen, slowest = folders(root), Counter[str](), 0.0
    whole = {(kind, path.name): path.read_bytes() for kind, folder in made.items() for path in folder.iterdir()}
    for mutant in mutants(count):
        began = time.perf_counter()
        seen[judge(made[mutant.kind], mutant).value] += 1
        slowest = max(slowest, time.perf_counter() - began)
        put(made[mutant.kind] / mutant.name, whole[mutant.kind, mutant.name])
    return seen, slowest


@pytest.mark.slow
def test_every_mutant_gets_a_verdict(tmp_path: Path) -> None:
    seen, _ = all_judged(tmp_path, FEW)
    assert sum(seen.values()) == FEW
    assert seen["damaged"] > FEW // 4
    assert seen["complete"], "the changes are too rough: none is harmless"


@pytest.mark.full
def test_twenty_thousand_mutants_get_a_verdict(tmp_path: Path) -> None:
    began = time.perf_counter()
    seen, slowest = all_judged(tmp_path, MANY)
    told = ", ".join(f"{count} {kind}" for kind, count in seen.most_common())
    print(f"{MANY} mutants in {time.perf_counter() - began:.1f} s, slowest {slowest * 1e3:.0f} ms: {told}")
    assert sum(seen.values()) == MANY


def test_what_we_accept_of_safetensors_the_real_reader_accepts(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors")
    accepted = 0
    for mutant in mutants(FEW):
        if not mutant.name.endswith(".safetensors"):
            continue
        path = put(tmp_path / mutant.name, mutant.data)
        try:
            ours = read_safetensors(path)
        except HeaderBroken:
            continue
        theirs = dict(safetensors.deserialize(mutant.data))
        assert {name: list(part["shape"]) for name, part in theirs.items()} == {
            name: list(tensor.shape) for name, tensor in ours.tensors.items()
        }
        accepted += 1
    assert accepted


def test_what_we_accept_of_gguf_the_real_reader_accepts(tmp_path: Path) -> None:
    reader = pytest.importorskip("gguf")
    accepted = 0
    for mutant in mutants(FEW):
        if mutant.kind != "gguf":
            continue
        path = put(tmp_path / mutant.name, mutant.data)
        try:
            ours = read_gguf(path)
        except HeaderBroken:
            continue
        theirs = reader.GGUFReader(path)
        assert [tensor.name for tensor in theirs.tensors] == list(ours.tensors)
        accepted += 1
    assert accepted


@pytest.mark.slow
def test_no_mutant_crashes_llama_cpp_out_of_its_sandbox(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    seen = Counter[str]()
    for mutant in [mutant for mutant in mutants(MANY) if mutant.kind == "gguf"][:NATIVE]:
        path = put(tmp_path / mutant.name, mutant.data)
        seen[probe(path).outcome.ending.value] += 1
    print(f"llama.cpp on {NATIVE} mutants: {dict(seen)}", file=sys.stderr)
    assert sum(seen.values()) == NATIVE
