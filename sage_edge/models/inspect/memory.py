"""How much memory a model needs before it answers, and whether a board has it.

    needs = weights + KV cache + scratch

    weights   bytes of all tensors, as stored
    KV cache  n_ctx · 2 · layers · kv_heads · head_size · 2 bytes: key and value in f16. Source: facts §3.1 and §3.5,
              which give 12,288 B/token for the 0.5B, 196,608 for the 14B and 98,304 for the 30B-A3B
    scratch   what the runtime takes besides, by engine:
      llama.cpp      max(batch · vocabulary · 4,                 logits of a whole batch
                         batch · n_ctx · heads · 4)              attention scores of one layer, where no flash attention
                     + batch · (3 · intermediate + 4 · hidden) · 4   activations of one layer
                     + vocabulary · 160                          the tokenizer: texts, merges and their tables
                     + 120 MB                                    Python, the agent, numpy and the library itself
                     It plans its compute buffer for a full batch of outputs (src/llama-context.cpp, graph_reserve), and
                     reuses it from layer to layer: a maximum, not a sum.
      transformers   n_ctx · (3 · intermediate + 4 · hidden) · 2 + 2 · vocabulary · 4 + 1 GB (torch and its kernels)

The estimate errs upwards: the 0.5B in Q8_0 with 4,096 tokens of context is estimated at 807 MB, and took 712 MB at its
peak (llama-cpp-python 0.3.36 on x86-64, one thread, 3,000 tokens read). What the kernel and the desktop keep is not in
it: `has` is what the board's card says.
"""

from __future__ import annotations

from dataclasses import dataclass

from sage_edge.models.errors import DoesNotFit
from sage_edge.models.inspect.dimensions import Dimensions

BATCH_TOKENS = 128
"""What our engine evaluates at once (facts §3.2)."""

_LLAMA_BYTES = 120_000_000
_TOKEN_BYTES = 160
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
        widest = max(dimensions.vocabulary, tokens * dimensions.heads)
        scratch = batch * (widest + layer) * 4 + dimensions.vocabulary * _TOKEN_BYTES + _LLAMA_BYTES
    else:
        scratch = tokens * layer * 2 + 2 * dimensions.vocabulary * 4 + _TORCH_BYTES
    return MemoryNeed(tokens, weights, tokens * dimensions.kv_bytes_per_token, scratch)
