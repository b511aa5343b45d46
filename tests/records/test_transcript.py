"""The hash chain of a transcript, its answers, and the place of every paper."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from pydantic import ValidationError

from sage_edge import files
from sage_edge.names import Digest, SessionId
from sage_edge.records import paper_paths
from sage_edge.records.base import Record, parse
from sage_edge.records.transcript import Head, Step, Transcript, chain_faults
from sage_edge.sampling import Sampling
from tests import builders


@pytest.fixture
def paper() -> Transcript:
    """A whole transcript."""
    return builders.transcript(replies=["a", None, "c", "d"])


def test_a_whole_one_has_no_faults(paper: Transcript) -> None:
    assert chain_faults(paper) == ()
    assert parse(Transcript, paper.pretty()) == paper


def test_answers_are_what_the_mind_said(paper: Transcript) -> None:
    assert [turn.reply for _, turn in paper.answers()] == ["a", "c", "d"]
    assert [step.prompt for step, _ in paper.answers()][:2] == ["Question 1?", "Question 3?"]


def test_a_changed_head_breaks_the_first_link(paper: Transcript) -> None:
    other = paper.model_copy(update={"head": paper.head.model_copy(update={"mind": "Other"})})
    assert chain_faults(other) == ("turn 1 does not follow what stands before it",)


def test_a_turn_that_is_gone_doubled_or_moved_is_seen(paper: Transcript) -> None:
    turns = paper.turns
    for wrong in (turns[1:], turns[:-1], (*turns, turns[-1]), (turns[1], turns[0], *turns[2:]), ()):
        assert chain_faults(paper.model_copy(update={"turns": tuple(wrong)}))


def test_the_closing_counts_and_is_sealed(paper: Transcript) -> None:
    closing = paper.closing.model_copy(update={"turns": 9})
    assert chain_faults(paper.model_copy(update={"closing": closing})) == (
        "the closing counts 9 turns, there are 4",
        "the seal is not that of the closing",
    )
    assert chain_faults(paper.model_copy(update={"seal": files.digest(b"")})) == (
        "the seal is not that of the closing",
    )


def test_a_turn_answers_a_step_of_the_lesson() -> None:
    paper = builders.transcript()
    stray = paper.turns[-1].model_copy(update={"step": 7})
    mended = builders.seal(paper.head, [*paper.turns[:-1], stray])
    assert chain_faults(mended) == ("turn 3 answers step 7, which the lesson does not have",)


def test_an_expectation_survives_the_file() -> None:
    step = builders.exercise("Is fire hot?", {"kind": "choice", "is": "yes", "of": ["yes", "no"]})
    paper = builders.transcript("T001", replies=["yes"], steps=[step])
    again = parse(Transcript, paper.pretty())
    assert again == paper
    assert chain_faults(again) == ()


def test_the_image_is_part_of_what_is_sealed() -> None:
    image = files.digest(b"an image")
    plain = builders.transcript()
    named = builders.seal(plain.head.model_copy(update={"image": image}), plain.turns)
    assert chain_faults(named) == ()
    assert parse(Transcript, named.pretty()).head.image == image
    other = named.head.model_copy(update={"image": files.digest(b"another")})
    assert chain_faults(named.model_copy(update={"head": other})) == ("turn 1 does not follow what stands before it",)


def test_a_transcript_from_before_there_were_images_keeps_its_seal() -> None:
    """The digest of a head is over the keys that it had when it was sealed."""
    plain = builders.transcript()
    assert set(json.loads(plain.head.canonical())) == set(Head.model_fields) - {"image", "kind", "trial"}
    assert '"image"' not in plain.pretty().decode()
    assert parse(Transcript, plain.pretty()) == plain
    said = json.loads(plain.pretty())
    said["head"] |= {"image": None, "kind": None, "trial": None}
    assert chain_faults(parse(Transcript, json.dumps(said))) == (), "nothing was said, so nothing was changed"


@pytest.mark.parametrize(("session", "kind"), [("P001", "primary"), ("T001", "probe"), ("L001", None)])
def test_only_a_later_kind_of_session_names_itself(session: str, kind: str | None) -> None:
    head = json.loads(builders.transcript().head.canonical())
    with pytest.raises(ValidationError, match=f"{session} names (no|a) kind"):
        Head.model_validate({**head, "session": session, "kind": kind})


def test_a_later_kind_of_session_has_its_folder() -> None:
    head = json.loads(builders.transcript().head.canonical())
    probe = builders.seal(Head.model_validate({**head, "session": "L001", "kind": "probe"}), [])
    assert (probe.track, paper_paths.of(probe)) == ("probe", "sessions/probe/000/L001.json")
    assert chain_faults(parse(Transcript, probe.pretty())) == ()


@pytest.mark.parametrize(
    "change",
    [{"temperature": -1}, {"temperature": 3}, {"top_p": 0}, {"top_k": -1}, {"repeat_penalty": 0}, {"max_tokens": 0}],
)
def test_sampling_has_limits(change: dict[str, float]) -> None:
    good = {"temperature": 0, "top_p": 1, "top_k": 0, "min_p": 0, "repeat_penalty": 1, "max_tokens": 1}
    Sampling.model_validate(good)
    with pytest.raises(ValidationError):
        Sampling.model_validate({**good, **change})


def test_a_lesson_has_something_to_say() -> None:
    with pytest.raises(ValidationError):
        Step(kind="prompt", prompt="")


@pytest.mark.parametrize(
    ("session", "path"),
    [
        ("P001", "sessions/primary/000/P001.json"),
        ("P099", "sessions/primary/000/P099.json"),
        ("P100", "sessions/primary/001/P100.json"),
        ("T12345", "sessions/training/123/T12345.json"),
    ],
)
def test_sessions_are_sharded_by_hundreds(session: str, path: str) -> None:
    assert paper_paths.of_session(SessionId(session)) == path


def test_each_paper_has_its_place(paper: Transcript) -> None:
    digest = Digest("sha256:" + "ab" * 32)
    assert paper_paths.of(paper) == "sessions/primary/000/P001.json"
    assert paper_paths.of_decision(digest) == "decisions/abababababab.json"
    assert paper_paths.of_worklog(datetime(2026, 1, 31, tzinfo=timezone.utc)) == "worklog/2026-01.jsonl"
    with pytest.raises(TypeError):
        paper_paths.of(Record())
