"""Dialogues for the seedling: seeded, composed turn by turn from the scenes of the language.

The same seed gives the same dialogues on every machine (`random.Random` is specified), so the data need not be stored.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from tools.seedling import minds
from tools.seedling.answers import Message, Mind, Source, play
from tools.seedling.language import Language, Scene

_WARM_UP = "warm-up"
_COOL_DOWNS = ("cool-down", "cool-down-self", "cool-down-talk")
_NEVER_TOLD = "nothing-given"
_ROW = "say-row"
_PAUSE_SHARE = 0.35  # of the scenes with several turns are interrupted by something else

Dialogue = tuple[Message, ...]


def compose(language: Language, seed: int, count: int) -> Iterator[Dialogue]:
    """Yield `count` dialogues, each a system message (a few have none), then questions and answers in turn."""
    source = Source(language, random.Random(seed))  # noqa: S311 (repeatable, not secret)
    kinds = 3 * (_session, _training, _drill) + (_mixed, _short, _long)
    for _ in range(count):
        mind = minds.compose(source)
        yield (*minds.system(source, mind), *source.rng.choice(kinds)(source, mind))


def rehearsals(language: Language, seed: int, count: int) -> Iterator[Dialogue]:
    """Yield `count` short dialogues that only repeat rows of words.

    Copying comes suddenly in a small model, and sooner when nothing else can be learnt: with the other dialogues alone
    it did not come within a thousand steps.
    """
    source = Source(language, random.Random(seed))  # noqa: S311 (repeatable, not secret)
    for _ in range(count):
        yield tuple(_talk(source, _named(language, _ROW), Mind()))


def _session(source: Source, mind: Mind) -> list[Message]:
    """A primary session: every scene of one phase in its order, mostly in the curriculum's own words."""
    phase = source.rng.choice(list(source.language.phases.values()))
    return [message for scene in phase for message in _talk(source, scene, mind, own_words=source.rng.random() < 0.6)]


def _training(source: Source, mind: Mind) -> list[Message]:
    """A training session: warm-up, a few exercises, cool-down."""
    drawn = _choose(source, _tasks(source.language), source.rng.randint(1, 6))
    warm_up = _named(source.language, _WARM_UP)
    cool_down = _named(source.language, source.rng.choice(_COOL_DOWNS))
    return [message for scene in (warm_up, *drawn, cool_down) for message in _talk(source, scene, mind)]


def _mixed(source: Source, mind: Mind) -> list[Message]:
    """Scenes of every kind in any order."""
    return _several(source, mind, source.rng.randint(2, 7))


def _short(source: Source, mind: Mind) -> list[Message]:
    """One scene, mostly in the curriculum's own words: what a single question at the start of a session gets."""
    (scene,) = _choose(source, list(source.language.scenes()), 1)
    return _talk(source, scene, mind, own_words=source.rng.random() < 0.5)


def _long(source: Source, mind: Mind) -> list[Message]:
    """So many scenes that positions of several hundred tokens are seen."""
    return _several(source, mind, source.rng.randint(14, 20))


def _drill(source: Source, mind: Mind) -> list[Message]:
    """Scenes that repeat what was heard: without many of them a small model never learns to copy."""
    copying = [scene for scene in source.language.scenes() if scene.copies]
    return _play_all(source, _choose(source, copying, source.rng.randint(3, 6)), mind)


def _several(source: Source, mind: Mind, count: int) -> list[Message]:
    return _play_all(source, _choose(source, list(source.language.scenes()), count), mind)


def _choose(source: Source, scenes: list[Scene], count: int) -> list[Scene]:
    """Return scenes by weight, those about something never told first, or their answers would be untrue."""
    chosen = source.rng.choices(scenes, weights=[scene.weight for scene in scenes], k=count)
    return sorted(chosen, key=lambda scene: scene.id != _NEVER_TOLD)


def _play_all(source: Source, scenes: list[Scene], mind: Mind) -> list[Message]:
    return [message for scene in scenes for message in _talk(source, scene, mind)]


def _talk(source: Source, scene: Scene, mind: Mind, *, own_words: bool = False) -> list[Message]:
    """Play a scene; sometimes something else comes before its last question, as in a real conversation."""
    pairs = play(source, scene, mind, own_words=own_words)
    if len(pairs) > 1 and source.rng.random() < _PAUSE_SHARE:
        pairs[-1:-1] = play(source, source.rng.choice(_single(source.language)), mind)
    return [message for pair in pairs for message in pair]


def _tasks(language: Language) -> list[Scene]:
    return [
        scene for group in language.exercises.values() for scene in group if scene.id not in (_WARM_UP, *_COOL_DOWNS)
    ]


def _single(language: Language) -> list[Scene]:
    return [scene for scene in language.scenes() if len(scene.turns) == 1 and scene.id != _NEVER_TOLD]


def _named(language: Language, scene_id: str) -> Scene:
    return next(scene for scene in language.scenes() if scene.id == scene_id)
