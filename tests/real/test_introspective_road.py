"""The whole story on real weights: base, adapter alone, merged model, GGUF, session; with a few steps of training.

In full, by one command: `invoke introspective.train`, then `sage-edge model prepare smollm2-135m/introspective:q8_0`.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sage_edge.demo import stage as stages
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.report import ModelKind
from sage_edge.models.lock import read_lock
from sage_edge.models.resolve import Library, ResolvedModel
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from tests.cli.world import FLEET, World
from tests.models import tiny
from tests.real.prepared import REF, ROOT, STORE
from tests.real.raised import PATIENCE_S

pytestmark = [pytest.mark.real, pytest.mark.timeout(1_800)]

BASE, MIND = ModelRef("smollm2-135m/instruct:f32"), ModelRef("smollm2-135m/introspective:q8_0")
STEPS = 6


@dataclass(frozen=True)
class Road:
    """A world whose store holds the base in f32, and an adapter that was trained on it."""

    world: World
    adapter: Path

    @property
    def store(self) -> Store:
        return Store(self.world.models)

    def card(self, ref: ModelRef) -> dict[str, Any]:
        """The content of a card of the fleet."""
        content = yaml.safe_load((FLEET / "models" / f"{ref.replace('/', '_').replace(':', '_')}.yaml").read_text())
        assert isinstance(content, dict)
        return content


def prepared(world: World, ref: ModelRef) -> subprocess.CompletedProcess[str]:
    return world.run("sprout", "model", "prepare", ref, "--yes")


@pytest.fixture(scope="module")
def road(model: ResolvedModel, tmp_path_factory: pytest.TempPathFactory) -> Road:
    folder = tmp_path_factory.mktemp("road")
    world = World(stages.make(FLEET, folder / "world"), folder / "store", patience_s=2 * PATIENCE_S)
    hub = world.run("thor", "exchange", "init", str(world.stage.hub))
    assert hub.returncode == 0, hub.stderr
    _share(Store(STORE), Store(world.models), REF)
    (world.models / "tools").symlink_to(tiny.tools(tiny.shared_folder(tmp_path_factory)))
    based = prepared(world, BASE)
    assert based.returncode == 0, based.stderr
    manifest = Store(world.models).manifest(BASE)
    assert manifest is not None
    adapter = folder / "adapter"
    base = str(Store(world.models).tree(manifest))
    words = ("-m", "tools.introspective", str(adapter), "--steps", str(STEPS), "--base", base)
    trained = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=world.environment("sprout"), capture_output=True, text=True, check=False
    )
    assert trained.returncode == 0, trained.stderr
    return Road(world, adapter)


def _share(source: Store, into: Store, ref: ModelRef) -> None:
    """Have a model of one store in another."""
    manifest = source.manifest(ref)
    assert manifest is not None
    for file in manifest.files:
        into.add(source.blob(file.digest))
    into.put(manifest)


def test_the_base_is_the_published_file_in_f32(road: Road) -> None:
    manifest = road.store.manifest(BASE)
    assert manifest is not None
    assert manifest.weights_digest() == road.card(MIND)["base_weights"]
    look = classify(road.store.tree(manifest))
    assert (look.kind, look.faults, look.parameters) == (ModelKind.COMPLETE, (), 134_515_008)
    assert look.template == road.card(REF)["chat_template"]
    measured = manifest.made_by["measured: dequantised"]
    agreeing, _, positions = measured.split(", ")[1].split(" ")[0].partition("/")
    assert int(agreeing) >= 0.99 * int(positions) > 900
    assert "200/200 texts tokenised alike" in measured


def test_an_adapter_alone_is_no_model(road: Road) -> None:
    card = {key: value for key, value in road.card(BASE).items() if key not in ("base", "steps", "validation")}
    alone = {**card, "ref": "smollm2-135m/alone:f32", "source": {"directory": str(road.adapter)}, "validation": "none"}
    tiny.declare(road.world.stage.fleet, {"smollm2-135m_alone_f32": alone})
    refused = prepared(road.world, ModelRef("smollm2-135m/alone:f32"))
    assert refused.returncode == 1
    assert "error: an adapter without its base smollm2-135m/instruct" in refused.stderr
    assert road.store.manifest(ModelRef("smollm2-135m/alone:f32")) is None


def test_few_steps_learn_and_the_sheet_says_it(road: Road) -> None:
    sheet = yaml.safe_load((road.adapter / "data-sheet.yaml").read_text("utf-8"))
    assert [step for step, *_ in sheet["loss"]["curve"]] == [0, STEPS]
    assert sheet["loss"]["held_out_after"] < sheet["loss"]["held_out_before"]
    assert classify(road.adapter).kind is ModelKind.ADAPTER


def test_from_the_adapter_to_a_session(road: Road) -> None:
    world = road.world
    pupil = ModelRef("smollm2-135m/pupil:q8_0")
    card = {**road.card(MIND), "ref": pupil, "adapter": {"directory": str(road.adapter)}}
    tiny.declare(world.stage.fleet, {"smollm2-135m_pupil_q8_0": card})
    done = prepared(world, pupil)
    assert done.returncode == 0, done.stderr
    manifest = road.store.manifest(pupil)
    assert manifest is not None
    assert read_lock(world.stage.fleet)[pupil].manifest == manifest.digest()
    assert "measured: merged: 64 prompts, 956 tokens, max logit difference " in done.stdout
    for what in ("converted", "quantised"):
        assert f"measured: {what}: 200/200 texts tokenised alike" in done.stdout
    world.overlay({"hosts": {"sprout": {"model": str(pupil)}}})
    session = world.run("sprout", "session", "run")
    assert session.returncode == 0, session.stderr
    head = world.journal("P001")[0]["head"]
    assert head["model"]["ref"] == pupil
    assert head["model"]["digest"] == Library(world.stage.fleet, world.models).resolve(pupil).digest
