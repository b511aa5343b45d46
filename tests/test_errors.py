"""The tree of refusals: every leaf has an exit code of the documented ones, and says what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from sage_edge import errors, hints
from sage_edge.errors import Fault, SageError
from sage_edge.models import errors as model_errors

CODES = {1, 2, 3, 4, 5, 8}
ROOMS = (errors, model_errors)
"""Where a room's kinds are, each drawn in its docstring."""
SAMPLES: list[SageError] = [
    errors.NotMyRole("thor", "researcher", "conduct", ["sprout"], ["analyse"]),
    errors.NotMyRole("desk", "operator", "conduct", [], []),
    model_errors.ModelNotFound("a/b:c", []),
    model_errors.ModelIncomplete("a/b:c", ["b.gguf"], hint="get it"),
    model_errors.DigestMismatch("b.gguf", "sha256:1", "sha256:2", hint="get it"),
    model_errors.DoesNotFit("a/b:c", 2_000_000_000, 1_000_000_000),
    errors.EngineMissing("llamacpp", "practitioner"),
    errors.ContextOverflow(700, 512),
    errors.JournalBroken("P001.jsonl", 3, "why"),
    errors.Locked("it", "process 1"),
    errors.CommandFailed(["git", "push"], 128, "fatal: no"),
    errors.StorageError("/x", "No space left on device"),
    errors.NoDiskSpace("thor", "sending a/b:c", 2_000_000_000, 1_000_000_000, hint="free some"),
    errors.DeclarationError([Fault("b.yaml", "", "is missing"), Fault("a.yaml", "key", "is unknown")]),
]


def tree(kind: type[SageError] = SageError) -> Iterator[type[SageError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


@pytest.mark.parametrize("refusal", SAMPLES, ids=lambda refusal: type(refusal).__name__)
def test_a_refusal_names_what_happened_and_the_next_step(refusal: SageError) -> None:
    assert refusal.message
    assert refusal.hint
    assert str(refusal) == refusal.message


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_every_kind_has_a_documented_code_and_stands_in_the_drawing(room: ModuleType) -> None:
    drawn = room.__doc__ or ""
    for kind in tree():
        if kind.__module__ == room.__name__:
            assert kind.code in CODES
            assert kind is SageError or re.search(rf"\b{kind.__name__}\b", drawn)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_the_codes_in_the_drawing_are_the_codes(room: ModuleType) -> None:
    for line in (room.__doc__ or "").splitlines():
        if match := re.search(r"── (\w+)\b(?!\.).*?\s(\d+)$", line):
            assert getattr(room, match[1]).code == int(match[2]), line


def test_all_faults_are_told_at_once_in_order() -> None:
    refusal = errors.DeclarationError([Fault("b.yaml", "", "is missing"), Fault("a.yaml", "key", "is unknown")])
    assert refusal.message.splitlines() == ["a.yaml: key: is unknown", "b.yaml: is missing"]


def test_not_my_role_names_owner_and_remedy() -> None:
    refusal = errors.NotMyRole("thor", "researcher", "conduct", ["sprout"], ["analyse", "recommend"])
    assert "sprout" in refusal.message
    assert "analyse, recommend" in hints.text(refusal.hint)


def test_a_failed_command_shows_the_end_of_its_words() -> None:
    refusal = errors.CommandFailed(["git", "a", "b", "c", "secret"], 1, "\n".join(map(str, range(100))))
    assert "secret" not in refusal.message
    assert "79" not in refusal.message
    assert refusal.message.endswith("99")
