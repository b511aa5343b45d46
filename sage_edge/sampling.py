"""How tokens are drawn: what a host declares, an engine is told and a transcript records, in the same words."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, Field

ANY_SEED = 2**32 - 1
"""The one seed of 32 bits by which llama.cpp means: draw one yourself. What was drawn with it cannot be drawn again."""


def seed_of(material: str) -> int:
    """Return the seed that follows from a text: the first 32 bits of its SHA-256 that are one."""
    return seed_in(hashlib.sha256(material.encode()).digest())


def seed_in(digest: bytes) -> int:
    """Return the first 32 bits of a digest; the next ones where those are ANY_SEED."""
    words = (int.from_bytes(digest[at : at + 4], "big") for at in range(0, len(digest), 4))
    return next((seed for seed in words if seed != ANY_SEED), 0)


class Sampling(BaseModel):
    """How tokens are drawn; temperature 0 is greedy, top_k 0 is no bound. Never an engine's own default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    temperature: float = Field(ge=0, le=2)
    top_p: float = Field(gt=0, le=1)
    top_k: int = Field(ge=0)
    min_p: float = Field(ge=0, le=1)
    repeat_penalty: float = Field(gt=0, le=2)
    max_tokens: int = Field(ge=1, le=8192)
