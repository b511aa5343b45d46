"""Transcripts for tests: every link of the hash chain holds unless a test breaks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

from pydantic import JsonValue

from sage_edge import files
from sage_edge.names import Digest, HostName, ModelRef, RoleName, SessionId, Slug
from sage_edge.records.transcript import (
    Closing,
    Ending,
    EngineId,
    FinishReason,
    Head,
    Intervention,
    Lesson,
    ModelId,
    Step,
    Transcript,
    Turn,
)
from sage_edge.records.trial import TrialPlace
from sage_edge.sampling import Sampling

START = datetime(2026, 11, 20, 6, 0, tzinfo=timezone.utc)
"""When P001 and T001 begin unless a test says otherwise; each next session of a track begins 6 hours later."""

CURRICULUM = files.digest(b"a curriculum of tests")
WEIGHTS = files.digest(b"weights of tests")


def transcript(
    session: str = "P001",
    host: str = "sprout",
    mind: str = "Sage",
    replies: Sequence[str | None] = ("I am calm.", "I listen to you.", "I want to keep your question."),
    intervention: str = "observe",
    finish: FinishReason | Sequence[FinishReason] = "stop",
    *,
    version: int = 1,
    parameters: Mapping[str, JsonValue] | None = None,
    recommendation: Digest | None = None,
    steps: Sequence[Step] | None = None,
    system: str = "You are a young mind.",
    unit: str | None = None,
    weights: Digest = WEIGHTS,
    started: datetime | None = None,
    ending: Ending | None = None,
    trial: TrialPlace | None = None,
) -> Transcript:
    """Return a whole, sealed transcript.

    replies: the answers, one for each step in order; None is a failed turn. Fewer replies than steps: it ended early.
    finish: the finish reason of all answers, or one for each reply.
    steps: the lesson; by default a prompt for each reply and a closing for the last one, or for a training session
    a warm-up, exercises that expect the word `yes`, and a cool-down.
    """
    identity = SessionId(session)
    lesson_steps = tuple(steps) if steps is not None else default_steps(identity, len(replies))
    head = Head(
        session=identity,
        host=HostName(host),
        role=RoleName("practitioner"),
        mind=mind,
        board=Slug("orin-nano"),
        release="test",
        model=ModelId(ref=ModelRef("sage/seedling:q8_0"), digest=weights),
        engine=EngineId(name=Slug("scripted"), version="1", settings={}),
        sampling=Sampling(temperature=0.7, top_p=0.9, top_k=40, min_p=0.05, repeat_penalty=1.1, max_tokens=150),
        seed=7,
        intervention=Intervention(
            name=Slug(intervention), version=version, parameters=dict(parameters or {}), recommendation=recommendation
        ),
        lesson=Lesson(
            curriculum=CURRICULUM,
            unit=unit or ("phase grounding" if identity.letter == "P" else "track A"),
            system=system,
            steps=lesson_steps,
        ),
        slot=None,
        started=started or START + timedelta(hours=6 * (identity.number - 1)),
        time_source="set",
        trial=trial,
    )
    reasons = [finish] * len(replies) if isinstance(finish, str) else list(finish)
    turns = [
        _turn(number, reply, reason, head) for number, (reply, reason) in enumerate(zip(replies, reasons, strict=True))
    ]
    whole = len(replies) == len(lesson_steps) and None not in replies
    return seal(head, turns, ending or ("complete" if whole else "partial"))


def default_steps(session: SessionId, count: int) -> tuple[Step, ...]:
    """Return `count` steps such as a session of this track has."""
    if session.letter == "P":
        prompts = [Step(kind="prompt", prompt=f"Question {number}?") for number in range(1, count)]
        return (*prompts, Step(kind="closing", prompt="What do you want to keep?"))
    exercises = [
        Step.model_validate(
            {
                "kind": "exercise",
                "prompt": f"Exercise {number}?",
                "exercise": f"exercise-{number}",
                "expect": {"kind": "words", "all": ("yes",)},
                "fresh": True,
            }
        )
        for number in range(1, count - 1)
    ]
    cool_down = Step(kind="cool-down", prompt="How was it?", fresh=True)
    return (Step(kind="warm-up", prompt="Are you ready?"), *exercises, cool_down)


def exercise(prompt: str, expect: Mapping[str, JsonValue], name: str = "an-exercise") -> Step:
    """Return a judged step with a typed expectation."""
    content = {"kind": "exercise", "prompt": prompt, "exercise": name, "expect": dict(expect), "fresh": True}
    return Step.model_validate(content)


def seal(head: Head, turns: Sequence[Turn], ending: Ending = "complete") -> Transcript:
    """Return a transcript of these parts with every link mended."""
    link = head.fingerprint()
    linked = []
    for turn in turns:
        linked.append(Turn.model_validate({**turn.model_dump(), "previous": link}))
        link = linked[-1].fingerprint()
    closing = Closing(
        ending=ending, ended=head.started + timedelta(minutes=2), resumed=0, turns=len(linked), previous=link
    )
    return Transcript(head=head, turns=tuple(linked), closing=closing, seal=closing.fingerprint())


def _turn(number: int, reply: str | None, reason: FinishReason, head: Head) -> Turn:
    return Turn(
        step=number,
        attempt=1,
        outcome="failed" if reply is None else "ok",
        reply=reply or "",
        finish_reason=None if reply is None else reason,
        error="the engine failed" if reply is None else None,
        prompt_tokens=20,
        reused_tokens=0,
        completion_tokens=len((reply or "").split()),
        ttft_s=0.1,
        duration_s=0.5,
        seed=head.seed + number,
        asked=head.started + timedelta(seconds=number),
        previous=WEIGHTS,  # mended by seal
    )
