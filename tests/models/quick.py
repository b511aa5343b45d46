"""Preparing with doubles at the doors: the real plan, store, lock and files, without torch and llama.cpp.

`python -m tests.models.quick FOLDER N [before|after]` prepares and kills itself at its N-th change of the store;
with `wait` as the last word it stops inside the merge until FOLDER/go exists. Each line it prints is one step begun.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sage_edge import files
from sage_edge.clock import SetClock, parse
from sage_edge.models.cards import read_cards
from sage_edge.models.download.hub import Hub
from sage_edge.models.prepare import gguf_tools, merge, merge_proof, parity, smoke
from sage_edge.models.prepare.merge import MergeReport
from sage_edge.models.prepare.merge_proof import MergeProof
from sage_edge.models.prepare.parity import ParityResult
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.prepare.run import prepare
from sage_edge.models.prepare.smoke import SmokeResult
from sage_edge.models.store.store import Store
from tests.models import building, tiny

MERGED = MergeProof(64, 900, 1e-6)
SAME = ParityResult(200, (), 100, 100, 1e-5, 1e-9, 1e-8)
TEMPLATE = files.digest(b"{{ messages }}")
SIZES = {"parameters": 20_000, "hidden_size": 32, "context_length": 128}
"""What cards say of the models of `building`."""
NOWHERE = "http://127.0.0.1:9"
BASE = {
    "config.json": {"config": {"of": "qwen2"}},
    "model.safetensors": {"safetensors": {"of": "qwen2"}},
    "tokenizer.json": {"tokenizer": {}},
    "tokenizer_config.json": {"json": {}},
}
ADAPTER = {
    "adapter_config.json": {"config": {"of": "adapter", "base_model_name_or_path": tiny.ELSEWHERE}},
    "adapter_model.safetensors": {"safetensors": {"of": "adapter"}},
}


def fleet(folder: Path, **changed: Any) -> Path:
    """A fleet with the tiny cards, and the folders that they name beside it."""
    building.plant(folder / "base", BASE)
    building.plant(folder / "adapter", ADAPTER)
    pinned = str(files.digest_file(folder / "base" / "model.safetensors"))
    sources = {"directory": "base"}, {"directory": "adapter"}
    return tiny.declare(folder / "fleet", tiny.cards(*sources, SIZES, **{"base_weights": pinned, **changed}))


def context(folder: Path, **changed: Any) -> PrepareContext:
    """A context over that fleet; no hub is reachable."""
    declared = folder / "fleet"
    made = PrepareContext(declared, read_cards(declared), Store(folder / "store"), Hub(NOWHERE, timeout_s=2))
    return replace(made, clock=SetClock(parse("2026-11-20T06:00:00Z")), **changed)


def doubles(
    patch: pytest.MonkeyPatch, found: Sequence[ParityResult] = (SAME, SAME), before: Callable[[], None] = lambda: None
) -> None:
    """Put doubles at the doors. before: called when a merge begins."""

    def merged(base: Path, adapter: Path, out: Path, *, stop: threading.Event) -> MergeReport:
        before()
        shutil.copytree(base, out)
        (out / "model.safetensors").unlink()
        whose = {"of": _digests(base, adapter).decode()}
        (out / "model.safetensors").write_bytes(building.safetensors(building.tensors_of(building.QWEN2), whose))
        return MergeReport({"torch": "0"}, 0)

    def converted(source: Path, out: Path, **words: Any) -> Path:
        return _gguf(out, _digests(source), 0)

    def quantised(source: Path, out: Path, kind: str, *, stop: threading.Event) -> Path:
        return _gguf(out, source.read_bytes()[:4096], {"q8_0": 7, "q4_0": 2}[kind])

    def compared(reference: Path, candidates: Sequence[Path], **words: Any) -> tuple[ParityResult, ...]:
        assert reference.exists()
        return tuple(found[: len(candidates)])

    def asked(model: Path, what: str, *, stop: threading.Event) -> SmokeResult:
        assert model.is_file()
        return SmokeResult(tiny.REF, tiny.REF, TEMPLATE, 30, 6, finite=True, text="hm")

    def proven(base: Path, adapter: Path, out: Path, rows: Path, **words: Any) -> MergeProof:
        assert out.is_dir()
        return MERGED

    patch.setattr(merge, "merge", merged)
    patch.setattr(merge_proof, "measure", proven)
    patch.setattr(gguf_tools, "convert", converted)
    patch.setattr(gguf_tools, "quantise", quantised)
    patch.setattr(parity, "compare", compared)
    patch.setattr(smoke, "ask", asked)


def _gguf(out: Path, of: bytes, file_type: int) -> Path:
    """A whole GGUF file that is another one for everything it may be made of."""
    kind = {0: "F32", 7: "Q8_0", 2: "Q4_0"}[file_type]
    made = building.gguf_metadata(general__file_type=file_type, test__made_of=str(files.digest(of)))
    out.write_bytes(building.gguf(made, building.gguf_tensors(), matrices=kind))
    return out


def _digests(*folders: Path) -> bytes:
    names = [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix == ".safetensors"]
    return "".join(files.digest_file(path) for path in names).encode()


def _deadly(patch: pytest.MonkeyPatch, at: int, when: str) -> None:
    """Kill this process at the `at`-th call of what changes the store, before or after it did."""
    calls = 0

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        def deadly(*words: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            mine = calls
            if mine == at and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(*words, **more)
            if mine == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return deadly

    for name in ("put", "keep", "add", "tree"):
        patch.setattr(Store, name, wrap(getattr(Store, name)))


def _wait(folder: Path) -> None:
    sys.stdout.write("merging\n")
    sys.stdout.flush()
    while not (folder / "go").exists():
        time.sleep(0.01)


def main(folder: Path, at: int, when: str) -> None:
    """Prepare in this process, which may not survive it."""
    with pytest.MonkeyPatch.context() as patch:
        doubles(patch, before=(lambda: _wait(folder)) if when == "wait" else (lambda: None))
        _deadly(patch, at, when)
        prepare(tiny.REF, context(folder, log=lambda line: print(line, flush=True)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
