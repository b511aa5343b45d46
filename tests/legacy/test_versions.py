"""Which file a version is of, and where it stands, from its path alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.legacy import versions

INSTANCE = "sage/instances/legion-phi4-14b"


@pytest.mark.parametrize(
    ("source", "file", "number", "stamp"),
    [
        ("history/c7f9a963/sage/state.json", "sage/state.json", None, None),
        ("history/abcdefa/sage/state.json", "sage/state.json", None, None),
        ("defaced/sage/state.json", "defaced/sage/state.json", None, None),
        ("history/0007-c7f9a963/sage/state.json", "sage/state.json", 7, None),
        ("history/0007/sage/state.json", "sage/state.json", 7, None),
        (f"{INSTANCE}/backups/identity_20260115_060856.json", f"{INSTANCE}/identity.json", None, "20260115060856"),
        (f"{INSTANCE}/snapshots/archive/identity_20260301.json", f"{INSTANCE}/identity.json", None, "20260301"),
        (f"{INSTANCE}/snapshots/identity.json", f"{INSTANCE}/identity.json", None, None),
        (f"{INSTANCE}/identity.json", f"{INSTANCE}/identity.json", None, None),
        ("a/state.json.bak", "a/state.json", None, None),
        ("a/state.json.backup_20260201", "a/state.json", None, "20260201"),
        ("a/state.bak.json", "a/state.json", None, None),
        ("a/state_v7.json", "a/state.json", 7, None),
        ("a/0012_state.json", "a/state.json", 12, None),
        ("a/c7f9a963_state.json", "a/state.json", None, None),
        ("a/state (2).json", "a/state.json", 2, None),
        ("a/versions/7.json", "a/*.json", 7, None),
        ("a/2026-03-01T00:37:42_state.json", "a/state.json", None, "20260301003742"),
        ("a/identity_legion.json", "a/identity_legion.json", None, None),
        ("a/beaded_state.json", "a/beaded_state.json", None, None),
    ],
)
def test_paths(source: str, file: str, number: int | None, stamp: str | None) -> None:
    path = versions.of(source)
    assert (path.file, path.number, path.stamp) == (file, number, stamp)
    assert path.is_newest == (source == file)


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("s/session_003.json", "s/session_003.json"),
        ("s/session_20260301.json", "s/session_20260301.json"),
        ("history/0007/s/session_003.json", "s/session_003.json"),
        ("s/backups/session_003.json.bak", "s/session_003.json"),
        ("s/session_003 copy.json", "s/session_003.json"),
    ],
)
def test_digits_of_its_own_name_are_a_files_own(source: str, file: str) -> None:
    path = versions.of(source, is_state=False)
    assert (path.file, path.is_newest) == (file, source == file)


@given(st.lists(st.text(alphabet="ab1_-. 7f/", min_size=1, max_size=12), min_size=1, max_size=5))
def test_every_path_is_of_a_file(parts: list[str]) -> None:
    path = versions.of("/".join(parts))
    assert path.file.endswith(".json")
    assert versions.of(path.file).file == path.file or "*" in path.file
