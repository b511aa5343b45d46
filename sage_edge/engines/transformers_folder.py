"""The weights of a verified transformers folder in torch: all of them, and nothing that was made up."""

from __future__ import annotations

from typing import Any

from sage_edge.engines.errors import ModelUnusable
from sage_edge.hints import Hint, sage
from sage_edge.models.resolve import ResolvedModel

_REFUSALS = (ValueError, RuntimeError, KeyError, TypeError, OSError, NotImplementedError, AssertionError)
"""What torch and transformers raise for a folder that cannot be right."""


def load(model: ResolvedModel, dtype: str, device: str) -> Any:
    """Return a causal language model, ready to answer. dtype: torch's name, or `auto`: as its config.json says.

    Raises ModelUnusable for a kind of model that is not known here, and on any missing, unexpected or unfitting tensor.
    """
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        loaded, report = AutoModelForCausalLM.from_pretrained(
            model.path,
            dtype=dtype if dtype == "auto" else getattr(torch, dtype),
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    except _REFUSALS as refusal:
        why = " ".join(str(refusal).split())[:300]
        raise ModelUnusable(f"transformers cannot open {model.ref}: {why}", hint=_look(model)) from refusal
    wrong = [f"{why.removesuffix('_keys')} {sorted(map(str, keys))[0]}" for why, keys in report.items() if keys]
    if wrong:  # transformers would make up what is missing, and only warn
        raise ModelUnusable(f"{model.ref} is not what its config.json says: {', '.join(wrong)}", hint=_look(model))
    return loaded.to(device).eval()


def ends(loaded: Any) -> frozenset[int]:
    """Return every token that ends a turn: those of config.json and of generation_config.json."""
    given = (loaded.config.eos_token_id, loaded.generation_config.eos_token_id)
    return frozenset(
        end for declared in given for end in (declared if isinstance(declared, list) else [declared]) if end is not None
    )


def _look(model: ResolvedModel) -> Hint:
    return ("see what is there: ", sage("model inspect", str(model.path)))
