"""The whole curriculum, read and checked at once, known by one digest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sage_edge import files
from sage_edge.curriculum import checks
from sage_edge.curriculum.declarations import InterventionCard, Phase, TrainingTrack
from sage_edge.curriculum.errors import UndeclaredIntervention
from sage_edge.declared import Declared, Reader
from sage_edge.errors import DeclarationError
from sage_edge.names import Digest

D = TypeVar("D", bound=Declared)
S = TypeVar("S", bound=checks.SessionRange)
FileCheck = Callable[[Reader, Path, Mapping[str, D]], None]


@dataclass(frozen=True)
class Curriculum:
    """Phases and tracks in the order of their sessions, interventions by name.

    digest: SHA-256 over the canonical JSON of all declarations; it stands in every lesson.
    """

    phases: tuple[Phase, ...]
    tracks: tuple[TrainingTrack, ...]
    interventions: tuple[InterventionCard, ...]
    digest: Digest

    def phase_for(self, count: int) -> Phase:
        """Return the phase of the `count`-th session of a kind that draws from phases, from 1."""
        return _at(self.phases, count)

    def track_for(self, count: int) -> TrainingTrack:
        """Return the track of the `count`-th session of a kind that draws from tracks, from 1."""
        return _at(self.tracks, count)

    def intervention(self, name: str, version: int) -> InterventionCard:
        """Return a declared intervention. Raises UndeclaredIntervention."""
        for card in self.interventions:
            if card.name == name and card.version == version:
                return card
        raise UndeclaredIntervention(name, version, [f"{card.name} v{card.version}" for card in self.interventions])


def load(folder: Path) -> Curriculum:
    """Return the curriculum below a fleet folder. Raises DeclarationError with every fault of every file."""
    reader = Reader(folder)
    curriculum = read(reader)
    if curriculum is None:
        raise DeclarationError(reader.faults)
    return curriculum


def read(reader: Reader) -> Curriculum | None:
    """Return the curriculum, or None after noting all its faults with the reader."""
    before = len(reader.faults)
    phases = _files(reader, "phases", Phase, checks.check_phases, checks.check_ranges)
    tracks = _files(reader, "tracks", TrainingTrack, checks.check_tracks, checks.check_ranges)
    cards = _files(reader, "interventions", InterventionCard, checks.check_interventions)
    if len(reader.faults) > before:
        return None
    return assemble(tuple(phases.values()), tuple(tracks.values()), tuple(cards.values()))


def assemble(
    phases: Sequence[Phase], tracks: Sequence[TrainingTrack], interventions: Sequence[InterventionCard]
) -> Curriculum:
    """Return a curriculum of checked declarations, whatever order they come in."""
    ordered = (
        tuple(sorted(phases, key=lambda phase: phase.first)),
        tuple(sorted(tracks, key=lambda track: track.first)),
        tuple(sorted(interventions, key=lambda card: (card.name, card.version))),
    )
    content = [[declared.model_dump(mode="json") for declared in group] for group in ordered]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Curriculum(*ordered, digest=files.digest(canonical.encode("utf-8")))


def _files(reader: Reader, subfolder: str, kind: type[D], *rules: FileCheck[D]) -> dict[str, D]:
    """Read one folder; its rules are checked only if every file could be read, lest one fault looks like many."""
    before = len(reader.faults)
    folder = reader.folder / "curriculum" / subfolder
    declared = reader.read_all(f"curriculum/{subfolder}", kind)
    if len(reader.faults) == before:
        if not declared:
            reader.fault(folder, "", "holds no declaration")
        checks.check_names(reader, folder, {stem: str(getattr(card, "name", "")) for stem, card in declared.items()})
        for rule in rules:
            rule(reader, folder, declared)
    return declared


def _at(ranges: Sequence[S], count: int) -> S:
    if count < 1:
        raise ValueError(f"sessions count from 1, got {count}")
    return next(held for held in reversed(ranges) if held.first <= count)
