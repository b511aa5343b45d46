"""How tokens are drawn: what a host declares, an engine is told and a transcript records, in the same words."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Sampling(BaseModel):
    """How tokens are drawn; temperature 0 is greedy, top_k 0 is no bound. Never an engine's own default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    temperature: float = Field(ge=0, le=2)
    top_p: float = Field(gt=0, le=1)
    top_k: int = Field(ge=0)
    min_p: float = Field(ge=0, le=1)
    repeat_penalty: float = Field(gt=0, le=2)
    max_tokens: int = Field(ge=1, le=8192)
