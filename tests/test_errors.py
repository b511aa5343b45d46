"""The tree of refusals: every leaf has an exit code of the documented ones, and says what to do next."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator

import pytest

import sage_edge
from sage_edge import errors, hints
from sage_edge.engines.errors import ContextOverflow
from sage_edge.errors import ExitCode, Fault, SageError
from sage_edge.inventory.errors import NotMyRole
from sage_edge.models.errors import DigestMismatch, DoesNotFit, ModelIncomplete, ModelNotFound
from sage_edge.sessions.errors import JournalBroken

SAMPLES: list[SageError] = [
    NotMyRole("thor", "researcher", "conduct", ["sprout"], ["analyse"]),
    NotMyRole("desk", "operator", "conduct", [], []),
    ModelNotFound("a/b:c", []),
    ModelIncomplete("a/b:c", ["b.gguf"], hint="get it"),
    DigestMismatch("b.gguf", "sha256:1", "sha256:2", hint="get it"),
    DoesNotFit("a/b:c", 2_000_000_000, 1_000_000_000),
    errors.LibraryMissing("llamacpp", "practitioner"),
    ContextOverflow(700, 512),
    JournalBroken("P001.jsonl", 3, "why"),
    errors.Locked("it", "process 1"),
    errors.CommandFailed(["git", "push"], 128, "fatal: no"),
    errors.StorageError("/x", "No space left on device"),
    errors.NoDiskSpace("thor", "sending a/b:c", 2_000_000_000, 1_000_000_000, hint="free some"),
    errors.DeclarationError([Fault("b.yaml", "", "is missing"), Fault("a.yaml", "key", "is unknown")]),
]


def tree(kind: type[SageError] = SageError) -> Iterator[type[SageError]]:
    """Yield a kind and all below it that are imported."""
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


def kinds(modules: str = ".errors") -> dict[str, type[SageError]]:
    """Return name → class of every kind in the package's modules whose names end so."""
    if not modules:
        pytest.importorskip("peft", reason="the training room needs the extra researcher")
    for module in pkgutil.walk_packages(sage_edge.__path__, "sage_edge."):
        if module.name.endswith(modules) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    ours = (kind for kind in tree() if kind.__module__.startswith("sage_edge."))
    return {kind.__name__: kind for kind in ours if kind.__module__.endswith(modules)}


@pytest.mark.parametrize("refusal", SAMPLES, ids=lambda refusal: type(refusal).__name__)
def test_a_refusal_names_what_happened_and_the_next_step(refusal: SageError) -> None:
    assert refusal.message
    assert refusal.hint
    assert str(refusal) == refusal.message


@pytest.mark.parametrize("modules", [".errors", pytest.param("", id="all", marks=pytest.mark.slow)])
def test_each_kind_has_a_documented_code(modules: str) -> None:
    assert all(isinstance(kind.code, ExitCode) and kind.code for kind in kinds(modules).values())


@pytest.mark.slow
def test_each_kind_that_leaves_its_module_stands_in_its_room_s_errors() -> None:
    public = {name for name in kinds("") if not name.startswith("_")}
    assert public == set(kinds())


def drawn() -> Iterator[tuple[str, str, str]]:
    """Yield each kind of the drawings, with the room's module if it is named and its exit code if it is.

    A line is `── Kind(fields)  words  8` or `── Kind 2 · Other 3`; the last code is that of all without one.
    """
    drawings = {sys.modules[kind.__module__].__doc__ or "" for kind in kinds().values()}
    for line in sorted("\n".join(drawings).splitlines()):
        place, last = re.search(r"\w+/errors\.py", line), re.search(r"\s(\d+)$", line)
        for part in line.partition("── ")[2].split("·"):
            if match := re.match(r"\s*(\w+)\b(?![.:])(?: (\d+)\b)?", part):
                yield match[1], place[0] if place else "", match[2] or (last[1] if last else "")


def test_the_drawing_shows_where_each_kind_stands_and_its_code() -> None:
    known = kinds()
    for name, place, code in drawn():
        kind = known.get(name)
        if kind is None:  # what never leaves its room is no SageError
            assert any(hasattr(sys.modules[other.__module__], name) for other in known.values()), name
            continue
        assert not code or kind.code == int(code), name
        assert code or kind.code == kind.__mro__[1].code, f"{name} has a code of its own: {kind.code}"  # type: ignore[attr-defined]
        assert not place or kind.__module__ == f"sage_edge.{place[:-3].replace('/', '.')}", name


def test_every_shared_kind_and_every_room_with_kinds_stands_in_the_drawing() -> None:
    names, places = {name for name, _, _ in drawn()}, {place for _, place, _ in drawn()}
    known = kinds().values()
    rooms = {kind.__module__.removeprefix("sage_edge.").replace(".", "/") + ".py" for kind in known}
    assert rooms - {"errors.py"} == places - {""}
    shared = {kind.__name__ for kind in known if kind.__module__ == errors.__name__}
    assert shared - {"SageError"} <= names


def test_all_faults_are_told_at_once_in_order() -> None:
    refusal = errors.DeclarationError([Fault("b.yaml", "", "is missing"), Fault("a.yaml", "key", "is unknown")])
    assert refusal.message.splitlines() == ["a.yaml: key: is unknown", "b.yaml: is missing"]


def test_not_my_role_names_owner_and_remedy() -> None:
    refusal = NotMyRole("thor", "researcher", "conduct", ["sprout"], ["analyse", "recommend"])
    assert "sprout" in refusal.message
    assert "analyse, recommend" in hints.text(refusal.hint)


def test_a_failed_command_shows_the_end_of_its_words() -> None:
    refusal = errors.CommandFailed(["git", "a", "b", "c", "secret"], 1, "\n".join(map(str, range(100))))
    assert "secret" not in refusal.message
    assert "79" not in refusal.message
    assert refusal.message.endswith("99")
