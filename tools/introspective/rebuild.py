"""The whole way of the adapter: compose, train, describe."""

from __future__ import annotations

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import yaml

from sage_edge import files
from sage_edge.models.inspect.adapter import CONFIG, WEIGHTS
from sage_edge.training import lora
from tools.introspective import dialogues, language
from tools.introspective.recipe import BASE, LICENCE, IntrospectiveRecipe

SHEET = "data-sheet.yaml"
_TOOLS = ("torch", "transformers", "peft", "safetensors", "tokenizers")
_IS = (
    "Dialogues that this repository composes from scenes written for it: a young mind says who it is, notices, says "
    "when it does not know, asks back; and small exercises, so that it keeps what it could do. Half of the minds are "
    "told a name (a fifth of these another one than Sage), the others call themselves Sage untold."
)
_IS_NOT = (
    "No words of any person or of another model, no transcript, and none of the questions of fleet/curriculum. It is "
    "trained to say its name and to admit not knowing: that it does so afterwards is no finding about minds. Templates "
    "are few, so answers are of few kinds. System messages are those of the interventions' version 1, or the same in "
    "further words; it was not trained without one."
)


def rebuild(base: Path, into: Path, *, recipe: IntrospectiveRecipe | None = None) -> Path:
    """Train the adapter anew, write it and its data sheet into the folder `into`, and return the sheet's path.

    base: the transformers folder of BASE. recipe: another one than the shipped, for a test. Progress goes to stderr.
    Raises what `lora.train` raises.
    """
    recipe = recipe or IntrospectiveRecipe()
    spoken = language.load()
    train = list(dialogues.compose(spoken, recipe.dialogues_seed, recipe.dialogues))
    held_out = list(dialogues.compose(spoken, recipe.held_out_seed, recipe.held_out, is_held=True))
    _say(f"{len(train)} dialogues composed, {recipe.lora.steps} steps to take")
    files.make_folder(into)
    with tempfile.TemporaryDirectory(dir=into) as scratch:
        made = Path(scratch) / "adapter"
        report = lora.train(base, train, held_out, recipe.lora, made, log=_say)
        for name in (WEIGHTS, CONFIG):
            (made / name).replace(into / name)
    sheet = _sheet(into / WEIGHTS, recipe, report, train, held_out)
    text = yaml.safe_dump(sheet, sort_keys=False, width=120, default_flow_style=None, allow_unicode=True)
    files.write_atomic(into / SHEET, text.encode())
    before, after = report.curve[0].held_out, report.curve[-1].held_out
    _say(f"{(into / WEIGHTS).stat().st_size} bytes; held-out loss {before} to {after}")
    return into / SHEET


def _sheet(
    weights: Path,
    recipe: IntrospectiveRecipe,
    report: lora.TrainingReport,
    train: list[dialogues.SpokenDialogue],
    held_out: list[dialogues.SpokenDialogue],
) -> dict[str, object]:
    """What is said of an adapter; everything in it is measured or comes from the recipe."""
    return {
        "format": 1,
        "base": str(BASE),
        "licence": LICENCE,
        "sha256": files.digest_file(weights).removeprefix("sha256:"),
        "size_bytes": weights.stat().st_size,
        "parameters": report.parameters,
        "data": {"train": _counted(train), "held_out": _counted(held_out) | {"new_questions": _new(held_out, train)}},
        "seeds": {"train": recipe.dialogues_seed, "held_out": recipe.held_out_seed, "weights": recipe.lora.seed},
        "recipe": recipe.lora.model_dump(mode="json"),
        "tokens": {"read": report.tokens, "learnt": report.learnt_tokens},
        "loss": {
            "unit": "nats per learnt token",
            "curve": [[point.step, point.train, point.held_out] for point in report.curve],
            "held_out_before": report.curve[0].held_out,
            "held_out_after": report.curve[-1].held_out,
        },
        "seconds": round(report.seconds),
        "tools": {tool: version(tool) for tool in _TOOLS},
        "what_it_is": _IS,
        "what_it_is_not": _IS_NOT,
    }


def _counted(composed: list[dialogues.SpokenDialogue]) -> dict[str, int | str]:
    answers = [message.text for dialogue in composed for message in dialogue if message.role == "assistant"]
    return {
        "dialogues": len(composed),
        "turns": len(answers),
        "different_answers": len(set(answers)),
        "sha256": dialogues.digest(composed).removeprefix("sha256:"),
    }


def _new(held_out: list[dialogues.SpokenDialogue], train: list[dialogues.SpokenDialogue]) -> int:
    """How many questions of the held-out dialogues are asked nowhere in training."""
    return len(_questions(held_out) - _questions(train))


def _questions(composed: list[dialogues.SpokenDialogue]) -> set[str]:
    return {message.text for dialogue in composed for message in dialogue if message.role == "user"}


def _say(text: str) -> None:
    sys.stderr.write(f"introspective: {text}\n")
