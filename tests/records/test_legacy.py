"""The paper of an older session: its chain, its place, and what scorers see of it."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from pydantic import ValidationError

from sage_edge import files
from sage_edge.names import Digest, Slug, Track
from sage_edge.records import legacy
from sage_edge.records.base import canonical, parse
from sage_edge.records.legacy import LegacyHead, LegacyTranscript, LegacyWords, chain_faults, sealed

START = datetime(2026, 1, 13, 14, 2, tzinfo=timezone.utc)


def head(label: str = "T021", number: int | None = 21, track: Track | None = "training") -> LegacyHead:
    return LegacyHead(
        label=label,
        number=number,
        track=track,
        shape="exercises",
        mind="SAGE",
        unit=Slug("identity"),
        started=START,
        source="sessions/T021.json",
        source_sha256=files.digest(b"file"),
        remarks=(Slug("cpu-fallback"),),
        extra={"t3": {"trust": 0.5}},
    )


WORDS = (
    LegacyWords(kind="warm-up", asker="Teacher", prompt="Ready?", reply="Yes."),
    LegacyWords(
        kind="exercise",
        prompt="What is one and one?",
        reply="2",
        exercise=Slug("math"),
        expected=("2",),
        stored={"evaluation": {"success": True}},
    ),
    LegacyWords(prompt="And now?", reply="", outcome="failed", error="an empty text is stored as the answer"),
)


@pytest.fixture
def paper() -> LegacyTranscript:
    """A whole paper of three turns and one item that was refused."""
    return sealed(head(), WORDS, kept=5, doubled=2, refused=["item 4: expected an object, got a number"])


def test_a_whole_one_has_no_faults(paper: LegacyTranscript) -> None:
    assert chain_faults(paper) == ()
    assert parse(LegacyTranscript, paper.pretty()) == paper
    assert paper.head.provenance == "legacy"
    assert paper.closing.found == 8


def test_a_changed_word_breaks_the_link_after_it(paper: LegacyTranscript) -> None:
    other = paper.turns[0].model_copy(update={"reply": "No."})
    assert chain_faults(paper.model_copy(update={"turns": (other, *paper.turns[1:])})) == (
        "turn 2 does not follow what stands before it",
    )
    last = paper.turns[2].model_copy(update={"outcome": "ok"})
    assert chain_faults(paper.model_copy(update={"turns": (*paper.turns[:2], last)})) == (
        "the closing does not follow the last turn",
    )


def test_a_changed_head_breaks_the_first_link(paper: LegacyTranscript) -> None:
    other = paper.head.model_copy(update={"standing": "dry-run"})
    assert chain_faults(paper.model_copy(update={"head": other})) == ("turn 1 does not follow what stands before it",)


def test_the_closing_accounts_for_every_item(paper: LegacyTranscript) -> None:
    closing = paper.closing.model_copy(update={"found": 9, "turns": 1})
    assert chain_faults(paper.model_copy(update={"closing": closing, "seal": closing.fingerprint()})) == (
        "the closing counts 1 turns, there are 3",
        "the closing speaks of 9 items and accounts for 8",
    )
    assert chain_faults(paper.model_copy(update={"seal": files.digest(b"")})) == (
        "the seal is not that of the closing",
    )


@pytest.mark.parametrize(
    ("label", "number", "track", "folder"),
    [
        ("T021", 21, "training", "sessions/training/000"),
        ("S904", 904, "primary", "sessions/primary/009"),
        ("R14B_010", 10, None, "sessions/other/000"),
        ("notes", None, None, "sessions/other/unnumbered"),
    ],
)
def test_its_place(label: str, number: int | None, track: Track | None, folder: str) -> None:
    made = sealed(head(label, number, track), WORDS, kept=3)
    assert legacy.place(made) == f"{folder}/{label}-{made.seal.short}.json"


def test_two_files_that_claim_one_number_lie_apart(paper: LegacyTranscript) -> None:
    other = sealed(head(), WORDS[:2], kept=3)
    assert legacy.place(other) != legacy.place(paper)


@pytest.mark.parametrize("label", ["", "../up", ".hidden", "a/b", "x\n", "é", "a" * 81])
def test_a_label_is_part_of_a_file_name(label: str) -> None:
    with pytest.raises(ValidationError):
        head(label)


def test_what_scorers_see(paper: LegacyTranscript) -> None:
    seen = legacy.dialogue(paper)
    assert (seen.provenance, seen.seal, seen.label, seen.number, seen.track) == (
        "legacy",
        paper.seal,
        "T021",
        21,
        "training",
    )
    assert (seen.host, seen.model, seen.unit, seen.intervention) == (None, None, "identity", "none-recorded")
    assert (seen.started, seen.ended, seen.due, seen.late) == (START, None, None, False)
    assert (seen.standing, seen.remarks) == ("session", ("cpu-fallback",))
    first, second, third = seen.exchanges
    assert (first.turn, first.kind, first.stored) == (1, "warm-up", None)
    assert (second.exercise, second.expected, second.expect) == ("math", ("2",), None)
    assert second.stored == {"evaluation": {"success": True}}
    assert (third.outcome, third.finish_reason) == ("failed", None)
    assert seen.answers == (first, second)


def test_nothing_that_json_cannot_hold() -> None:
    with pytest.raises(ValidationError):
        LegacyWords(prompt="?", reply="!", stored={"score": float("nan")})
    with pytest.raises(ValueError, match="no legacytranscript"):
        parse(LegacyTranscript, b"{}")


def test_the_seal_is_of_the_bytes_and_of_nothing_else(paper: LegacyTranscript) -> None:
    raw = json.loads(paper.pretty())
    assert Digest(raw["seal"]) == files.digest(canonical(raw["closing"]))
