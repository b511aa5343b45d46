from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge import curriculum
from sage_edge.curriculum import Curriculum, lesson
from sage_edge.curriculum.lessons import drawn
from sage_edge.names import SessionId
from sage_edge.records.base import parse
from sage_edge.records.transcript import Lesson
from tests.fakes import KINDS, PRIMARY, TRAINING

SYSTEM = "You are a young mind."


@pytest.fixture(scope="module")
def declared() -> Curriculum:
    return curriculum.load(Path(__file__).parents[2] / "fleet")


@pytest.mark.parametrize("number", [1, 6, 16, 26, 41, 1000])
def test_a_primary_lesson_asks_all_prompts_and_closes(declared: Curriculum, number: int) -> None:
    phase = declared.phase_for(number)
    taught = lesson(declared, PRIMARY, SessionId.of("P", number), SYSTEM, seed=1)
    assert taught.unit == f"phase {phase.name}"
    assert (taught.system, taught.curriculum) == (SYSTEM, declared.digest)
    assert tuple(step.prompt for step in taught.steps) == (*phase.prompts, phase.closing)
    assert [step.kind for step in taught.steps] == ["prompt"] * len(phase.prompts) + ["closing"]
    assert not any(step.fresh or step.exercise or step.expect for step in taught.steps)


@pytest.mark.parametrize("number", [1, 11, 21, 31, 77])
def test_a_training_lesson_is_framed_and_each_exercise_starts_fresh(declared: Curriculum, number: int) -> None:
    track = declared.track_for(number)
    taught = lesson(declared, TRAINING, SessionId.of("T", number), SYSTEM, seed=number)
    first, *between, last = taught.steps
    assert taught.unit == f"track {track.name}"
    assert (first.kind, first.prompt, first.fresh) == ("warm-up", track.warm_up, False)
    assert (last.kind, last.prompt, last.fresh) == ("cool-down", track.cool_down, True)
    by_id = {exercise.id: exercise for exercise in track.exercises}
    asked = list(drawn(track, number))
    assert len({exercise.id for exercise in asked}) == track.draw
    assert [step.prompt for step in between] == [prompt for exercise in asked for prompt in exercise.prompts]
    for before, step in zip([None, *between], between, strict=False):
        starts = before is None or before.exercise != step.exercise
        assert step.fresh == starts
        assert step.exercise is not None
        judged = step.prompt == by_id[step.exercise].prompts[-1]
        assert step.kind == ("exercise" if judged else "scene")
        assert step.expect == (by_id[step.exercise].expect if judged else None)


def test_the_same_seed_draws_the_same_for_ever(declared: Curriculum) -> None:
    """Pinned: this draw must not differ between machines, Python versions or years."""
    track = declared.track_for(1)
    assert drawn(track, 7) == drawn(track.model_copy(update={"exercises": track.exercises[::-1]}), 7)
    assert [exercise.id for exercise in drawn(track, 7)] == ["say-two-words", "fire-hot", "snow-warm", "count-to-five"]


def test_seeds_differ_and_every_exercise_has_its_turn(declared: Curriculum) -> None:
    for track in declared.tracks:
        draws = [tuple(exercise.id for exercise in drawn(track, seed)) for seed in range(60)]
        assert len(set(draws)) > 30
        assert {name for draw in draws for name in draw} == {exercise.id for exercise in track.exercises}


def test_lessons_survive_their_own_bytes(declared: Curriculum) -> None:
    for session in ("P001", "P041", "T001", "T011", "T021", "T031"):
        taught = lesson(declared, KINDS.of(SessionId(session)), SessionId(session), SYSTEM, seed=3)
        assert parse(Lesson, taught.canonical()) == taught
        assert parse(Lesson, taught.pretty()).fingerprint() == taught.fingerprint()
