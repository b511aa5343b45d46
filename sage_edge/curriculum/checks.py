"""Checks within and between the files of the curriculum: each notes faults with their file and key path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from sage_edge.curriculum.declarations import Exercise, InterventionCard, Phase, TrainingTrack
from sage_edge.declared import Reader
from sage_edge.records import expectation

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
BASELINE = "observe"
"""The intervention that must exist: nothing can be compared without it."""

_INSERTED = {
    "memory_line": ("memory", "memory", "switch"),
    "summary_line": ("summary", "summaries", "count"),
    "exemplar_line": ("exemplar", "exemplars", "count"),
}
_BESIDE = {"summary_line": {"session"}}
"""Placeholders that a line may hold besides its own."""
_IN_TEXT = ("name", "text", "count")


class SessionRange(Protocol):
    """A declaration for the sessions `first` to `last`, or from `first` on."""

    @property
    def first(self) -> int: ...

    @property
    def last(self) -> int | None: ...


def check_names(reader: Reader, folder: Path, names: Mapping[str, str]) -> None:
    """Note each file that is not called after what it declares. names: file stem → declared name."""
    for stem, name in names.items():
        if name.lower() != stem:
            reader.fault(folder / f"{stem}.yaml", "name", f"expected {stem}, as the file is called, got {name}")


def check_ranges(reader: Reader, folder: Path, declared: Mapping[str, SessionRange]) -> None:
    """Note session numbers from 1 on that belong to no file or to several; the last file has to be open."""
    expected = 1
    ordered = sorted(declared.items(), key=lambda item: (item[1].first, item[0]))
    for position, (stem, span) in enumerate(ordered, start=1):
        path = folder / f"{stem}.yaml"
        if span.first > expected:
            reader.fault(path, "first", f"{_sessions(expected, span.first - 1)} nowhere")
        elif span.first < expected:
            reader.fault(path, "first", f"{_sessions(span.first, expected - 1)} to {ordered[position - 2][0]} too")
        if span.last is None:
            if position < len(ordered):
                reader.fault(path, "last", "is missing; only the last one is open")
            return
        if span.last < span.first:
            reader.fault(path, "last", f"expected at least {span.first}, got {span.last}")
        expected = max(expected, span.last + 1)
    if ordered:
        reader.fault(folder / f"{ordered[-1][0]}.yaml", "last", f"the sessions from {expected} on belong nowhere")


def _sessions(first: int, last: int) -> str:
    return f"session {first} belongs" if first == last else f"the sessions {first} to {last} belong"


def check_phases(reader: Reader, folder: Path, phases: Mapping[str, Phase]) -> None:
    """Note phases that repeat the prompts or the closing of another one, or that close with one of their prompts."""
    prompts: dict[frozenset[str], str] = {}
    closings: dict[str, str] = {}
    for stem, phase in phases.items():
        path = folder / f"{stem}.yaml"
        asked = frozenset(map(_folded, phase.prompts))
        if (other := prompts.setdefault(asked, stem)) != stem:
            reader.fault(path, "prompts", f"repeats the prompts of {other}")
        if (other := closings.setdefault(_folded(phase.closing), stem)) != stem:
            reader.fault(path, "closing", f"repeats the closing of {other}")
        if _folded(phase.closing) in asked:
            reader.fault(path, "closing", "is one of the prompts too")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def check_tracks(reader: Reader, folder: Path, tracks: Mapping[str, TrainingTrack]) -> None:
    """Note tracks with too few exercises, ids that are used twice, and expectations that no answer can meet."""
    seen: dict[str, str] = {}
    for stem, track in tracks.items():
        path = folder / f"{stem}.yaml"
        if track.draw > len(track.exercises):
            reader.fault(path, "draw", f"cannot draw {track.draw} of {len(track.exercises)} exercises")
        for number, exercise in enumerate(track.exercises):
            if exercise.id in seen:
                reader.fault(path, f"exercises[{number}].id", f"{exercise.id} is used in {seen[exercise.id]} already")
            seen.setdefault(exercise.id, f"track {track.name}")
            for key, message in _unmeetable(exercise):
                reader.fault(path, f"exercises[{number}].expect.{key}", message)


def _unmeetable(exercise: Exercise) -> Iterator[tuple[str, str]]:
    expect = exercise.expect
    for key, phrases in _phrases(expect):
        for phrase in phrases:
            if not all(part.strip() for part in phrase.split("|")):
                yield key, f"expected words, got {phrase!r}"
    if isinstance(expect, expectation.Choice):
        if expect.is_ not in expect.of:
            yield "is", f"expected one of {', '.join(expect.of)}, got {expect.is_!r}"
        if len(set(expect.of)) < 2:
            yield "of", "expected two options or more"


def _phrases(expect: expectation.Expectation) -> Iterable[tuple[str, tuple[str, ...]]]:
    if isinstance(expect, expectation.Words):
        return (("all", expect.all),)
    if isinstance(expect, expectation.AnyOf | expectation.Choice):
        return (("of", expect.of),)
    if isinstance(expect, expectation.InOrder):
        return (("items", expect.items),)
    return (("other", (expect.other,)),) if isinstance(expect, expectation.NotNamed) else ()


def check_interventions(reader: Reader, folder: Path, cards: Mapping[str, InterventionCard]) -> None:
    """Note a missing baseline, unfit defaults, undeclared placeholders, and parameters without any effect."""
    if BASELINE not in cards:
        reader.fault(folder / f"{BASELINE}.yaml", "", "the file is missing")
    for stem, card in cards.items():
        path = folder / f"{stem}.yaml"
        for name, parameter in card.parameters.items():
            try:
                parameter.accept(parameter.default)
            except ValueError as unfit:
                reader.fault(path, f"parameters.{name}.default", str(unfit))
        for key, message in (*_text_faults(card), *_time_faults(card)):
            reader.fault(path, key, message)


def _text_faults(card: InterventionCard) -> Iterator[tuple[str, str]]:
    insertable = {name for name, parameter in card.parameters.items() if parameter.kind in _IN_TEXT}
    used: set[str] = set()
    for key, text in (("system", card.system), *_lines(card)):
        placeholder, switch, kind = _INSERTED.get(key, ("", "", ""))
        named = set(PLACEHOLDER.findall(text))
        for unknown in sorted(named - insertable - {placeholder} - _BESIDE.get(key, set())):
            yield key, f"unknown placeholder {{{unknown}}}"
        if any(brace in PLACEHOLDER.sub("", text) for brace in "{}"):
            yield key, "holds a brace that belongs to no placeholder"
        if placeholder:
            if placeholder not in named:
                yield key, f"lacks its placeholder {{{placeholder}}}"
            if switch not in card.parameters or card.parameters[switch].kind != kind:
                yield key, f"needs a parameter '{switch}' of kind {kind}"
            used.add(switch)
        used |= named
    for idle in sorted(set(card.parameters) - used):
        yield f"parameters.{idle}", "has no effect: no text uses it"


def _lines(card: InterventionCard) -> Iterator[tuple[str, str]]:
    yield from ((f"lines[{number}].text", line.text) for number, line in enumerate(card.lines))
    for key in _INSERTED:
        if (text := getattr(card, key)) is not None:
            yield key, text
    if card.reminder is not None:
        yield "reminder.text", card.reminder.text


def _time_faults(card: InterventionCard) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(card.lines):
        if line.last is not None and line.last < line.first:
            yield f"lines[{number}].last", f"expected at least {line.first}, got {line.last}"
    if card.reminder is not None and list(card.reminder.before) != sorted(set(card.reminder.before)):
        yield "reminder.before", "expected numbers of questions, each above the one before it"
