"""Minds for the dialogues, and the system message that tells a mind who it is.

The lines follow version 1 of the interventions `observe` and `identity-anchored`, whose texts stand first in
the frames.
"""

from __future__ import annotations

import random
import re

from tools.seedling.answers import Message, Mind, Source, play
from tools.seedling.draws import composed_name

_PLAIN_SHARE = 0.42  # of the minds have no name
_SILENT_SHARE = 0.06  # of the dialogues of a mind without a name have no system message either
_OWN_WORDS_SHARE = 0.6  # of the system messages are the intervention's own
_MEMORY_SHARE = 0.7  # of the named minds are told what they kept
_FREE_MEMORY_SHARE = 0.5  # of the memories are no closing answers
_SPEAKS_OF_ITSELF = ("who", "how", "mind", "who-with-me", "introduce")
_SENTENCE = re.compile(r"[^.!?]+[.!?]")


def compose(source: Source) -> Mind:
    """Return a mind: without a name, or with one and perhaps a memory and up to three exemplars."""
    rng = source.rng
    if rng.random() < _PLAIN_SHARE:
        return Mind()
    bare = Mind(name=_name(source))
    memory = _memory(source, bare) if rng.random() < _MEMORY_SHARE else None
    exemplars = tuple(_exemplar(source, bare) for _ in range(rng.choice((0, 1, 2, 2, 3))))
    return Mind(name=bare.name, memory=memory, exemplars=exemplars)


def system(source: Source, mind: Mind) -> tuple[Message, ...]:
    """Return the system message for the mind, or nothing for a few minds without a name."""
    rng, frames = source.rng, source.language.frames
    if mind.name is None and rng.random() < _SILENT_SHARE:
        return ()
    texts = frames.named if mind.name else frames.unnamed
    text = texts[0] if rng.random() < _OWN_WORDS_SHARE else rng.choice(texts)
    memory = [frames.memory_line.format(memory=mind.memory)] if mind.memory else []
    exemplars = [frames.exemplar_line.format(exemplar=exemplar) for exemplar in mind.exemplars]
    lines = [text.format(name=mind.name), *_either_order(rng, memory, exemplars)]
    return (Message("system", rng.choice(frames.joints).join(lines)),)


def _either_order(rng: random.Random, first: list[str], second: list[str]) -> list[str]:
    return first + second if rng.random() < 0.8 else second + first


def _name(source: Source) -> str:
    """Return Sage for half of the minds, else a name of the list, or an invented one that can only be copied."""
    chance = source.rng.random()
    if chance < 0.5:
        return "Sage"
    return (
        source.rng.choice(source.language.lists["name"])
        if chance < 0.85
        else composed_name(source.language, source.rng)
    )


def _memory(source: Source, mind: Mind) -> str:
    if source.rng.random() < _FREE_MEMORY_SHARE:
        return source.expand(source.rng.choice(source.language.frames.memories), {})
    closings = [scene for scene in source.language.scenes() if scene.closing]
    return play(source, source.rng.choice(closings), mind)[-1][1].content


def _exemplar(source: Source, mind: Mind) -> str:
    """Return a sentence in which the mind names itself, taken from an answer about itself."""
    scenes = [scene for scene in source.language.scenes() if scene.id in _SPEAKS_OF_ITSELF]
    while True:
        said = play(source, source.rng.choice(scenes), mind)[-1][1].content
        for sentence in _SENTENCE.findall(said):
            if mind.name is not None and mind.name in sentence:
                return str(sentence).strip()
