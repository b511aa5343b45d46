"""Growing the weights: the one module of the seedling that needs torch and transformers."""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import Qwen2Config, Qwen2ForCausalLM

from tools.seedling import tokenizer as tokens
from tools.seedling.dialogues import Dialogue
from tools.seedling.recipe import Recipe

Example = tuple[list[int], list[bool]]

_CURVE_POINTS = 14
_REPORT_STEPS = 25


@dataclass(frozen=True)
class Grown:
    """What training gives, beside the saved weights.

    tokens, answer_tokens: seen in all steps, without padding; only the latter are learnt from.
    curve: (step, mean loss since the last point, held-out loss), in nats per answer token.
    """

    parameters: int
    tokens: int
    answer_tokens: int
    curve: tuple[tuple[int, float, float], ...]
    seconds: float


def grow(
    rehearsal: Sequence[Dialogue],
    train: Sequence[Dialogue],
    held_out: Sequence[Dialogue],
    tokenizer: Tokenizer,
    recipe: Recipe,
    into: Path,
) -> Grown:
    """Train a model, on the rehearsal first, and save it into `into` as a transformers folder (float32 safetensors).

    The number of steps is fixed by the recipe, never by the clock. Progress goes to stderr.
    """
    _settle(recipe)
    started = time.monotonic()
    model = Qwen2ForCausalLM(_config(recipe))
    batches = _steps(rehearsal, tokenizer, recipe, recipe.rehearsal_steps)
    batches += _steps(train, tokenizer, recipe, recipe.steps - recipe.rehearsal_steps)
    checks = _batches([tokens.encode(tokenizer, dialogue) for dialogue in held_out], recipe, recipe.seed)
    curve = _run(model, batches, checks, recipe)
    model.save_pretrained(into)
    seen = [example for batch in batches for example in batch]
    return Grown(
        parameters=sum(weight.numel() for weight in model.parameters()),
        tokens=sum(len(sequence) for sequence, _ in seen),
        answer_tokens=sum(sum(own) for _, own in seen),
        curve=curve,
        seconds=time.monotonic() - started,
    )


def _settle(recipe: Recipe) -> None:
    """Make torch repeat itself: same seed, same threads, deterministic kernels."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    torch.use_deterministic_algorithms(True)


def _config(recipe: Recipe) -> Qwen2Config:
    return Qwen2Config(
        vocab_size=recipe.vocabulary,
        hidden_size=recipe.hidden,
        intermediate_size=recipe.feed_forward,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.kv_heads,
        max_position_embeddings=recipe.context,
        rope_parameters={"rope_type": "default", "rope_theta": recipe.rope_theta},
        tie_word_embeddings=True,
        use_cache=False,
        bos_token_id=0,
        pad_token_id=0,
        eos_token_id=2,
        architectures=["Qwen2ForCausalLM"],
    )


def _steps(dialogues: Sequence[Dialogue], tokenizer: Tokenizer, recipe: Recipe, count: int) -> list[list[Example]]:
    """Return one batch for each of `count` steps; the dialogues begin anew when they are used up."""
    batches = _batches([tokens.encode(tokenizer, dialogue) for dialogue in dialogues], recipe, recipe.seed)
    return [batches[step % len(batches)] for step in range(count)]


def _batches(examples: list[Example], recipe: Recipe, seed: int) -> list[list[Example]]:
    """Return batches of similar length within the token budget, in random order; each example once."""
    rng = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    clipped = [(sequence[: recipe.context], own[: recipe.context]) for sequence, own in examples]
    # A little noise in the sort key keeps the same neighbours from always sharing a batch.
    ordered = sorted(clipped, key=lambda example: len(example[0]) * rng.uniform(0.95, 1.05))
    batches: list[list[Example]] = []
    batch: list[Example] = []
    for example in ordered:
        longest = max(len(sequence) for sequence, _ in (*batch, example))
        if batch and longest * (len(batch) + 1) > recipe.tokens_per_step:
            batches.append(batch)
            batch = []
        batch.append(example)
    batches.append(batch)
    rng.shuffle(batches)
    return batches


def _run(
    model: Qwen2ForCausalLM, batches: list[list[Example]], checks: list[list[Example]], recipe: Recipe
) -> tuple[tuple[int, float, float], ...]:
    """Take the recipe's steps and return the loss curve."""
    optimiser = torch.optim.AdamW(_groups(model), lr=recipe.learning_rate, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, recipe))
    curve: list[tuple[int, float, float]] = []
    recent: list[float] = []
    every = max(1, recipe.steps // _CURVE_POINTS)
    for step in range(1, recipe.steps + 1):
        model.train()
        loss = _loss(model, batches[step - 1])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        recent.append(loss.item())
        if step % _REPORT_STEPS == 0:
            sys.stderr.write(f"seedling: step {step} of {recipe.steps}, loss {recent[-1]:.3f}\n")
        if step % every == 0:
            curve.append((step, round(sum(recent) / len(recent), 4), round(_check(model, checks), 4)))
            recent.clear()
    return tuple(curve)


def _groups(model: Qwen2ForCausalLM) -> list[dict[str, object]]:
    """Return the weights in two groups: matrices decay, norms and biases do not."""
    matrices = [weight for weight in model.parameters() if weight.ndim > 1]
    others = [weight for weight in model.parameters() if weight.ndim <= 1]
    return [{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]


def _pace(step: int, recipe: Recipe) -> float:
    """Return the factor on the learning rate: a half for the rehearsal, then one, then half a cosine to a twentieth."""
    if step < recipe.rehearsal_steps:
        return 0.5 * min(1.0, (step + 1) / recipe.warm_up_steps)
    later = step - recipe.rehearsal_steps
    if later < recipe.warm_up_steps:
        return 0.5 + 0.5 * (later + 1) / recipe.warm_up_steps
    progress = (later - recipe.warm_up_steps) / max(1, recipe.steps - recipe.rehearsal_steps - recipe.warm_up_steps)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def _loss(model: Qwen2ForCausalLM, batch: list[Example]) -> torch.Tensor:
    """Return the mean cross entropy over the answer tokens; the head is applied to those positions only."""
    longest = max(len(sequence) for sequence, _ in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    own = torch.zeros(len(batch), longest, dtype=torch.bool)
    for row, (sequence, mask) in enumerate(batch):
        ids[row, : len(sequence)] = torch.tensor(sequence)
        own[row, : len(sequence)] = torch.tensor(mask)
    # Padding stands on the right, where causal attention cannot see it, so no attention mask is needed.
    hidden = model.model(input_ids=ids).last_hidden_state
    wanted = own[:, 1:]
    logits = model.lm_head(hidden[:, :-1][wanted])
    return torch.nn.functional.cross_entropy(logits, ids[:, 1:][wanted])


def _check(model: Qwen2ForCausalLM, batches: list[list[Example]]) -> float:
    """Return the mean held-out loss over batches."""
    model.eval()
    with torch.no_grad():
        return float(sum(_loss(model, batch).item() for batch in batches)) / len(batches)
