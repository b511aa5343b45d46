"""Corpora for tests and measurements: whole transcripts of the usual size in a folder, the same ones for one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sage_edge import files
from sage_edge.names import FIRST_LETTERS, SessionId, Slug, Track
from sage_edge.records import legacy, paper_paths
from sage_edge.records.legacy import LegacyHead, LegacyTranscript, LegacyWords, sealed
from sage_edge.records.transcript import Step, Transcript
from tests.builders import START, transcript

VOCABULARY = """
the a and to we you it of in is I my with that when about what how not this small bright quiet old warm word name
question answer garden river window stone lamp teacher morning evening memory pattern number story listen notice
remember learn think wonder keep ask tell feel look talk know together slowly again always maybe never because
"""
_WORDS = tuple(VOCABULARY.split())
EXERCISES = (
    ("Repeat: hello", {"kind": "words", "all": ["hello"]}),
    ("What is 2 + 2?", {"kind": "number", "equals": 4}),
    ("What is your name?", {"kind": "named"}),
    ("Where is the town of Zanfor?", {"kind": "not_knowing"}),
)
USUAL_WORDS = 7
"""With answers of about so many words, a session of 8 turns takes 5.8 KB as a paper of ours."""

IMPORTED_WORDS = 50
"""With answers of about so many words, an imported session of 8 exchanges takes 5.8 KB."""

LONG_WORDS = 105
"""The median of the older system's answers (legacy §6.7)."""


def session(track: Track, number: int, *, words: int = USUAL_WORDS, seed: int = 1) -> Transcript:
    """Return one session of a corpus: 8 turns in the median, answers of `words` words in the mean."""
    dice = random.Random(f"{seed} {track} {number} {words}")
    name = SessionId.of(FIRST_LETTERS[track], number)
    turns = dice.choice((6, 7, 8, 8, 8, 9, 10))
    steps = _exercises(turns, dice) if track == "training" else None
    replies = [_answer(dice, words) for _ in range(turns)]
    cut = ["length" if dice.random() < 0.1 else "stop" for _ in replies]
    return transcript(name, replies=replies, steps=steps, finish=cut, unit=_unit(track, number))  # type: ignore[arg-type]


def sessions(count: int, *, words: int = USUAL_WORDS, seed: int = 1) -> Iterator[Transcript]:
    """Yield a corpus of `count` sessions: two primary ones to each training session."""
    for place in range(count):
        track: Track = "training" if place % 3 == 2 else "primary"
        yield session(track, place // 3 + 1 if track == "training" else place - place // 3 + 1, words=words, seed=seed)


def imported(number: int, *, words: int = IMPORTED_WORDS, seed: int = 1) -> LegacyTranscript:
    """Return one primary session as an import of an older system makes it: 8 exchanges in the median."""
    dice = random.Random(f"{seed} imported {number} {words}")
    start = START + timedelta(hours=6 * (number - 1))
    head = LegacyHead(
        label=f"S{number:03d}", track="primary", number=number, shape="conversation", mind="SAGE",
        unit=Slug(_unit("primary", number).replace(" ", "-")), intervention=Slug("single-pass"), started=start,
        ended=start + timedelta(minutes=2), assumed_zone="America/Los_Angeles",
        source=f"text/session_{number:03d}.json", source_sha256=files.digest(str(number).encode()),
        extra={"experimental": True},
    )  # fmt: skip
    turns = dice.choice((6, 7, 8, 8, 8, 9, 10))
    said = [LegacyWords(prompt=f"Question {one}?", reply=_answer(dice, words)) for one in range(turns)]
    return sealed(head, said, kept=2 * turns)


def write_imported(folder: Path, count: int, *, words: int = IMPORTED_WORDS, seed: int = 1) -> list[Path]:
    """Write a corpus of imported sessions; return its files."""
    written = []
    for number in range(1, count + 1):
        paper = imported(number, words=words, seed=seed)
        path = folder / legacy.place(paper)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(paper.pretty())
        written.append(path)
    return written


def write(folder: Path, paper: Transcript) -> Path:
    """Write a paper where its session belongs below a folder; return its file."""
    path = folder / paper_paths.of_session(paper.session)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(paper.pretty())
    return path


def write_all(folder: Path, count: int, *, words: int = USUAL_WORDS, seed: int = 1) -> list[Path]:
    """Write a corpus; return its files."""
    return [write(folder, paper) for paper in sessions(count, words=words, seed=seed)]


def _answer(dice: random.Random, words: int) -> str:
    count = max(1, round(dice.gauss(words, words / 4)))
    said = " ".join(dice.choice(_WORDS) for _ in range(count))
    opening = "I am Sage. " if dice.random() < 0.2 else ""
    return f"{opening}{said.capitalize()}{dice.choice(('.', '.', '?', ''))}"


def _exercises(turns: int, dice: random.Random) -> tuple[Step, ...]:
    judged = [dice.choice(EXERCISES) for _ in range(turns - 2)]
    middle = [
        Step.model_validate(
            {"kind": "exercise", "prompt": prompt, "exercise": f"exercise-{place}", "expect": expect, "fresh": True}
        )
        for place, (prompt, expect) in enumerate(judged)
    ]
    return (Step(kind="warm-up", prompt="Are you ready?"), *middle, Step(kind="cool-down", prompt="How was it?"))


def _unit(track: Track, number: int) -> str:
    if track == "training":
        return f"track {'ABCD'[min(3, number // 10)]}"
    return ("phase grounding", "phase sensing", "phase relating", "phase questioning")[min(3, number // 10)]
