"""A stage more is one class and one name in the registry: cards, plans and preparations know it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from sage_edge.cli import main
from sage_edge.errors import DeclarationError
from sage_edge.models.card import ModelCard
from sage_edge.models.cards import read_cards
from sage_edge.models.lock import read_lock
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import chain, estimates, plan, products, run
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.prepare.stage import StageCost, StepStage
from sage_edge.models.prepare.stages import STEPS, is_part
from sage_edge.names import ModelRef
from tests.models import quick, tiny

WITH_RENAME = ["merge", "convert", {"quantise": "q8_0"}, {"rename": "mind.gguf"}]
CHAIN = ["import", "import", "merge", "convert", "quantise", "rename", "parity", "smoke"]


class Rename(StepStage):
    """The same weights in a file of another name."""

    name, part = "rename", "renamed"
    parameter = str
    takes = "gguf"

    @classmethod
    def faults(cls, card: ModelCard) -> Iterator[tuple[str, str]]:
        for step in card.steps:
            if step.name == cls.name and not str(step.value).endswith(".gguf"):
                yield "steps", "rename wants a name that ends in .gguf"

    def estimate(self, home: Path) -> StageCost:
        return estimates.product(self.card, 1.0, "under another name", ns_each=1)

    def run(self, context: PrepareContext, folder: Path) -> Manifest:
        source = products.gguf_of(products.needed(self.needs[0], context), context)
        file = Path(shutil.copyfile(source, folder / str(self.value)))
        return products.put(self, context, [products.keep(context.store, file, file.name)])


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PrepareContext:
    """A place to prepare the tiny model in, whose card asks for the new stage; it is registered."""
    quick.doubles(monkeypatch, [quick.SAME] * 3)
    monkeypatch.setitem(STEPS, Rename.name, Rename)
    quick.fleet(tmp_path, steps=WITH_RENAME)
    return quick.context(tmp_path)


def test_a_model_is_prepared_with_it(context: PrepareContext) -> None:
    planned = plan.plan(tiny.REF, context.cards, context.store, {}, home=context.home)
    assert [step.name for step in planned] == [*CHAIN, "lock"]
    assert planned[5].basis.endswith("under another name")
    assert run.prepare(tiny.REF, context)
    manifest = context.store.manifest(tiny.REF)
    assert manifest is not None
    assert [file.path for file in manifest.files] == ["mind.gguf"]
    assert manifest.source == "made here: merge, convert, quantise, rename of tiny/base:f32 with directory: adapter"
    assert dict(plan.measurements(manifest)).keys() == {
        "measured: merged",
        "measured: converted",
        "measured: kinds",
        "measured: quantised",
        "measured: renamed",
        "measured: smoke",
    }
    assert read_lock(context.fleet)[tiny.REF].manifest == manifest.digest()
    assert run.prepare(tiny.REF, context) == ()


def test_its_product_is_an_intermediate_one(context: PrepareContext, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_part(ModelRef(f"{tiny.REF}.renamed"))
    monkeypatch.delitem(STEPS, Rename.name)
    assert not is_part(ModelRef(f"{tiny.REF}.renamed"))


def test_its_value_decides_the_recipe(context: PrepareContext) -> None:
    tiny_card = context.cards[tiny.REF]
    other = tiny_card.model_copy(update={"steps": (*tiny_card.steps[:3], type(tiny_card.steps[3])(name="rename"))})
    before, after = (chain.stages(tiny.REF, {**context.cards, tiny.REF: card}) for card in (tiny_card, other))
    same = [one.recipe == another.recipe for one, another in zip(before, after, strict=True)]
    assert same == [name not in ("rename", "parity", "smoke") for name in CHAIN]


@pytest.mark.parametrize(
    ("steps", "key", "says"),
    [
        ([{"rename": "mind.gguf"}, "merge"], "steps", "in the order dequantise, merge, convert, quantise, rename"),
        (["merge", {"rename": "mind.gguf"}], "steps", "rename takes gguf, what comes before it is safetensors"),
        (["merge", "convert", {"rename": 7}], "steps[2]", "rename: Input should be a valid string, got 7"),
        (["merge", "convert", {"rename": "mind"}], "steps", "rename wants a name that ends in .gguf"),
    ],
)
def test_its_schema_is_the_cards(
    tmp_path: Path, context: PrepareContext, steps: list[object], key: str, says: str
) -> None:
    quick.fleet(tmp_path, steps=steps)
    with pytest.raises(DeclarationError) as refused:
        read_cards(context.fleet)
    assert any(fault.key == key and says in fault.message for fault in refused.value.faults), str(refused.value)


def test_the_command_that_checks_a_fleet_knows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Path(shutil.copytree(Path(__file__).parents[4] / "fleet", tmp_path / "fleet"))
    card = fleet / "models" / "qwen2.5-0.5b_introspective_v2.1-q8_0.yaml"
    card.write_text(card.read_text("utf-8").replace("{quantise: q8_0}]", "{quantise: q8_0}, {rename: m.gguf}]"))
    monkeypatch.setenv("SAGE_FLEET", str(fleet))
    refused = CliRunner().invoke(main, ["fleet", "check"])
    assert refused.exit_code == 2
    assert "steps[3]: expected one of 'dequantise', 'merge', 'convert', 'quantise', got 'rename'" in str(refused.output)
    monkeypatch.setitem(STEPS, Rename.name, Rename)
    assert CliRunner().invoke(main, ["fleet", "check"]).exit_code == 0
