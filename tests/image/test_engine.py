"""The workstation's engine: one that is away or too old for our builds is said before anything is fetched."""

from __future__ import annotations

import pytest

from sage_edge.image import engine
from sage_edge.image.engine import EngineTooOld, NoEngine
from sage_edge.shell import Result


def saying(monkeypatch: pytest.MonkeyPatch, code: int, text: str, complaint: str = "") -> None:
    said = Result(code, text.encode(), complaint.encode())
    monkeypatch.setattr(engine, "docker", lambda *words, **options: said)


@pytest.mark.parametrize("version", ["24.0.0", "26.1.5+dfsg1", "101.0", "a build of my own"])
def test_one_that_is_new_enough_or_tells_no_number_is_taken(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    saying(monkeypatch, 0, f"{version}\n")
    engine.demand()


@pytest.mark.parametrize("version", ["20.10.24+dfsg1", "23.0.6", "9.9"])
def test_one_that_is_too_old_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    saying(monkeypatch, 0, f"{version}\n")
    with pytest.raises(EngineTooOld, match=r"to build our images takes 24\.0 or newer") as told:
        engine.demand()
    assert (told.value.code, told.value.hint) == (4, "get a newer one; on Debian 12: .ci/engine")


def test_one_that_does_not_answer_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    saying(monkeypatch, 1, "", "warning\nCannot connect to the Docker daemon")
    with pytest.raises(NoEngine, match="no Docker engine answers here: Cannot connect to the Docker daemon"):
        engine.demand()
