"""From an arm's transcripts to the numbers that are kept, and from kept numbers to series that can be tested."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import JsonValue

from sage_edge import files
from sage_edge.analysis.series import Point, Series
from sage_edge.errors import SageError
from sage_edge.hints import invoke
from sage_edge.names import Digest, SessionId, Slug, Track
from sage_edge.records import dialogue
from sage_edge.records.base import canonical
from sage_edge.records.transcript import Transcript
from sage_edge.scorers import Mark
from sage_edge.sessions import archive
from tools.findings.data import PLACES, Made, MeasuredBy, Place, StudyArm, StudyData, StudySession
from tools.findings.design import HOST, OUTCOMES, SEEDS_MEASURE, TRACK, Arm, Design, newest
from tools.findings.world import World

LIBRARIES = ("llama_cpp_python", "numpy", "scipy", "diptest")
SHOWN = 5
"""Places that the page shows."""


def outcomes() -> tuple[MeasuredBy, ...]:
    """Return what each outcome is measured by: the newest version of its scorer. Last: the measure of the seeds."""
    named = [(outcome.name, outcome.scorer, outcome.quantity) for outcome in OUTCOMES]
    return tuple(_measured_by(*each) for each in (*named, (Slug("-".join(SEEDS_MEASURE)), *SEEDS_MEASURE)))


def _measured_by(name: Slug, scorer: str, quantity: str) -> MeasuredBy:
    by = newest(scorer)
    return MeasuredBy(
        name=name,
        scorer=by.id,
        version=by.version,
        quantity=Slug(quantity),
        kind=by.quantities[quantity],
        definition=by.definition,
        evidence=next((str(each) for each in by.evidence if each.quantity == quantity), ""),
    )


def gather(design: Design, worlds: Sequence[World]) -> StudyData:
    """Return the numbers of whole arms. Raises SageError where an arm lacks sessions, or arms were made differently."""
    papers = {world.arm: _transcripts(world, design.sessions) for world in worlds}
    measured_by = outcomes()
    return StudyData(
        made=_made([transcript for arm in papers.values() for transcript in arm]),
        outcomes=measured_by,
        arms=tuple(_arm(arm, transcripts, measured_by) for arm, transcripts in papers.items()),
        places=_places(papers),
    )


def _transcripts(world: World, sessions: int) -> list[Transcript]:
    folder = world.paths(HOST).papers
    filed = [path for session, path in archive.all_sessions(folder) if session.letter == "P"][:sessions]
    if len(filed) < sessions:
        raise SageError(f"{world.arm.name} has {len(filed)} of {sessions} sessions", hint=invoke("findings"))
    transcripts = [archive.read(path) for path in filed]
    for transcript in transcripts:
        if not transcript.answers() or transcript.head.intervention.name != world.arm.intervention:
            raise SageError(f"{transcript.session} of {world.arm.name} is no session of the study", hint=_AGAIN)
    return transcripts


_AGAIN = "move the arm's folder away, then start again"


def _made(transcripts: Iterable[Transcript]) -> Made:
    kinds = {_made_by(transcript).canonical(): _made_by(transcript) for transcript in transcripts}
    if len(kinds) > 1:
        raise SageError("the arms were made with different engines, curricula or samplings", hint=_AGAIN)
    return next(iter(kinds.values()))


def _made_by(transcript: Transcript) -> Made:
    head = transcript.head
    return Made(
        host=head.host,
        mind=head.mind,
        curriculum=head.lesson.curriculum,
        engine=f"{head.engine.name} {head.engine.version}",
        settings=head.engine.settings,
        sampling=head.sampling,
        machine=machine(),
        libraries={name: importlib.metadata.version(name) for name in LIBRARIES},
    )


def machine() -> str:
    """Return the class of this machine: architecture, processor and vector instructions, which decide the last digits.

    Numbers that were kept before instructions were named stand under a class of their own: nobody knows them now.
    """
    text = Path("/proc/cpuinfo").read_text("utf-8") if Path("/proc/cpuinfo").exists() else ""
    facts = {key.strip(): value.split() for key, _, value in (line.partition(":") for line in text.splitlines())}
    vectors = sorted(word for word in facts.get("flags", facts.get("Features", [])) if _VECTOR.fullmatch(word))
    return " ".join((platform.machine(), *facts.get("model name", []), *vectors))


_VECTOR = re.compile(r"(?:avx|amx|fma|f16c|asimd|sve|i8mm|bf16).*")
"""Instructions for which llama.cpp has kernels of their own; each adds its numbers up in another order."""


def _arm(arm: Arm, transcripts: Sequence[Transcript], measured_by: Sequence[MeasuredBy]) -> StudyArm:
    head = transcripts[0].head
    return StudyArm(
        name=Slug(arm.name),
        model=arm.model,
        weights=head.model.digest,
        intervention=arm.intervention,
        version=head.intervention.version,
        system=transcripts[:2][-1].head.lesson.system,
        sessions=tuple(_session(transcript, measured_by) for transcript in transcripts),
    )


def _session(transcript: Transcript, measured_by: Sequence[MeasuredBy]) -> StudySession:
    talk = dialogue.of(transcript)
    marks = {}
    for by in measured_by:
        scored = newest(by.scorer).score(talk, ())
        marks[by.name] = tuple(round(mark.value, PLACES) for mark in scored[by.quantity])
    return StudySession(
        session=transcript.session,
        unit=transcript.head.lesson.unit,
        answers=len(talk.answers),
        cut=sum(answer.finish_reason in ("length", "deadline") for answer in talk.answers),
        words=tuple(len(answer.reply.split()) for answer in talk.answers),
        marks=marks,
        turns=turns_digest(transcript),
    )


def turns_digest(transcript: Transcript) -> Digest:
    """Return SHA-256 over every question, answer, seed and count of tokens; no time and no duration is part of it."""
    head, steps = transcript.head, transcript.head.lesson.steps
    said: list[JsonValue] = [
        [steps[turn.step].prompt, turn.reply, turn.finish_reason, turn.completion_tokens, turn.seed, turn.mean_logprob]
        for turn in transcript.turns
    ]
    return files.digest(canonical({"system": head.lesson.system, "weights": head.model.digest, "turns": said}))


def _places(papers: dict[Arm, list[Transcript]]) -> tuple[Place, ...]:
    """The places that are shown: the first ones by SHA-256 of `P007 3`, so that nobody has chosen them."""
    first = next(iter(papers.values()))
    known = [(transcript.session, turn) for transcript in first for turn in range(1, len(transcript.turns) + 1)]
    ranked = sorted(known, key=lambda place: hashlib.sha256(f"{place[0]} {place[1]}".encode()).digest())
    return tuple(_place(papers, session, turn) for session, turn in ranked[:SHOWN])


def _place(papers: dict[Arm, list[Transcript]], session: SessionId, turn: int) -> Place:
    def at(arm: Arm) -> Transcript:
        return papers[arm][session.number - 1]

    first = at(next(iter(papers)))
    question = first.head.lesson.steps[first.turns[turn - 1].step].prompt
    answers = {Slug(arm.name): at(arm).turns[turn - 1].reply for arm in papers}
    return Place(session=session, turn=turn, question=question, answers=answers)


def series(arm: StudyArm, by: MeasuredBy) -> Series:
    """Return one outcome of one arm as a series, one point for each session that has a mark."""
    points = tuple(
        Point(
            number=kept.session.number,
            label=kept.session,
            seal=kept.turns,
            started=None,
            unit=kept.unit,
            intervention=arm.intervention,
            marks=tuple(Mark(turn, value) for turn, value in enumerate(kept.marks[by.name], start=1)),
        )
        for kept in arm.sessions
        if kept.marks[by.name]
    )
    return Series(by.scorer, by.version, by.quantity, by.kind, by.definition, TRACK, points)


class ArmSource:
    """The scores of one arm, for whoever tests claims on them."""

    def __init__(self, arm: StudyArm, outcomes: Sequence[MeasuredBy]) -> None:
        self._arm, self._outcomes = arm, {(by.scorer, by.version, by.quantity): by for by in outcomes}

    def series(self, scorer: str, version: int, quantity: str, track: Track) -> Series:
        """Return the series of a kept quantity. Raises KeyError for one that was not kept."""
        return series(self._arm, self._outcomes[Slug(scorer), version, Slug(quantity)])
