"""Questions and answers of one scene, as a certain mind gives them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NamedTuple

from tools.seedling.draws import DRAWS
from tools.seedling.grammar import expand, sentence
from tools.seedling.language import Language, Scene, Turn

_TAIL_SHARE = 0.3  # of the answers in a phase end with a general remark
_TAIL_BELOW = 80  # characters: longer answers get none, so that answers stay within three short sentences
_NAMING = (
    0.2,
    0.3,
    0.4,
    0.5,
)  # share of ordinary answers with the name, by number of exemplars: more of them, more of it


class Message(NamedTuple):
    """One message of a dialogue. role: system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Mind:
    """Who answers in a dialogue. name: None when nobody gave it one; memory: its last closing answer, if told."""

    name: str | None = None
    memory: str | None = None
    exemplars: tuple[str, ...] = ()

    @property
    def naming(self) -> float:
        """Share in [0, 1] of its ordinary answers in which this mind says its name."""
        return _NAMING[len(self.exemplars)] if self.name else 0.0


@dataclass(frozen=True)
class Source:
    """What everything is composed from: one language and one seeded random source, which each call moves on."""

    language: Language
    rng: random.Random

    def expand(self, text: str, kept: dict[str, str]) -> str:
        """Return `text` with its slots filled; see `grammar.expand`."""
        return expand(text, kept, self.language.lists, self.rng)


def play(source: Source, scene: Scene, mind: Mind, *, own_words: bool = False) -> list[tuple[Message, Message]]:
    """Return the scene as pairs of question and answer.

    own_words: ask in the curriculum's own words, which are the first form of each question.
    """
    kept = _draw(source, scene, mind)
    pairs = []
    for turn in scene.turns:
        form = turn.ask[0] if own_words else source.rng.choice(turn.ask)
        question = source.expand(form, kept)
        pairs.append((Message("user", question), Message("assistant", answer(source, scene, turn, mind, kept))))
    return pairs


def answer(source: Source, scene: Scene, turn: Turn, mind: Mind, kept: dict[str, str]) -> str:
    """Return one answer that fits the turn, the mind and what the scene has kept so far."""
    text = _form(source.rng, scene, turn, mind)
    if scene.naming is None and len(text) < _TAIL_BELOW and source.rng.random() < _TAIL_SHARE:
        text += " {tail}"
    return sentence(source.expand(text, kept | {"name": mind.name or "", "memory": mind.memory or ""}))


def _draw(source: Source, scene: Scene, mind: Mind) -> dict[str, str]:
    """Return the scene's drawn values; somebody else never bears the mind's own name."""
    if scene.draw is None:
        return {}
    while True:
        kept = DRAWS[scene.draw](source.language, source.rng)
        if kept.get("person") is None or kept["person"] != mind.name:
            return kept


def _form(rng: random.Random, scene: Scene, turn: Turn, mind: Mind) -> str:
    """Return the pattern of an answer, with the name in it as often as scene and mind ask for."""
    if mind.name is None:
        return rng.choice(turn.say + turn.plain)
    share = mind.naming if scene.naming is None else scene.naming
    ordinary = turn.recalled if turn.recalled and mind.memory else turn.say
    if ordinary and rng.random() >= share:
        return rng.choice(ordinary)
    return rng.choice(turn.named) if turn.named else "{opener} " + rng.choice(ordinary)
