"""The seedling's language as data: word lists, scenes, frames and plain facts, read from the YAML files of this folder.

words.yaml      slot -> list of words or phrases
facts.yaml      what is true, what is not, sentence endings, deeds
frames.yaml     system messages, with and without a name
<other>.yaml    scenes: turns with question forms (`ask`) and answers (`say` always, `named` when the mind has a name,
                `plain` when it has none, `recalled` when a memory was given)
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, Field

from tools.seedling.grammar import words

PHASES = ("grounding", "sensing", "relating", "questioning", "creating")
EXERCISES = ("completion", "memory", "identity", "talk")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Turn(_Data):
    """One question in all its forms, and the answers that fit it."""

    ask: tuple[str, ...]
    say: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    recalled: tuple[str, ...] = ()


class Scene(_Data):
    """Turns that belong together; what one turn keeps, the later ones may use.

    naming: probability in [0, 1] that a mind with a name says it in an answer here; None leaves it to the mind.
    draw: name of the drawing function that provides values before the first turn.
    closing: its answer is what the next session may be told. weight: how often it is chosen, compared with others.
    copies: its answers repeat something heard, which takes the most practice.
    """

    id: str
    turns: tuple[Turn, ...]
    naming: float | None = Field(default=None, ge=0, le=1)
    draw: str | None = None
    closing: bool = False
    weight: int = Field(default=1, ge=1)
    copies: bool = False


class _SceneFile(_Data):
    phase: str | None = None
    scenes: tuple[Scene, ...]


class Frames(_Data):
    """System messages and the lines that an intervention may add to them."""

    unnamed: tuple[str, ...]
    named: tuple[str, ...]
    memory_line: str
    exemplar_line: str
    joints: tuple[str, ...]
    memories: tuple[str, ...]


class Facts(_Data):
    """What the seedling answers plainly. endings: (start, last word); deeds: (past, base form, things)."""

    holds: tuple[str, ...]
    fails: tuple[str, ...]
    endings: tuple[tuple[str, str], ...]
    deeds: tuple[tuple[str, str, tuple[str, ...]], ...]
    daytimes: tuple[str, ...]


class Language(_Data):
    """Everything the seedling can hear and say. phases and exercises: scenes by file, in the order of the files."""

    lists: dict[str, tuple[str, ...]]
    facts: Facts
    frames: Frames
    phases: dict[str, tuple[Scene, ...]]
    exercises: dict[str, tuple[Scene, ...]]

    def scenes(self) -> Iterator[Scene]:
        """Yield every scene, phases first."""
        for group in (*self.phases.values(), *self.exercises.values()):
            yield from group

    def texts(self) -> Iterator[str]:
        """Yield every sentence, phrase and word from which dialogues are composed, slots unfilled."""
        for scene in self.scenes():
            for turn in scene.turns:
                yield from (*turn.ask, *turn.say, *turn.named, *turn.plain, *turn.recalled)
        for slot, entries in self.lists.items():
            yield from entries if slot not in ("syllable", "ending") else ()
        yield from (*self.frames.unnamed, *self.frames.named, self.frames.memory_line, self.frames.exemplar_line)
        yield from self.frames.memories
        yield from (*self.facts.holds, *self.facts.fails, *self.facts.daytimes, "yes no a an Sage")
        yield from (" ".join(pair) for pair in self.facts.endings)
        yield from (f"{past} {base} {' '.join(things)}" for past, base, things in self.facts.deeds)


def _read(name: str) -> object:
    return yaml.safe_load((files(__package__) / f"{name}.yaml").read_text("utf-8"))


def _scenes(names: tuple[str, ...]) -> dict[str, tuple[Scene, ...]]:
    return {name: _SceneFile.model_validate(_read(name)).scenes for name in names}


@functools.cache
def load() -> Language:
    """Return the whole language. Raises pydantic.ValidationError for a file that does not fit."""
    return Language(
        lists=_WordLists.model_validate({"lists": _read("words")}).lists,
        facts=Facts.model_validate(_read("facts")),
        frames=Frames.model_validate(_read("frames")),
        phases=_scenes(PHASES),
        exercises=_scenes(EXERCISES),
    )


class _WordLists(_Data):
    lists: dict[str, tuple[str, ...]]


@functools.cache
def known_words() -> frozenset[str]:
    """Return every word, in lower case, that the language can produce; computed from the data, never from the model."""
    return words(load().texts())
