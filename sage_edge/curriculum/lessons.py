"""What the next lesson is: every step in order, settled before the first word is said. Single pass, no refinement."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from sage_edge.curriculum.catalogue import Curriculum
from sage_edge.curriculum.declarations import Exercise, Phase, TrainingTrack
from sage_edge.inventory.session_kinds import SessionKind
from sage_edge.names import SessionId
from sage_edge.records.transcript import Lesson, Step


def lesson(
    curriculum: Curriculum,
    kind: SessionKind,
    session: SessionId,
    system: str,
    seed: int,
    *,
    reminders: Mapping[int, str] | None = None,
) -> Lesson:
    """Return the lesson of a session; the same arguments give the same lesson on every machine.

    kind: says where its questions are drawn from. system: the system message as it will be sent. seed: chooses and
    orders the exercises of a track; of a phase everything is asked, and what is worth remembering closes it.
    reminders: question, from 1 → what the teacher says before it; those beyond the last question are not said.
    """
    if kind.draws == "phases":
        phase = curriculum.phase_for(session.number)
        unit, steps = f"phase {phase.name}", tuple(_of_phase(phase))
    else:
        track = curriculum.track_for(session.number)
        unit, steps = f"track {track.name}", tuple(_of_track(track, seed))
    again = reminders or {}
    said_before = (
        step.model_copy(update={"reminder": again[number]}) if number in again else step
        for number, step in enumerate(steps, start=1)
    )
    return Lesson(curriculum=curriculum.digest, unit=unit, system=system, steps=tuple(said_before))


def _of_phase(phase: Phase) -> Iterator[Step]:
    for prompt in phase.prompts:
        yield Step(kind="prompt", prompt=prompt)
    yield Step(kind="closing", prompt=phase.closing)


def _of_track(track: TrainingTrack, seed: int) -> Iterator[Step]:
    yield Step(kind="warm-up", prompt=track.warm_up)
    for exercise in drawn(track, seed):
        yield from _steps(exercise)
    yield Step(kind="cool-down", prompt=track.cool_down, fresh=True)


def _steps(exercise: Exercise) -> Iterator[Step]:
    *scene, judged = exercise.prompts
    for number, prompt in enumerate(scene):
        yield Step(kind="scene", prompt=prompt, exercise=exercise.id, fresh=number == 0)
    yield Step(kind="exercise", prompt=judged, exercise=exercise.id, expect=exercise.expect, fresh=not scene)


def drawn(track: TrainingTrack, seed: int) -> tuple[Exercise, ...]:
    """Return the `draw` exercises of one session, in the order in which they are asked.

    Ranked by SHA-256 of `seed:track:id`, since `random` does not promise the same draw in every Python version.
    """

    def rank(exercise: Exercise) -> bytes:
        return hashlib.sha256(f"{seed}:{track.name}:{exercise.id}".encode()).digest()

    return tuple(sorted(track.exercises, key=rank)[: track.draw])
