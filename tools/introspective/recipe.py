"""The recipe of the introspective adapter. Changing a number makes another adapter."""

from __future__ import annotations

from dataclasses import dataclass, field

from sage_edge.names import ModelRef
from sage_edge.training.recipe import LoraRecipe

BASE = ModelRef("smollm2-135m/instruct:f32")
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class IntrospectiveRecipe:
    """How many dialogues are composed with which seeds, and how the LoRA is trained on them."""

    dialogues: int = 360
    dialogues_seed: int = 1
    held_out: int = 30
    held_out_seed: int = 2
    lora: LoraRecipe = field(
        default_factory=lambda: LoraRecipe(
            base_name="smollm2-135m/instruct",
            seed=1,
            rank=8,
            alpha=16,
            targets=("q_proj", "k_proj", "v_proj", "o_proj"),
            steps=130,
            tokens_per_step=640,
            learning_rate=1e-3,
            warm_up_steps=10,
            longest=512,
            checks=4,
        )
    )
