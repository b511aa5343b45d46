"""How much memory a model needs in the process that speaks with it, and whether a board has it.

    needs = weights + KV cache + scratch

    weights   bytes of all tensors, as stored
    KV cache  n_ctx · 2 · layers · kv_heads · head_size · 2 bytes: key and value in f16. Source: facts §3.1 and §3.5,
              which give 12,288 B/token for the 0.5B, 196,608 for the 14B and 98,304 for the 30B-A3B. Gemma's layers
              that look back only a while take less.
    scratch   what the process takes besides, by engine:
      llama.cpp      batch · n_ctx · heads · 6               attention scores of one layer in f32, and again in f16 for
                                                             the product with the values (no flash attention)
                     + batch · n_ctx · 4                     the mask
                     + batch · (3 · intermediate + 4 · hidden) · 4   activations of one layer
                     + vocabulary · 280   the tokenizer's texts, merges, tables; some rows of logits
                     + 70.4 MB                               Python, the agent, numpy and the library itself
                     It plans its compute buffer for a full batch of outputs (src/llama-context.cpp, graph_reserve) and
                     reuses it from layer to layer; our engine asks for one output, so the rest of it is never touched.
      transformers   n_ctx · (3 · intermediate + 4 · hidden) · 2 + 2 · vocabulary · 4 + 1 GB (torch and its kernels)

The last two terms of llama.cpp were fitted to peaks (VmHWM) of fresh processes on x86-64 with llama-cpp-python 0.3.36,
whose context was filled: the seedling (84.1 MB with 1,024 tokens) and SmolLM2-135M (215.7 MB with 1,024, 247.0 with
2,048); 8,192 tokens, not part of the fit, took 435.1 MB, estimated 433.9. The estimate is within 10 % of these, and
`tests/real/test_memory.py` measures them again. On a GPU nothing was measured. What the kernel and the desktop keep is
not in it: `has` is what the board's card says.
"""

from __future__ import annotations

from dataclasses import dataclass

from sage_edge.models.errors import DoesNotFit
from sage_edge.models.inspect.dimensions import Dimensions

BATCH_TOKENS = 128
"""What our engine evaluates at once (facts §3.2)."""

_LLAMA_BYTES = 70_400_000
_TOKEN_BYTES = 280
_TORCH_BYTES = 1_000_000_000


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes that a model needs with `context` tokens."""

    context: int
    weights: int
    kv_cache: int
    scratch: int

    @property
    def needs(self) -> int:
        """All of it."""
        return self.weights + self.kv_cache + self.scratch

    def fit(self, what: str, has_bytes: int) -> None:
        """Hold the need against what a board has. Raises DoesNotFit."""
        if self.needs > has_bytes:
            raise DoesNotFit(what, self.needs, has_bytes)


def estimate(
    dimensions: Dimensions, weights: int, container: str, *, context: int | None = None, batch: int = BATCH_TOKENS
) -> MemoryNeed:
    """Return what a model of these dimensions needs.

    weights: bytes of its tensors. container: `gguf` runs in llama.cpp, `safetensors` in transformers.
    context: tokens, all that the model can hold when not given. batch: tokens evaluated at once, llama.cpp only.
    """
    tokens = dimensions.context if context is None else context
    layer = 3 * dimensions.intermediate + 4 * dimensions.hidden
    if container == "gguf":
        attention = batch * tokens * (6 * dimensions.heads + 4)
        scratch = attention + batch * layer * 4 + dimensions.vocabulary * _TOKEN_BYTES + _LLAMA_BYTES
    else:
        scratch = tokens * layer * 2 + 2 * dimensions.vocabulary * 4 + _TORCH_BYTES
    return MemoryNeed(tokens, weights, tokens * dimensions.kv_bytes_per_token, scratch)
