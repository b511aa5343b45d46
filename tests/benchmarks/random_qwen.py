"""A Qwen2 base and a LoRA adapter of Qwen2.5-0.5B's exact shape with random weights, as somebody would publish them.

`python -m tests.benchmarks.random_qwen FOLDER [--quick]` makes FOLDER/base and FOLDER/adapter, in a process of its own
because making takes more memory than merging. --quick: a twentieth of the size.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.models import tiny


def write(folder: Path, quick: bool) -> None:
    """Write both folders."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.set_num_threads(1)
    torch.manual_seed(1)
    torch.set_default_dtype(torch.bfloat16)
    shape = (256, 1_024, 6, 4, 16_000) if quick else (896, 4_864, 24, 14, 151_936)
    hidden, intermediate, layers, heads, vocabulary = shape
    config = Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=2,
        max_position_embeddings=32_768,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=2,
    )
    model = Qwen2ForCausalLM(config)
    model.save_pretrained(folder / "base")
    tiny.save_words(folder / "base")
    torch.set_default_dtype(torch.float32)
    joined = get_peft_model(model, LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM"))
    for name, weight in joined.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.01)
    joined.save_pretrained(folder / "adapter")


if __name__ == "__main__":
    write(Path(sys.argv[1]), "--quick" in sys.argv[2:])
