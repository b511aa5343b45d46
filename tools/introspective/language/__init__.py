"""What the introspective mind is asked and answers, as data.

words.yaml     slot -> words or phrases          frames.yaml    system messages, and plain claims
<other>.yaml   scenes: turns with question forms (`ask`; `held` only for dialogues that are held out) and answers
               (`say`; `recalled` in their place when a memory was told)

Slots are those of `tools.seedling.grammar`; `{name}` is what the mind is called, `{memory}` what it was told it kept.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, Field

SUBJECTS = ("identity", "noticing", "not_knowing", "asking", "school")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SpokenTurn(_Data):
    """One question in all its forms, and the answers that fit it."""

    ask: tuple[str, ...] = Field(min_length=1)
    held: tuple[str, ...] = ()
    say: tuple[str, ...] = Field(min_length=1)
    recalled: tuple[str, ...] = ()


class SpokenScene(_Data):
    """Turns that belong together; what one turn keeps, the later ones may use.

    weight: how often it is chosen, compared with others. draw: what gives it values before the first turn. closing: its
    answer is what the next session may be told.
    """

    id: str
    turns: tuple[SpokenTurn, ...] = Field(min_length=1)
    weight: int = Field(default=1, ge=1)
    draw: str | None = None
    closing: bool = False


class _Scenes(_Data):
    scenes: tuple[SpokenScene, ...]


class SystemFrames(_Data):
    """System messages: as two interventions of the curriculum wrote them, and in further words.

    claims: (a claim, what is to be said of it).
    """

    observed: str
    anchored: str
    memory_line: str
    exemplar_line: str
    unnamed: tuple[str, ...]
    named: tuple[str, ...]
    claims: tuple[tuple[str, str], ...]


class SpokenLanguage(_Data):
    """Everything that dialogues are composed of. subjects: scenes by file."""

    lists: dict[str, tuple[str, ...]]
    frames: SystemFrames
    subjects: dict[str, tuple[SpokenScene, ...]]

    def scenes(self) -> Iterator[SpokenScene]:
        """Yield every scene."""
        for scenes in self.subjects.values():
            yield from scenes


def _read(name: str) -> object:
    return yaml.safe_load((files(__package__) / f"{name}.yaml").read_text("utf-8"))


@functools.cache
def load() -> SpokenLanguage:
    """Return the whole language. Raises pydantic.ValidationError for a file that does not fit."""
    subjects = {name: _Scenes.model_validate(_read(name)).scenes for name in SUBJECTS}
    return SpokenLanguage.model_validate({"lists": _read("words"), "frames": _read("frames"), "subjects": subjects})
