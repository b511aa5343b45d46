"""The whole way of the seedling: compose, tokenise, grow, export, describe."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tools.seedling import dialogues, export, language, tokenizer
from tools.seedling.recipe import Recipe


def rebuild(into: Path, *, cache: Path, recipe: Recipe | None = None) -> Path:
    """Grow the seedling anew and return the path of its GGUF file; the card is written beside it.

    into: the folder for both files. cache: keeps llama.cpp's converter between calls. recipe: another one than the
    shipped, for a test. About ten minutes on two idle cores; progress goes to stderr.
    """
    from tools.seedling import train

    recipe = recipe or Recipe()
    _say(f"composing {recipe.dialogues} dialogues with seed {recipe.seed}")
    composed = list(dialogues.compose(language.load(), recipe.seed, recipe.dialogues))
    held_out = list(dialogues.compose(language.load(), recipe.seed + 1, recipe.held_out))
    rehearsal = list(dialogues.rehearsals(language.load(), recipe.seed, recipe.rehearsals))
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        words = tokenizer.train(composed, recipe)
        grown = train.grow(rehearsal, composed, held_out, words, recipe, folder)
        tokenizer.save(words, folder, recipe)
        _say(f"grown in {grown.seconds:.0f} s; converting and quantising")
        file = export.export(folder, into, cache=cache)
    export.write_card(file, recipe, grown)
    _say(f"{file.name}: {file.stat().st_size} bytes, {grown.parameters} parameters")
    return file


def _say(text: str) -> None:
    sys.stderr.write(f"seedling: {text}\n")
