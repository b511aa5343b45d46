"""Dialogues for the introspective adapter: seeded, composed from the scenes of the language.

The same seed gives the same dialogues on every machine (`random.Random` is specified), so the data need not be stored;
their digest stands in the adapter's data sheet. System messages are written as the curriculum's interventions write
them (`sage_edge.mind.anchor`), with and without a name told.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sage_edge import files
from sage_edge.engines.base import Message
from sage_edge.names import Digest
from tools.introspective.language import SpokenLanguage, SpokenScene, SpokenTurn
from tools.seedling.grammar import expand, sentence

NAME = "Sage"
"""What the mind calls itself when nobody tells it a name."""

SpokenDialogue = tuple[Message, ...]

_TOLD_SHARE = 0.5  # of the minds are told a name
_OTHER_NAME_SHARE = 0.2  # of those are told another one, which then is theirs
_FRAME_SHARE = 0.2  # of the system messages are in other words than the curriculum's
_MEMORY_SHARE = 0.5  # of the told minds are told what they kept
_BEGINS_WITH_WHO = 0.5  # of the dialogues begin with a question about who is speaking
_CLOSES = 0.25
_NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


@dataclass(frozen=True)
class SpokenMind:
    """Who answers in a dialogue. is_told: whether somebody gave it its name; memory: what it kept, if that is told."""

    name: str = NAME
    is_told: bool = False
    memory: str | None = None


@dataclass(frozen=True)
class Composer:
    """What everything is composed from; each call moves the random source on. is_held: with the held-out questions."""

    language: SpokenLanguage
    rng: random.Random
    is_held: bool

    def mind(self) -> SpokenMind:
        """Return a mind: with or without a name told, and perhaps a memory."""
        rng = self.rng
        if rng.random() >= _TOLD_SHARE:
            return SpokenMind()
        name = rng.choice(self.language.lists["other"]) if rng.random() < _OTHER_NAME_SHARE else NAME
        memory = self._closing() if rng.random() < _MEMORY_SHARE else None
        return SpokenMind(name, is_told=True, memory=memory)

    def system(self, mind: SpokenMind) -> Message:
        """Return the system message that a mind is given."""
        rng, frames = self.rng, self.language.frames
        if mind.memory is None and rng.random() < _FRAME_SHARE:
            text = rng.choice(frames.named if mind.is_told else frames.unnamed)
            return Message("system", text.format(name=mind.name))
        if not mind.is_told:
            return Message("system", frames.observed)
        exemplars = [self._exemplar(mind) for _ in range(rng.choice((0, 1, 2)))]
        memories = [] if mind.memory is None else [mind.memory]
        lines = (
            frames.anchored.format(name=mind.name),
            *(frames.memory_line.format(memory=memory) for memory in memories),
            *(frames.exemplar_line.format(exemplar=exemplar) for exemplar in exemplars),
        )
        return Message("system", "\n".join(lines))

    def scenes(self) -> list[SpokenScene]:
        """Return the scenes of one dialogue, two to four of them, each at most once."""
        rng, subjects = self.rng, self.language.subjects
        first = list(subjects["identity"] if rng.random() < _BEGINS_WITH_WHO else self.language.scenes())
        chosen = [self._weighted(first)]
        for _ in range(rng.choice((1, 1, 2))):
            chosen.append(self._weighted([scene for scene in self.language.scenes() if scene not in chosen]))
        closings = [scene for scene in subjects["asking"] if scene.closing and scene not in chosen]
        return chosen + (closings[:1] if rng.random() < _CLOSES else [])

    def play(self, scene: SpokenScene, mind: SpokenMind) -> Iterator[Message]:
        """Yield a scene as questions and answers in turn."""
        kept = {"name": mind.name, "memory": mind.memory or "", **self._drawn(scene)}
        for turn in scene.turns:
            yield Message("user", self._expand(self._question(turn), kept))
            says = turn.recalled if turn.recalled and mind.memory else turn.say
            yield Message("assistant", self._expand(self.rng.choice(says), kept))

    def _question(self, turn: SpokenTurn) -> str:
        return self.rng.choice(turn.held if self.is_held and turn.held else turn.ask)

    def _expand(self, text: str, kept: dict[str, str]) -> str:
        return sentence(expand(text, kept, self.language.lists, self.rng))

    def _weighted(self, scenes: list[SpokenScene]) -> SpokenScene:
        return self.rng.choices(scenes, weights=[scene.weight for scene in scenes])[0]

    def _closing(self) -> str:
        closings = [scene for scene in self.language.scenes() if scene.closing]
        return list(self.play(self.rng.choice(closings), SpokenMind()))[-1].text

    def _exemplar(self, mind: SpokenMind) -> str:
        """Return an answer in which the mind names itself."""
        while True:
            said = list(self.play(self._weighted(list(self.language.subjects["identity"])), mind))[1].text
            if mind.name in said and "?" not in said:
                return said

    def _drawn(self, scene: SpokenScene) -> dict[str, str]:
        """Return the values that a scene is played with, where they need arithmetic."""
        rng = self.rng
        if scene.draw == "sum":
            a, b = rng.randint(1, 6), rng.randint(1, 6)
            return {"a": _NUMBERS[a - 1], "b": _NUMBERS[b - 1], "c": _NUMBERS[a + b - 1]}
        if scene.draw == "count":
            last = rng.choice((4, 6, 7))
            return {"b": _NUMBERS[last - 1], "row": ", ".join(_NUMBERS[:last])}
        if scene.draw == "claim":
            claim, verdict = rng.choice(self.language.frames.claims)
            return {"claim": claim, "verdict": verdict}
        return {}


def compose(language: SpokenLanguage, seed: int, count: int, *, is_held: bool = False) -> Iterator[SpokenDialogue]:
    """Yield `count` dialogues: a system message, then questions and answers in turn, no two alike.

    is_held: with the questions that only held-out dialogues ask.
    """
    composer = Composer(language, random.Random(seed), is_held)  # noqa: S311 (repeatable, not secret)
    seen: set[SpokenDialogue] = set()
    while len(seen) < count:
        mind = composer.mind()
        played = (message for scene in composer.scenes() for message in composer.play(scene, mind))
        dialogue = (composer.system(mind), *played)
        if dialogue not in seen:
            seen.add(dialogue)
            yield dialogue


def digest(dialogues: Sequence[SpokenDialogue]) -> Digest:
    """Return the digest of dialogues: over JSON of their (role, text), message by message."""
    plain = [[[message.role, message.text] for message in dialogue] for dialogue in dialogues]
    return files.digest(json.dumps(plain).encode())
