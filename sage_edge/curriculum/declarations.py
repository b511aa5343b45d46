"""What the files of `fleet/curriculum/` declare, one record per file.

    phases/grounding.yaml       format 1; name, first, last (absent: for ever), goals, prompts, closing
    tracks/a.yaml               format 1; name, title, first, last, draw, warm_up, cool_down, exercises
    interventions/observe.yaml  format 1; name, version, summary, parameters, system, memory_line, exemplar_line

The texts of an intervention hold `{parameter}` for each name, text or count that it declares; the memory line holds
`{memory}`, the exemplar line `{exemplar}`. `first` and `last` are session numbers, both included.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

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


class InterventionCard(Declared):
    """What a mind is told before its first word. Changing a text means raising the version."""

    format: Literal[1]
    name: Slug
    version: Ordinal
    summary: TextLine
    parameters: dict[ParameterName, Parameter]
    system: TextLine
    memory_line: TextLine | None = None
    exemplar_line: TextLine | None = None
