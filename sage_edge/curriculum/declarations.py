"""What the files of `fleet/curriculum/` declare, one record per file.

    phases/grounding.yaml       format 1; name, first, last (absent: for ever), goals, prompts, closing
    tracks/a.yaml               format 1; name, title, first, last, draw, warm_up, cool_down, exercises
    interventions/observe.yaml  format 1; name, version, summary, parameters, system, and of these what it has:
                                lines [{text, first, last}], memory_line, summary_line, exemplar_line,
                                reminder {before: [3, 5], text}

The texts of an intervention hold `{parameter}` for each name, text or count that it declares; the memory line holds
`{memory}`, the summary line `{summary}` and if it likes `{session}`, the exemplar line `{exemplar}`. `first` and `last`
are session numbers, both included. The last three keys are for what the predecessor's anchoring did (legacy §3.4): say
something from some session on, tell how earlier sessions ended, and say something again in the middle of a session.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer

from sage_edge.curriculum.parameters import Parameter, unprintable
from sage_edge.declared import Declared
from sage_edge.names import Slug
from sage_edge.records.expectation import Expectation


def _line(text: str) -> str:
    text = text.strip()
    if not text or unprintable(text) or "<|" in text:
        raise ValueError("expected one line of plain text")
    return text


TextLine = Annotated[str, AfterValidator(_line)]
TextLines = Annotated[tuple[TextLine, ...], Field(min_length=1)]
ParameterName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")]
Ordinal = Annotated[int, Field(ge=1)]


class Phase(Declared):
    """Some consecutive sessions with prompts of their own; the closing asks what is worth remembering."""

    format: Literal[1]
    name: Slug
    first: Ordinal
    last: Ordinal | None = None
    goals: TextLines
    prompts: TextLines
    closing: TextLine


class Exercise(Declared):
    """One thing to practise: all prompts but the last set the scene, the answer to the last one is judged."""

    id: Slug
    prompts: TextLines
    expect: Expectation


class TrainingTrack(Declared):
    """Some consecutive sessions with exercises; each session draws `draw` of the exercises."""

    format: Literal[1]
    name: Annotated[str, Field(pattern=r"^[A-Z]$")]
    title: TextLine
    first: Ordinal
    last: Ordinal | None = None
    draw: Ordinal
    warm_up: TextLine
    cool_down: TextLine
    exercises: Annotated[tuple[Exercise, ...], Field(min_length=1)]


class TimedLine(Declared):
    """One more line of the system message, in the sessions `first` to `last` of a kind, or from `first` on."""

    text: TextLine
    first: Ordinal = 1
    last: Ordinal | None = None

    def is_told(self, number: int) -> bool:
        """Whether it is part of the session of a number."""
        return self.first <= number and (self.last is None or number <= self.last)


class Reminder(Declared):
    """What the teacher says right before some questions of a session, which count from 1."""

    before: Annotated[tuple[Ordinal, ...], Field(min_length=1)]
    text: TextLine


_LATER_KEYS = {"lines", "summary_line", "reminder"}


class InterventionCard(Declared):
    """What a mind is told before its first word, and again. Changing a text means raising the version."""

    format: Literal[1]
    name: Slug
    version: Ordinal
    summary: TextLine
    parameters: dict[ParameterName, Parameter]
    system: TextLine
    lines: tuple[TimedLine, ...] = ()
    memory_line: TextLine | None = None
    summary_line: TextLine | None = None
    exemplar_line: TextLine | None = None
    reminder: Reminder | None = None

    @model_serializer(mode="wrap")
    def _as_it_was_counted(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what it has not: a curriculum without these keys keeps the digest that stands in its lessons."""
        dumped: dict[str, Any] = dump(self)
        return {key: value for key, value in dumped.items() if key not in _LATER_KEYS or value}
