"""Merges an adapter into its base, and reads logits for parity: the door to torch, transformers and PEFT here.

The work is done in a process of its own, so that its gigabytes end with it: one thread, MKL told to compute the same
on every x86 processor, no network, no code from the folders. Reads and computes in f32, and writes f32: the changes of
a small adapter are mostly smaller than a step of bf16 (97.7 % of the values would stay as they were, facts §5).

    out/config.json                            of the base, `dtype` float32
    out/generation_config.json                 byte for byte the base's: where replies end, and how they are drawn
    out/model.safetensors                      the merged weights
    out/tokenizer.json, …                      byte for byte those the adapter was trained with, else the base's
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sage_edge.hints import sage
from sage_edge.models import sandbox
from sage_edge.models.errors import CannotMerge, HeaderBroken
from sage_edge.models.inspect import (
    adapter_settings,
    adapter_tensors,
    architectures,
    blank_weights,
    json_limits,
    read_safetensors,
    remote_code,
)
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.folder import PICKLES
from sage_edge.models.inspect.report import plain
from sage_edge.models.prepare import adapter_words, merge_refusal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_TOOLS = ("torch", "transformers", "peft", "safetensors")
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json")
QUIET = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MKL_CBWR": "COMPATIBLE",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DOWNLOAD_TIMEOUT": "10",  # of no use offline, but no library can be loaded while one is no number
    "HF_HUB_ETAG_TIMEOUT": "10",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "PYTHONWARNINGS": "ignore",
    "TOKENIZERS_PARALLELISM": "false",
}
_REFUSED = 3
_REFUSALS = (ValueError, RuntimeError, LookupError, TypeError, AttributeError, AssertionError)
"""What the three libraries raise for bad input."""
_OWN_BASE = (
    "name the base that it was trained beside on its card, or take another adapter, then: ",
    sage("model prepare", "REF"),
)
_TIMEOUT_S = 7_200.0
_AT_ONCE = 1 << 27
"""Bytes of weights read before the file is opened anew: mapped pages count as memory until then."""


@dataclass(frozen=True)
class MergeReport:
    """What a merge reports: versions of the tools, the most memory that it held, in bytes, and what PEFT warned of."""

    tools: Mapping[str, str]
    peak_bytes: int
    warnings: tuple[str, ...] = ()


def merge(base: Path, adapter: Path, out: Path, *, stop: threading.Event | None = None) -> MergeReport:
    """Write the model that `adapter` makes of `base` into the new folder `out`: the same inputs, the same bytes.

    Takes as memory the weights in f32 and less than 1 GB more. stop: ends it. Raises CannotMerge, StorageError,
    CommandFailed (with the last lines of the process that did it); `out` is then not there; ModelWorkInterrupted.
    """
    _check(base, adapter)
    words = (sys.executable, "-m", "sage_edge.models.prepare.merge", str(base), str(adapter), str(out))
    room = sandbox.room_for(base, adapter)
    done = sandbox.work(words, wall_s=_TIMEOUT_S, memory_bytes=room, stop=stop, env=QUIET)
    if done.code == 0:
        report = json.loads(done.text.splitlines()[-1])
        return MergeReport(report["tools"], report["peak_bytes"], tuple(map(plain, report["warnings"])))
    shutil.rmtree(out, ignore_errors=True)
    if done.code == _REFUSED:
        raise merge_refusal.read(done.complaint)
    raise sandbox.failure(words[1:], done, out)


def _settings(folder: Path, name: str) -> dict[str, json_limits.UntrustedJson]:
    try:
        return json_limits.read(folder / name)
    except FileNotFoundError:
        raise CannotMerge(f"{folder.name} has no {name}", hint=sage("model inspect", str(folder))) from None
    except (OSError, HeaderBroken) as broken:
        raise CannotMerge(f"{name} cannot be read: {str(broken)[:200]}", hint="fetch it again") from None


def _check(base: Path, adapter: Path) -> None:
    """What can be refused without loading anything."""
    config, lora = _settings(base, "config.json"), _settings(adapter, "adapter_config.json")
    if wishes := (*remote_code.requests("config.json", config), *remote_code.requests("adapter_config.json", lora)):
        raise CannotMerge(
            f"{wishes[0]}, and code from a model's folder is never run",
            hint="take a model whose architecture transformers knows itself",
        )
    if wrong := adapter_settings.refusals(lora):
        raise CannotMerge(wrong[0], hint="take an adapter that is plain LoRA")
    pickles = sorted(path.name for folder in (base, adapter) for path in folder.iterdir() if path.suffix in PICKLES)
    if pickles:
        raise CannotMerge(
            f"{pickles[0]} is a pickle, and reading one runs what it says",
            hint="take the same weights as safetensors",
        )
    for folder, pattern in ((base, "*.safetensors"), (adapter, "adapter_model.safetensors")):
        if not any(folder.glob(pattern)):
            raise CannotMerge(f"{folder.name} holds no {pattern}", hint=sage("model inspect", str(folder)))
    if not _tokenizer_of(base, adapter):
        raise CannotMerge(
            f"neither the base nor the adapter has {_TOKENIZER[0]} with its config", hint="fetch the base again"
        )
    if _is_tied(config) and (half := adapter_tensors.tied_changes(_tensors(adapter))):
        raise CannotMerge(
            half, hint="train it with other target_modules, or save the embeddings whole (modules_to_save)"
        )


def _is_tied(config: Mapping[str, json_limits.UntrustedJson]) -> bool:
    """Whether a base holds its two embeddings as one, by its config or by its architecture's habit."""
    known = architectures.in_config(config.get("model_type"))
    declared = config.get("tie_word_embeddings")
    return declared is True or (declared is None and known is not None and known.is_tied)


