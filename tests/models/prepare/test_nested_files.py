"""What lies in folders beside a model is no part of it: neither fetched nor listed, so it is in no digest."""

from __future__ import annotations

import threading
from pathlib import Path

import huggingface_hub
import pytest

from sage_edge.models.card import ModelCard
from sage_edge.models.cards import read_cards
from sage_edge.models.download.hub import Hub
from sage_edge.models.prepare import sources
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from tests.models.hub_server import Fault, HubServer
from tests.models.shelving import declare

SEEDLING = Path(__file__).parents[3] / "sage_edge" / "models" / "seedling" / "seedling.gguf"
BESIDE = {
    "checkpoint-500/seedling.gguf": b"other numbers",
    "onnx/LICENSE": b"of another work",
    "LICENSE": b"free\n",
    "a/b/model.gguf": b"GGUF",
}


def card(folder: Path, source: dict[str, str]) -> ModelCard:
    """A card that names no files, so that the usual ones are wanted."""
    facts = {"chat_template": ..., "architecture": "qwen2", "parameters": 2_756_864}
    declare(folder / "fleet", ref="tiny/nested:q8_0", source=source, **facts)
    return read_cards(folder / "fleet")[ModelRef("tiny/nested:q8_0")]


def context(folder: Path, hub: Hub, told: list[str]) -> PrepareContext:
    """An empty store below a folder."""
    return PrepareContext(folder / "fleet", {}, Store(folder / "store"), hub, on_wait=told.append)


def test_folders_of_a_repository_are_not_fetched(tmp_path: Path) -> None:
    told: list[str] = []
    with HubServer() as server:
        revision = server.add("tiny/nested", {"seedling.gguf": SEEDLING.read_bytes(), **BESIDE})
        mine = card(tmp_path, {"hub": f"tiny/nested@{revision}"})
        server.faults.append(Fault("/tree/", status=429, headers={"Retry-After": "1"}))
        place = context(tmp_path, Hub(server.endpoint), told)
        assert mine.source is not None
        brought = sources.bring(mine, mine.source, place, is_adapter=False, scratch=tmp_path / "scratch")
        fetched = {request.path.rpartition(f"{revision}/")[2] for request in server.gets()}
    huggingface_hub.close_session()
    assert {file.path for file in brought.files} == fetched == {"seedling.gguf", "LICENSE"}
    assert [line.partition(":")[0] for line in told] == ["rate limited by the hub"]


def test_folders_of_a_folder_are_not_taken(tmp_path: Path) -> None:
    for path, data in {"seedling.gguf": SEEDLING.read_bytes(), **BESIDE}.items():
        (tmp_path / "made" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "made" / path).write_bytes(data)
    mine = card(tmp_path, {"directory": "made"})
    assert mine.source is not None
    place = context(tmp_path, Hub("http://127.0.0.1:9"), [])
    brought = sources.bring(mine, mine.source, place, is_adapter=False, scratch=tmp_path / "scratch")
    assert {file.path for file in brought.files} == {"seedling.gguf", "LICENSE"}


def test_a_stop_reaches_a_question_to_the_hub(tmp_path: Path) -> None:
    from sage_edge.models.errors import ModelWorkInterrupted

    stop = threading.Event()
    with HubServer() as server:
        revision = server.add("tiny/nested", BESIDE)
        mine = card(tmp_path, {"hub": f"tiny/nested@{revision}"})
        server.faults.append(Fault("/tree/", times=9, status=503, headers={"Retry-After": "600"}))
        place = PrepareContext(
            tmp_path / "fleet",
            {},
            Store(tmp_path / "store"),
            Hub(server.endpoint),
            stop=stop,
            on_wait=lambda _: stop.set(),
        )
        assert mine.source is not None
        with pytest.raises(ModelWorkInterrupted):
            sources.bring(mine, mine.source, place, is_adapter=False, scratch=tmp_path / "scratch")
    huggingface_hub.close_session()
