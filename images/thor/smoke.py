#!/opt/sage/bin/python3
"""Does this image work here: inside the container, on its GPU if it is for one, a token is generated.

Prints one JSON document; exit status 1 with the reason where it does not. A listed device is no proof (facts §1.3): a
GPU image fails without a GPU, because layers that stay on the CPU are a broken set-up and not a slow one.
"""

import json
import os
import sys
from pathlib import Path

import yaml

from sage_edge.names import ModelRef
from sage_edge.verify import probes

card = yaml.safe_load(Path(os.environ["SAGE_IMAGE_CARD"]).read_text("utf-8"))
fleet, models = Path(os.environ["SAGE_FLEET"]), Path(os.environ["SAGE_MODELS"])


def main() -> int:
    """Run a kernel and draw a token: with torch on the GPU, or with llama.cpp and the seedling on a CPU."""
    if not card["gpu_layers"]:
        drawn = probes.token(ModelRef("sage/seedling:q8_0"), fleet, models, gpu_layers=0)
        return (
            fail(f"no token was drawn: {drawn.refusal}") if drawn.refusal else tell("sage/seedling:q8_0", drawn.tokens)
        )
    kernel = probes.torch_kernel()
    if not kernel.ran or kernel.capability != card["compute_capability"]:
        found = kernel.refusal or f"{', '.join(kernel.devices) or 'no device'}, capability {kernel.capability}"
        return fail(f"the GPU did not compute: {found}")
    return tell("two layers of random weights", drawn_by_torch())


def drawn_by_torch() -> int:
    """Draw one token on the GPU, with the classes that load the researcher's models; weights do not matter."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    small = Qwen2Config(hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
                        num_key_value_heads=2, vocab_size=512)  # fmt: skip
    model = Qwen2ForCausalLM(small).to("cuda", torch.bfloat16).eval()
    asked = torch.arange(8, device="cuda").unsqueeze(0)
    answered = model.generate(asked, max_new_tokens=1, do_sample=False, pad_token_id=0)
    return int(answered.shape[1] - asked.shape[1])


def tell(model: str, tokens: int) -> int:
    """Say what was done."""
    if not tokens:
        return fail("no token was drawn")
    sys.stdout.write(json.dumps({"ok": True, "model": model, "tokens": tokens}) + "\n")
    return 0


def fail(why: str) -> int:
    """Say why, on both streams: the document for programs, the sentence for people."""
    sys.stdout.write(json.dumps({"ok": False, "why": why}) + "\n")
    sys.stderr.write(f"{why}\n")
    return 1


sys.exit(main())