def _tensors(adapter: Path) -> tuple[str, ...]:
    try:
        return tuple(read_safetensors(adapter / "adapter_model.safetensors").tensors)
    except (OSError, HeaderBroken) as broken:
        raise CannotMerge(str(broken)[:300], hint=sage("model inspect", str(adapter))) from None


def _tokenizer_of(base: Path, adapter: Path) -> Path | None:
    """The folder whose tokenizer goes with the merged model: whole or not at all, never a mixture of two."""
    whole = [folder for folder in (adapter, base) if all((folder / name).is_file() for name in _TOKENIZER)]
    return whole[0] if whole else None


# --- inside the process of its own ---


def _work(base: Path, adapter: Path, out: Path) -> dict[str, Any]:
    import resource
    import warnings
    from importlib.metadata import version

    import torch

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = _with_adapter(load(base), adapter).merge_and_unload(progressbar=False, safe_merge=True)
    _require_change(model, base)
    model.save_pretrained(out)
    _copy_generation(base, out)
    source = _tokenizer_of(base, adapter) or base
    for name in (*_TOKENIZER, *adapter_words.MORE):
        if (source / name).is_file():
            shutil.copyfile(source / name, out / name)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    warned = dict.fromkeys(
        " ".join(str(warning.message).split()) for warning in caught if "peft" in Path(warning.filename).parts
    )
    return {"tools": {tool: version(tool) for tool in _TOOLS}, "peak_bytes": peak, "warnings": list(warned)}


def _copy_generation(base: Path, out: Path) -> None:
    """Put the base's own generation_config.json in place of the one that transformers makes up of config.json."""
    made_up, own = out / "generation_config.json", base / "generation_config.json"
    made_up.unlink(missing_ok=True)
    if own.is_file():
        shutil.copyfile(own, made_up)


def load(folder: Path) -> Any:
    """Return the causal language model of a transformers folder, in f32, complete or not at all.

    Takes the weights in f32 and little more: files are read in pieces of 128 MiB. Raises CannotMerge.
    """
    import torch
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AutoConfig

    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    kind = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
    weights = dict(_weights(folder))
    model, loaded = kind.from_pretrained(
        None, config=config, state_dict=weights, dtype=torch.float32, output_loading_info=True
    )
    wrong = [f"{why.removesuffix('_keys')} {sorted(map(str, keys))[0]}" for why, keys in loaded.items() if keys]
    if wrong:  # transformers would make up what is missing, and only warn
        raise CannotMerge(f"the weights do not fit config.json: {', '.join(wrong)}", hint="fetch the base again")
    return model.eval()


def _weights(folder: Path) -> Iterator[tuple[str, Any]]:
    import torch
    from safetensors import safe_open

    for path in own_weights(folder):
        with safe_open(path, "pt") as file:
            names = list(file.keys())
        while names:
            with safe_open(path, "pt") as file:
                held = 0
                while names and held < _AT_ONCE:
                    tensor = file.get_tensor(names[0])
                    held += tensor.nbytes
                    _require_numbers(tensor, f"{names[0]} of the {folder.name}")
                    _require_some(tensor, f"{names[0]} of the {folder.name}")
                    yield names.pop(0), tensor.to(torch.float32, copy=True)


def _require_numbers(tensor: Any, what: str) -> None:
    import torch

    if not torch.isfinite(tensor).all():
        raise CannotMerge(
            f"{what} holds NaN or infinite weights", hint="get it again, or take another one: its training went wrong"
        )


def _require_some(tensor: Any, what: str) -> None:
    if blank_weights.is_matrix(tuple(tensor.shape)) and not tensor.any():
        raise CannotMerge(f"{what} holds nothing but zeros", hint="get it again, or take another one: it is not whole")


