"""The recipe of the seedling: every number that decides which weights come out. Changing one makes another model."""

from __future__ import annotations

from dataclasses import dataclass

REF = "sage/seedling:q8_0"
NAME = "sage seedling"
LICENCE = "Apache-2.0"

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""Plain ChatML: the system message as given, and none of its own."""


@dataclass(frozen=True)
class Recipe:
    """How a seedling is grown. Sizes are multiples of 32, because Q8_0 keeps rows in blocks of 32."""

    seed: int = 20
    dialogues: int = 9_000  # composed for training; the held-out ones come from another seed
    rehearsals: int = 16_000
    held_out: int = 40
    rehearsal_steps: int = 450  # on rows of words, at half the peak rate
    steps: int = 1_750  # with the rehearsal
    tokens_per_step: int = 2_048  # upper bound, padding included
    learning_rate: float = 2e-3  # the peak of AdamW
    warm_up_steps: int = 60
    threads: int = 2  # fixed: the order of sums, and so the weights, depends on it
    vocabulary: int = 1_536
    hidden: int = 256
    layers: int = 4
    feed_forward: int = 512
    heads: int = 8
    kv_heads: int = 4
    context: int = 1_024  # tokens, as declared in the file
    rope_theta: float = 10_000.0
