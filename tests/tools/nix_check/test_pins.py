"""Pinned hashes: a real nix says whether a file has its hash, and pip is asked for what is not there."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge.errors import ExitCode
from tests.tools.nix_check.conftest import Spoilt
from tools.nix_check import pins
from tools.nix_check.errors import HashWrong, NotFetched

ARCHIVE = "diptest-0.12.0.tar.gz"
PINNED = "sha256-remYaNpgO2dFIXGO045TruLrXZv0ewOTDrFJFpy5c80="
CONTENT = b"not what was pinned"


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip ask an index that does not answer, once."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")


def sri(content: bytes) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"


@pytest.mark.slow
def test_a_file_with_another_hash_is_refused_and_forgotten(spoilt: Spoilt) -> None:
    flake = spoilt({})
    (flake.nix.pypi / ARCHIVE).write_bytes(CONTENT)
    with pytest.raises(HashWrong) as caught:
        pins.check(flake)
    assert caught.value.code == ExitCode.NOT_VERIFIED
    assert all(word in caught.value.message for word in (ARCHIVE, PINNED, sri(CONTENT)))
    assert not (flake.nix.pypi / ARCHIVE).exists()


@pytest.mark.slow
def test_a_file_with_its_hash_is_taken_and_the_next_one_asked_for(spoilt: Spoilt, no_index: None) -> None:
    flake = spoilt({"nix/diptest.nix": (PINNED, sri(CONTENT))})
    (flake.nix.pypi / ARCHIVE).write_bytes(CONTENT)
    with pytest.raises(NotFetched, match="types_docker"):
        pins.check(flake)
    assert (flake.nix.pypi / ARCHIVE).exists()


BACKEND = """
import sys
from importlib import import_module
backend = import_module("some_builder.api")
assert backend.get_requires_for_build_wheel() == []
print(backend.prepare_metadata_for_build_wheel(sys.argv[1]))
"""


def test_a_source_archive_is_its_own_metadata(tmp_path: Path) -> None:
    (tmp_path / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: Some.Thing\nVersion: 1.2\n")
    hooks = Path(pins.__file__).parent / "plain_metadata"
    asked = subprocess.run(
        (sys.executable, "-c", BACKEND, str(tmp_path)),
        cwd=tmp_path,
        env={"PYTHONPATH": str(hooks), "_PYPROJECT_HOOKS_BUILD_BACKEND": "some_builder.api:backend"},
        capture_output=True,
        text=True,
    )
    assert (asked.stdout, asked.stderr) == ("some_thing-1.2.dist-info\n", "")
    assert (tmp_path / "some_thing-1.2.dist-info" / "METADATA").read_bytes() == (tmp_path / "PKG-INFO").read_bytes()
