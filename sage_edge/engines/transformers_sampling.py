"""One token out of logits, by the same steps and in the same order as llama.cpp's sampler chain draws it.

repeat penalty (last 64 drawn) ─► temperature 0: the likeliest
                               └► top-k ─► top-p ─► min-p ─► temperature ─► one draw from the seed
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sage_edge.sampling import Sampling

if TYPE_CHECKING:
    import torch

_PENALISED = 64


def pick(logits: torch.Tensor, drawn: Sequence[int], sampling: Sampling, dice: torch.Generator) -> int:
    """Return a token. logits: of the whole vocabulary, f32, on the CPU. drawn: the tokens of this reply so far."""
    import torch

    logits = _penalised(logits, drawn[-_PENALISED:], sampling.repeat_penalty)
    if sampling.temperature == 0:
        return int(logits.argmax())
    kept, tokens = logits.topk(min(sampling.top_k, logits.numel()) if sampling.top_k > 0 else logits.numel())
    chances = kept.softmax(0)
    before = chances.cumsum(0) - chances
    wanted = (before < sampling.top_p) & (chances >= sampling.min_p * chances[0])
    wanted[0] = True
    chances = (kept[wanted] / sampling.temperature).softmax(0)
    return int(tokens[wanted][torch.multinomial(chances, 1, generator=dice)])


def _penalised(logits: torch.Tensor, drawn: Sequence[int], penalty: float) -> torch.Tensor:
    if penalty == 1 or not drawn:
        return logits
    logits, places = logits.clone(), sorted(set(drawn))
    seen = logits[places]
    logits[places] = seen.where(seen <= 0, seen / penalty).where(seen > 0, seen * penalty)
    return logits
