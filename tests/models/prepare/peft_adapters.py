"""Bases of one or two layers and adapters of them, made by transformers and PEFT in this process, and merged in it.

The weights are wide (standard deviation 0.2) and all that an adapter may change is moved by noise, so that whatever
a merge does otherwise shows in the logits.
"""

from __future__ import annotations

import contextlib
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sage_edge.models.errors import CannotMerge, ModelError
from sage_edge.models.inspect.classify import classify
from sage_edge.models.prepare import merge, merge_proof
from sage_edge.models.prepare.merge_proof import MergeProof
from tests.models import tiny


@dataclass(frozen=True)
class TinyBase:
    """What a base is: its family (`llama` has no biases, `qwen2` has), and whether its two embeddings are one."""

    family: str = "qwen2"
    tied: bool = False
    layers: int = 1
    hidden: int = 32

    @property
    def name(self) -> str:
        """A folder's name."""
        return f"{self.family}-{'tied' if self.tied else 'untied'}-{self.layers}-{self.hidden}"


def base_folder(parent: Path, base: TinyBase) -> Path:
    """Return a base below `parent`, made when it is not there yet."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

    folder = parent / base.name
    if folder.is_dir():
        return folder
    sizes: dict[str, Any] = {
        "vocab_size": 800,
        "hidden_size": base.hidden,
        "intermediate_size": 2 * base.hidden,
        "num_hidden_layers": base.layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "tie_word_embeddings": base.tied,
        "initializer_range": 0.2,
        "bos_token_id": 0,
        "eos_token_id": 2,
    }
    torch.manual_seed(1)
    with quiet():
        model: Any = (
            LlamaForCausalLM(LlamaConfig(**sizes)) if base.family == "llama" else Qwen2ForCausalLM(Qwen2Config(**sizes))
        )
        model.save_pretrained(folder)
    tiny.save_words(folder)
    return folder


def adapter_folder(base: Path, folder: Path, noise: float = 0.1, seed: int = 2, **settings: Any) -> Path:
    """Write an adapter of a base into a folder and return it. settings: PEFT's, over rank 4 on q_proj and v_proj."""
    import torch
    from peft import LoraConfig, get_peft_model

    with quiet():
        wanted: dict[str, Any] = {
            "r": 4,
            "lora_alpha": 8,
            "target_modules": ["q_proj", "v_proj"],
            "task_type": "CAUSAL_LM",
        }
        model = get_peft_model(merge.load(base), LoraConfig(**{**wanted, **settings}))
        torch.manual_seed(seed)
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if weight.requires_grad or "lora_" in name:
                    weight.add_(torch.randn_like(weight) * noise)
        shutil.rmtree(folder, ignore_errors=True)
        model.save_pretrained(folder)
    (folder / "README.md").unlink()
    return folder


def proven(base: Path, adapter: Path, scratch: Path) -> MergeProof:
    """Merge as a preparation does, in this process, and return the judged proof. Raises what refuses it."""
    report = classify(adapter)
    if not report.is_adapter:
        raise ModelError("; ".join(report.faults), hint="")
    merge._check(base, adapter)
    return measured(base, adapter, scratch)


def measured(base: Path, adapter: Path, scratch: Path) -> MergeProof:
    """The same for an adapter that nobody looked at before."""
    for part in ("merged", "rows"):
        shutil.rmtree(scratch / part, ignore_errors=True)
    (scratch / "rows").mkdir(parents=True)
    with quiet():
        try:
            merge._work(base, adapter, scratch / "merged")
            proof = merge_proof._work(1, base, adapter, scratch / "merged", scratch / "rows")
        except merge._REFUSALS as refusal:
            raise CannotMerge(f"PEFT refuses: {refusal}", hint="") from refusal
    merge_proof.judge(proof, "it")
    return proof


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """PEFT's own warnings are no error of a test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
