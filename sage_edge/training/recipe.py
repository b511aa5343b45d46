"""The recipe of an adapter: every number that decides which weights come out, besides base and dialogues."""

from __future__ import annotations

from pydantic import Field

from sage_edge.declared import Declared


class LoraRecipe(Declared):
    """How a LoRA is trained; another number makes another adapter.

    tokens_per_step: upper bound, padding included. learning_rate: the peak of AdamW; it rises over warm_up_steps and
    falls along half a cosine to a twentieth. longest: tokens of one dialogue. threads: fixed, because the order of
    sums, and so the weights, depends on it. base_name: what the adapter calls its base; a name and never a path.
    """

    base_name: str = Field(pattern=r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$")
    seed: int = Field(ge=0)
    rank: int = Field(default=8, ge=1, le=256)
    alpha: int = Field(default=16, ge=1)
    targets: tuple[str, ...] = Field(default=("q_proj", "v_proj"), min_length=1)
    steps: int = Field(ge=1)
    tokens_per_step: int = Field(default=512, ge=1)
    learning_rate: float = Field(default=5e-4, gt=0)
    warm_up_steps: int = Field(default=20, ge=1)
    longest: int = Field(default=512, ge=1)
    checks: int = Field(default=6, ge=1, description="how often the held-out loss is measured, the end included")
    threads: int = Field(default=2, ge=1)
