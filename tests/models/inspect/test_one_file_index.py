"""An index beside one file of weights: of that very file it is no second set, and of others a person decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import huggingface_hub
import pytest

from sage_edge import hints
from sage_edge.models.card import ModelCard
from sage_edge.models.cards import read_cards
from sage_edge.models.download.hub import Hub
from sage_edge.models.errors import ModelError
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.report import ModelKind
from sage_edge.models.prepare import sources
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from tests.models import building, quick
from tests.models.hub_server import HubServer
from tests.models.shelving import declare

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
NAMES = list(building.index()["weight_map"])
OWN = dict.fromkeys(NAMES, SINGLE)
WHOLE = {name: building.content(what) for name, what in quick.BASE.items()}


def planted(folder: Path, places: Mapping[str, str]) -> Path:
    """A whole model in one file, with an index that names these places."""
    for name, content in {**WHOLE, INDEX: json.dumps({"weight_map": places}).encode()}.items():
        (folder / name).write_bytes(content)
    return folder


def test_an_index_of_the_very_file_is_no_second_set(tmp_path: Path) -> None:
    report = classify(planted(tmp_path, OWN))
    assert (report.kind, report.weights, report.faults) == (ModelKind.COMPLETE, (SINGLE,), ())
    assert report.notes == (f"the index names {len(NAMES)} tensors in 1 shard",)
    assert report.parameters == classify(building.plant(tmp_path / "plain", quick.BASE)).parameters


@pytest.mark.parametrize(
    ("places", "kind", "first"),
    [
        ({**OWN, "a.more": SINGLE}, ModelKind.DAMAGED, f"{SINGLE} lacks the tensor a.more of the index"),
        (
            {name: SINGLE for name in NAMES if name != min(NAMES)},
            ModelKind.DAMAGED,
            f"{SINGLE} holds {min(NAMES)}, unknown to the index",
        ),
        (
            {**OWN, min(NAMES): "model-00002-of-00002.safetensors"},
            ModelKind.UNKNOWN,
            f"it holds {SINGLE} and an index of shards: two sets of weights",
        ),
        (
            dict.fromkeys(NAMES, "other.safetensors"),
            ModelKind.UNKNOWN,
            f"it holds {SINGLE} and an index of shards: two sets of weights",
        ),
        ({}, ModelKind.UNKNOWN, f"it holds {SINGLE} and an index of shards: two sets of weights"),
    ],
)
def test_an_index_of_something_else_is_refused(
    tmp_path: Path, places: Mapping[str, str], kind: ModelKind, first: str
) -> None:
    report = classify(planted(tmp_path, places))
    assert (report.kind, report.faults[0]) == (kind, first)


def card(folder: Path, revision: str, **more: object) -> ModelCard:
    facts = {"chat_template": ..., "architecture": "qwen2", "container": "safetensors", "quantisation": ...}
    source = {"hub": f"tiny/two@{revision}"}
    declare(folder / "fleet", ref="tiny/two:f32", source=source, **{**facts, **quick.SIZES, **more})
    return read_cards(folder / "fleet")[ModelRef("tiny/two:f32")]


def test_the_next_step_for_two_sets_on_a_hub_works(tmp_path: Path) -> None:
    two = {**WHOLE, INDEX: json.dumps(building.index(total=1)).encode()}
    with HubServer() as server:
        revision = server.add("tiny/two", two)
        place = PrepareContext(tmp_path / "fleet", {}, Store(tmp_path / "store"), Hub(server.endpoint))
        both = card(tmp_path, revision)
        assert both.source is not None
        with pytest.raises(ModelError, match="two sets of weights") as refused:
            sources.bring(both, both.source, place, is_adapter=False, scratch=tmp_path / "both")
        assert hints.text(refused.value.hint) == (
            "name another revision, or in `files` only those that are meant, in fleet/models/tiny_two_f32.yaml, "
            "then: sage-edge model prepare tiny/two:f32"
        )
        meant = card(tmp_path, revision, files=["config.json", "tokenizer*", SINGLE])
        brought = sources.bring(meant, both.source, place, is_adapter=False, scratch=tmp_path / "meant")
    huggingface_hub.close_session()
    assert {file.path for file in brought.files} == set(WHOLE)