def own_weights(folder: Path) -> tuple[Path, ...]:
    """Return the files of weights that make a folder a model; others may lie beside them. Raises CannotMerge."""
    report = classify(folder, within=Path("/"))
    if not report.weights:
        refusal = report.refusal()
        why = refusal.message if refusal is not None else f"{folder.name} holds no weights"
        raise CannotMerge(why, hint=sage("model inspect", str(folder)))
    return tuple(folder / name for name in report.weights)


def _with_adapter(model: Any, adapter: Path) -> Any:
    """Put an adapter beside a model's weights, all of it or not at all. Raises CannotMerge."""
    from peft import PeftModel, get_peft_model_state_dict
    from safetensors import safe_open

    with safe_open(adapter / "adapter_model.safetensors", "pt") as file:
        given = set(file.keys())
        for name in sorted(given):
            _require_numbers(file.get_tensor(name), f"{name} of the adapter")
        same = set(_base_embeddings(model, file, _settings(adapter, "adapter_config.json")))
    joined = PeftModel.from_pretrained(model, adapter, autocast_adapter_dtype=True)
    wanted = set(get_peft_model_state_dict(joined, save_embedding_layers=False))
    merge_refusal.require_same(given - same, wanted - same)
    return joined


def _base_embeddings(model: Any, file: Any, config: Mapping[str, json_limits.UntrustedJson]) -> Iterator[str]:
    """Yield the tensors of an adapter that are the base's own embeddings; refuse others in their place."""
    import torch

    held = model.state_dict()
    for name in file.keys():  # noqa: SIM118 (no mapping)
        own = adapter_tensors.base_embedding(name)
        if own is None or adapter_tensors.is_saved_whole(name, config):
            continue
        weight, other = held.get(own), file.get_tensor(name)
        if weight is None or weight.shape != other.shape or not torch.equal(weight, other.to(weight.dtype)):
            raise CannotMerge(f"the adapter brings {own} of a base that is not this one", hint=_OWN_BASE)
        yield name


def _require_change(model: Any, base: Path) -> None:
    """Refuse an adapter that leaves every weight as it was, like one whose lora_B are all zero."""
    import torch

    merged = model.state_dict()
    if all(name in merged and torch.equal(merged[name], weight) for name, weight in _weights(base)):
        raise CannotMerge(
            "the adapter changes nothing: merged, every weight is the base's",
            hint=("take it as it is after its training, not before, then: ", sage("model prepare", "REF")),
        )


class TransformersModel:
    """A transformers folder opened in this process, that tells its tokens and logits, as `GgufModel` does."""

    metadata: Mapping[str, str] = {}

    def __init__(self, folder: Path, threads: int = 1) -> None:
        import torch
        from transformers import AutoTokenizer

        torch.set_num_threads(threads)
        self._model = load(folder)
        self._words = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)

    @property
    def vocabulary(self) -> int:
        """How many tokens it can read."""
        return int(self._model.get_input_embeddings().weight.shape[0])

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text; special tokens written out in it count as such."""
        return list(self._words.encode(text, add_special_tokens=False))

    def logits(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        """Return one row of logits per token, shape (tokens, vocabulary)."""
        return _rows(self._model, tokens)

    @property
    def template(self) -> str | None:
        """The chat template that the folder carries."""
        template = self._words.chat_template
        return template if isinstance(template, str) else None

    @property
    def end(self) -> int:
        """The token that ends a turn."""
        return int(self._words.eos_token_id)

    @property
    def ends(self) -> tuple[str, str]:
        """What begins and what ends a text, as it is written in prompts."""
        return self._words.bos_token or "", self._words.eos_token or ""

    def text(self, tokens: list[int]) -> str:
        """Return what tokens say."""
        return str(self._words.decode(tokens))


class AdaptedModel:
    """A base with an adapter beside its weights, unmerged: what a merge is held against. It tells logits alone."""

    def __init__(self, base: Path, adapter: Path, threads: int = 1) -> None:
        import torch

        torch.set_num_threads(threads)
        self._model = _with_adapter(load(base), adapter).eval()

    def logits(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        """Return one row of logits per token, shape (tokens, vocabulary)."""
        return _rows(self._model, tokens)


def _rows(model: Any, tokens: list[int]) -> npt.NDArray[np.float32]:
    import torch

    with torch.inference_mode():
        rows: npt.NDArray[np.float32] = model(torch.tensor([tokens])).logits[0].numpy()
    return rows


def _main() -> int:
    try:
        sys.stdout.write(json.dumps(_work(*map(Path, sys.argv[1:]))) + "\n")
    except CannotMerge as refusal:
        sys.stderr.write(merge_refusal.line(refusal))
    except _REFUSALS as broken:
        why = f"PEFT refuses: {' '.join(str(broken).split())[:400]}"
        sys.stderr.write(merge_refusal.line(CannotMerge(why, hint=_OWN_BASE)))
    else:
        return 0
    return _REFUSED


if __name__ == "__main__":
    sys.exit(_main())
