"""What a GGUF declares to speak with, held against its card before it is opened, and against llama.cpp after.

The header is read once, by our own reader, and the chat template is taken from it: the binding's copy of the metadata
loses the last character of a value of 1,024 bytes. The table asked is `sage_edge/models/inspect/voice_rules.py`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from sage_edge import files
from sage_edge.engines.errors import ModelUnusable
from sage_edge.hints import Hint, sage
from sage_edge.models.errors import HeaderBroken
from sage_edge.models.inspect import read_gguf, voice, voice_rules
from sage_edge.models.inspect.voice import Voice
from sage_edge.models.resolve import ResolvedModel


def declared(model: ResolvedModel) -> tuple[Voice, str]:
    """Return what a model's file declares, and its chat template. Raises ModelUnusable."""
    try:
        speech = voice.of_gguf(read_gguf(model.path, voice.ARRAYS))
    except (HeaderBroken, OSError) as broken:
        raise ModelUnusable(f"{model.ref} cannot be read: {broken}", hint=_again(model)) from broken
    wrong = [*(f"lacks the key {key}" for key in voice_rules.lacks(speech)), *voice_rules.faults(speech)]
    if speech.context is not None and speech.context < model.context_tokens:
        wrong.append(f"holds {speech.context} tokens, its card says {model.context_tokens}")
    if wrong:
        raise ModelUnusable(f"{model.ref} {'; it '.join(wrong)}", hint=_again(model))
    if speech.template is None:  # llama-cpp-python would silently fall back to the llama-2 format
        raise ModelUnusable(
            f"{model.ref} carries no chat template ({voice.TEMPLATE})", hint="convert it again with its tokenizer"
        )
    if (actual := files.digest(speech.template.encode())) != model.chat_template:
        raise ModelUnusable(
            f"the chat template of {model.ref} has digest {actual}, its card says {model.chat_template}",
            hint="the card belongs to another file; take the card that came with the model",
        )
    return speech, speech.template


def require_heard(model: ResolvedModel, speech: Voice, library: Any, llm: Any) -> None:
    """Raise ModelUnusable where llama.cpp, having opened the file, speaks with something else than it declares."""
    heard = voice.of_loaded(library, llm)
    if model.parts and len([part for part in model.parts if part.name.endswith(".gguf")]) > 1:
        speech = dataclasses.replace(speech, parameters=None)  # the header of the first split counts its own alone
    if wrong := voice_rules.differences(speech, heard, str(model.ref), "llama.cpp"):
        raise ModelUnusable("; ".join(wrong), hint=_again(model))


def _again(model: ResolvedModel) -> Hint:
    return ("take another file of it, or convert it again; see: ", sage("model inspect", str(model.path)))
