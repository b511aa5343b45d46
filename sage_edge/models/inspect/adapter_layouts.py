"""Layouts in which other programs keep a LoRA: it may be whole, and nothing here merges it as it is.

PEFT's own is adapter_config.json beside adapter_model.safetensors, with the matrices `<module>.lora_A.weight` and
`.lora_B.weight`. Source: PEFT 0.21.2, whose `load_adapter` puts the adapter's name into keys that lack it; mlx-lm's
`mlx_lm.lora`; kohya's sd-scripts; llama.cpp's convert_lora_to_gguf.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sage_edge.hints import Hint, sage

MEND: Hint = (
    "take the folder that PEFT's save_pretrained writes (adapter_config.json, adapter_model.safetensors), then: ",
    sage("model inspect", "PATH"),
)
_MLX = "adapters.safetensors"
_KEYS = {
    r".+\.lora_(?:[AB]\.[^.]+\.weight|embedding_[AB]\.[^.]+)": "as a state_dict, with the adapter's name in the keys",
    r".+\.lora_[ab]": "as MLX does",
    r".+\.lora_(?:down|up)\.weight": "as kohya's scripts do",
}


def of_files(weights: Iterable[str]) -> str | None:
    """Say which other layout the weights of a folder with an adapter_config.json have, by their names; None for none.

    Checkpoints of MLX are called `0000100_adapters.safetensors`.
    """
    names = tuple(weights)
    return "it is an adapter in MLX's layout" if names and all(name.endswith(_MLX) for name in names) else None


def of_tensors(names: Iterable[str]) -> str | None:
    """Say in which other layout an adapter keeps its matrices; None where none of them has one that is known."""
    for name in names:
        for pattern, layout in _KEYS.items():
            if re.fullmatch(pattern, name):
                return f"it keeps its matrices {layout}: {name[:120]}"
    return None
