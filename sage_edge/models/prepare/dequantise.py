"""Turns a GGUF file into a folder that torch can train on and merge into: transformers reads it (`gguf_file`), in f32.

The work is done in a process of its own, as a merge is. Each weight becomes the f32 number that llama.cpp itself
computes from the file's blocks (scale times step plus minimum), so nothing is rounded a second time, as f16 and bf16
would. transformers skips what it has no name for and makes up what it misses, and only warns: here both refuse.

    out/config.json, generation_config.json    as the file's metadata say, `dtype` float32
    out/model.safetensors                      one tensor for each of the file; a tied head is held once
    out/tokenizer.json, …                      the file's words and its chat template, character by character
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sage_edge.hints import sage
from sage_edge.models import sandbox
from sage_edge.models.errors import CannotDequantise
from sage_edge.models.inspect import read_gguf, voice_rules
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.voice import TEMPLATE
from sage_edge.models.prepare.merge import QUIET

_TOOLS = ("torch", "transformers", "safetensors", "gguf")
_REFUSED = 3
_TIMEOUT_S = 3_600.0


@dataclass(frozen=True)
class DequantiseReport:
    """What was done: versions of the tools, tensors written, and the most memory that it held, in bytes."""

    tools: Mapping[str, str]
    tensors: int
    peak_bytes: int


def dequantise(source: Path, out: Path, *, stop: threading.Event | None = None) -> DequantiseReport:
    """Write the model of the GGUF file `source` into the new folder `out`: the same file, the same bytes.

    Takes as memory the weights in f32 twice, and about 1 GB more. stop: ends it. Raises CannotDequantise, HeaderBroken,
    ModelWorkInterrupted, CommandFailed (with the last lines of the process that did it); `out` is then not there.
    """
    read_gguf(source)
    words = (sys.executable, "-m", "sage_edge.models.prepare.dequantise", str(source), str(out))
    done = sandbox.work(words, wall_s=_TIMEOUT_S, memory_bytes=sandbox.room_for(source), stop=stop, env=QUIET)
    if done.code == 0:
        _require_same(source, out)
        return DequantiseReport(**json.loads(done.text.splitlines()[-1]))
    shutil.rmtree(out, ignore_errors=True)
    if done.code == _REFUSED:
        raise CannotDequantise(done.complaint.splitlines()[-1], hint=sage("model inspect", str(source)))
    raise sandbox.failure(words[1:], done, out)


def _require_same(source: Path, out: Path) -> None:
    """Raise CannotDequantise, and keep nothing, where the folder would speak with something else than the file."""
    report, file = classify(out), classify(source)
    wrong = (*report.faults, *report.missing) or voice_rules.differences(report.voice, file.voice, "it", "the file")
    if wrong:
        shutil.rmtree(out, ignore_errors=True)
        raise CannotDequantise(
            f"the folder speaks otherwise than the file: {'; '.join(wrong[:5])}",
            hint=sage("model inspect", str(source)),
        )


# --- inside the process of its own ---


class _NotWhole(Exception):
    """The file does not make a whole model; whoever started the process says so, with the file and a next step."""


def _work(source: Path, out: Path) -> dict[str, Any]:
    import resource
    from importlib.metadata import version

    import torch

    torch.set_num_threads(1)
    header = read_gguf(source)
    _save_words(source, out, str(header.metadata.get(TEMPLATE) or ""))
    tensors = _save_weights(source, out, len(header.tensors))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"tools": {tool: version(tool) for tool in _TOOLS}, "tensors": tensors, "peak_bytes": peak}


def _save_words(source: Path, out: Path, template: str) -> None:
    from transformers import AutoTokenizer

    words = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name, local_files_only=True)
    if not template or words.chat_template != template:
        raise _NotWhole("the chat template did not come along unchanged")
    words.save_pretrained(out)


def _save_weights(source: Path, out: Path, expected: int) -> int:
    """Write the weights, and return how many tensors they are. expected: as many as the file has."""
    import torch
    from transformers import AutoModelForCausalLM

    read, report = AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        local_files_only=True,
        trust_remote_code=False,
        dtype=torch.float32,
        output_loading_info=True,
    )
    _require_whole(report)
    config, weights = read.config, dict(read.state_dict())
    for origin in ("quantization_config", "_name_or_path"):  # of the file that it came from, and true of it alone
        if hasattr(config, origin):
            delattr(config, origin)
    if config.tie_word_embeddings:
        weights.pop("lm_head.weight", None)
    if len(weights) != expected:
        raise _NotWhole(f"the file holds {expected} tensors, {len(weights)} became weights")
    plain, report = type(read).from_pretrained(
        None, config=config, state_dict=weights, dtype=torch.float32, output_loading_info=True
    )
    _require_whole(report)
    plain.generation_config = read.generation_config
    plain.save_pretrained(out)
    return len(weights)


def _require_whole(report: Mapping[str, Any]) -> None:
    """Refuse weights that were made up or left out."""
    wrong = [f"{why.removesuffix('_keys')} {sorted(map(str, keys))[0]}" for why, keys in report.items() if keys]
    if wrong:
        raise _NotWhole(f"the file's tensors do not make the model: {', '.join(wrong)}")


def _main() -> int:
    try:
        sys.stdout.write(json.dumps(_work(*map(Path, sys.argv[1:]))) + "\n")
    except _NotWhole as refusal:
        sys.stderr.write(f"{refusal}\n")
    except (ValueError, RuntimeError, KeyError, TypeError, NotImplementedError) as broken:  # what transformers raises
        sys.stderr.write(f"transformers refuses: {' '.join(str(broken).split())[:400]}\n")
    else:
        return 0
    return _REFUSED


if __name__ == "__main__":
    sys.exit(_main())
