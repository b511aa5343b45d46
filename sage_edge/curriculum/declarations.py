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


Line = Annotated[str, AfterValidator(_line)]
Lines = Annotated[tuple[Line, ...], Field(min_length=1)]
ParameterName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")]
Number = Annotated[int, Field(ge=1)]


class Phase(Declared):
    """A stretch of primary sessions with prompts of its own; the closing asks what is worth remembering."""

    format: Literal[1]
    name: Slug
    first: Number
    last: Number | None = None
    goals: Lines
    prompts: Lines
    closing: Line


class Exercise(Declared):
    """One thing to practise: all prompts but the last set the scene, the answer to the last one is judged."""

    id: Slug
    prompts: Lines
    expect: Expectation


class TrainingTrack(Declared):
    """A stretch of training sessions; each session draws `draw` of the exercises."""

    format: Literal[1]
    name: Annotated[str, Field(pattern=r"^[A-Z]$")]
    title: Line
    first: Number
    last: Number | None = None
    draw: Number
    warm_up: Line
    cool_down: Line
    exercises: Annotated[tuple[Exercise, ...], Field(min_length=1)]


class InterventionCard(Declared):
    """What a mind is told before its first word. Changing a text means raising the version."""

    format: Literal[1]
    name: Slug
    version: Number
    summary: Line
    parameters: dict[ParameterName, Parameter]
    system: Line
    memory_line: Line | None = None
    exemplar_line: Line | None = None
