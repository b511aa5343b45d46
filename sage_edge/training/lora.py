"""Trains a LoRA on dialogues, and writes it as an adapter's folder: the base itself never changes.

The loss is the mean cross entropy, in nats, over the tokens that the mind itself has to write. Same base, dialogues,
recipe and machine: the same bytes; another processor may sum in another order. Source: LoRA, arXiv 2106.09685.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, TaskType, get_peft_model, get_peft_model_state_dict

from sage_edge.engines.base import Message
from sage_edge.models.prepare import merge
from sage_edge.training import adapter_folder
from sage_edge.training.conversations import LearntConversation, encode
from sage_edge.training.errors import TrainingDiverged
from sage_edge.training.folder_words import FolderWords
from sage_edge.training.recipe import LoraRecipe

Batch = Sequence[LearntConversation]

_REPORT_STEPS = 10
_LOWEST = 0.05


@dataclass(frozen=True)
class LossPoint:
    """Losses in nats per learnt token. train: the mean since the point before, None at step 0."""

    step: int
    train: float | None
    held_out: float


@dataclass(frozen=True)
class TrainingReport:
    """What training gives, beside the adapter. learnt_tokens: those in the loss, over all steps; tokens: all read."""

    parameters: int
    tokens: int
    learnt_tokens: int
    curve: tuple[LossPoint, ...]
    seconds: float


def train(
    base: Path,
    dialogues: Sequence[Sequence[Message]],
    held_out: Sequence[Sequence[Message]],
    recipe: LoraRecipe,
    into: Path,
    *,
    log: Callable[[str], None],
) -> TrainingReport:
    """Train an adapter of the transformers folder `base`, write it to the new folder `into`, and say how it went.

    held_out: dialogues that are only measured. log: one line for people, now and then.
    Raises UnfitConversation, TrainingDiverged, TrainingError; nothing is written then.
    """
    started = time.monotonic()
    words = FolderWords(base)
    examples = encode(dialogues, words, recipe.longest)
    checks = _batches(encode(held_out, words, recipe.longest), recipe, random.Random(recipe.seed))  # noqa: S311
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    torch.use_deterministic_algorithms(True)
    whole = merge.load(base)
    whole.name_or_path = recipe.base_name  # PEFT writes this down, whatever its settings say
    model = get_peft_model(whole, _settings(recipe))
    batches = _steps(examples, recipe)
    curve = _run(model, batches, checks, recipe, log)
    settings = model.peft_config["default"].to_dict() | {"inference_mode": True}
    adapter_folder.save(get_peft_model_state_dict(model, save_embedding_layers=False), settings, into)
    return TrainingReport(
        parameters=sum(weight.numel() for weight in _learning(model)),
        tokens=sum(len(example.tokens) for batch in batches for example in batch),
        learnt_tokens=sum(example.learnt for batch in batches for example in batch),
        curve=curve,
        seconds=time.monotonic() - started,
    )


def _settings(recipe: LoraRecipe) -> LoraConfig:
    return LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        target_modules=list(recipe.targets),
        task_type=TaskType.CAUSAL_LM,
    )


def _learning(model: Any) -> list[torch.nn.Parameter]:
    return [weight for weight in model.parameters() if weight.requires_grad]


def _steps(examples: Sequence[LearntConversation], recipe: LoraRecipe) -> list[Batch]:
    """Return one batch for each step; each pass over the examples is dealt anew."""
    rng = random.Random(recipe.seed)  # noqa: S311 (repeatable, not secret)
    batches: list[Batch] = []
    while len(batches) < recipe.steps:
        batches += _batches(examples, recipe, rng)
    return batches[: recipe.steps]


def _batches(examples: Sequence[LearntConversation], recipe: LoraRecipe, rng: random.Random) -> list[Batch]:
    """Return batches of similar length within the token budget, in random order; each example once."""
    ordered = sorted(examples, key=lambda example: len(example.tokens) * rng.uniform(0.9, 1.1))
    batches: list[list[LearntConversation]] = []
    longest = 0
    for example in ordered:
        longest = max(longest, len(example.tokens))
        if not batches or longest * (len(batches[-1]) + 1) > recipe.tokens_per_step:
            batches.append([])
            longest = len(example.tokens)
        batches[-1].append(example)
    rng.shuffle(batches)
    return list(batches)


def _run(
    model: Any, batches: Sequence[Batch], checks: Sequence[Batch], recipe: LoraRecipe, log: Callable[[str], None]
) -> tuple[LossPoint, ...]:
    """Take the recipe's steps and return the losses."""
    optimiser = torch.optim.AdamW(_learning(model), lr=recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, recipe))
    curve = [LossPoint(0, None, _held_out(model, checks))]
    recent: list[float] = []
    every = max(1, recipe.steps // recipe.checks)
    for step, batch in enumerate(batches, start=1):
        loss = _loss(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(_learning(model), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        recent.append(loss.item())
        if not math.isfinite(recent[-1]):
            raise TrainingDiverged(step)
        if step % _REPORT_STEPS == 0 or step == recipe.steps:
            log(f"step {step} of {recipe.steps}, loss {recent[-1]:.3f}")
        if step % every == 0 or step == recipe.steps:
            curve.append(LossPoint(step, round(sum(recent) / len(recent), 4), _held_out(model, checks)))
            recent.clear()
    return tuple(curve)


def _pace(step: int, recipe: LoraRecipe) -> float:
    """Return the factor on the learning rate: up to one, then half a cosine down to a twentieth."""
    if step < recipe.warm_up_steps:
        return (step + 1) / recipe.warm_up_steps
    progress = (step - recipe.warm_up_steps) / max(1, recipe.steps - recipe.warm_up_steps)
    return _LOWEST + (1 - _LOWEST) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def _loss(model: Any, batch: Batch) -> torch.Tensor:
    """Return the mean cross entropy over learnt tokens; the head is applied to their positions only."""
    longest = max(len(example.tokens) for example in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    own = torch.zeros(len(batch), longest, dtype=torch.bool)
    for row, example in enumerate(batch):
        ids[row, : len(example.tokens)] = torch.tensor(example.tokens)
        own[row, : len(example.own)] = torch.tensor(example.own)
    # padding stands on the right, where causal attention cannot see it, so no attention mask is needed
    causal = model.get_base_model()
    hidden = causal.model(input_ids=ids, use_cache=False).last_hidden_state
    wanted = own[:, 1:]
    logits = causal.lm_head(hidden[:, :-1][wanted])
    return torch.nn.functional.cross_entropy(logits, ids[:, 1:][wanted])


def _held_out(model: Any, batches: Sequence[Batch]) -> float:
    """Return the mean loss over all learnt tokens of dialogues that are not trained on."""
    with torch.no_grad():
        losses = [(_loss(model, batch).item(), sum(example.learnt for example in batch)) for batch in batches]
    total = sum(count for _, count in losses)
    return round(float(sum(loss * count for loss, count in losses)) / total, 4)
