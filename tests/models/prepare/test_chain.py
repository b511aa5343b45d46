"""From cards to stages: the order, the names, and what makes a product another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sage_edge.errors import UsageError
from sage_edge.models.cards import read_cards
from sage_edge.models.errors import ModelNotFound
from sage_edge.models.prepare import chain
from sage_edge.models.prepare.stage import ModelStage
from sage_edge.models.prepare.stages import is_part
from sage_edge.models.prepare.stages.convert import ConvertStage
from sage_edge.names import ModelRef
from tests.models import shelving, tiny

FLEET = Path(__file__).parents[3] / "fleet"
HUB = {"hub": "tiny/base@" + "a" * 40}
FOLDER = {"directory": "adapters/v1"}
ALONE = {"adapter": ..., "base": ...}
OLDER = {
    "qwen2.5-0.5b/instruct:bf16": "sha256:23241156e7eb0082e709974cd1a03306e0997e5df2f88ec676f2ba204ce3f757",
    "qwen2.5-0.5b/instruct:q8_0": "sha256:2c547b14add9e36cea960cb44a266c521593a138e779fffa9edb084b15f9d5e7",
    "qwen2.5-0.5b/introspective:v2.1-q8_0": "sha256:c4b6d28d3377e2691e2da50ff3e06f50c3d0d4d1e40a694cfb2e08e87ab7f485",
}
"""The recipes of shipped cards before a stage was a class: what was made by them counts as before."""


def stages(folder: Path, base: dict[str, Any] = HUB, **changed: Any) -> tuple[ModelStage, ...]:
    """The stages of the tiny merged model."""
    fleet = tiny.declare(folder / "fleet", tiny.cards(base, changed.pop("adapter", FOLDER), **changed))
    return chain.stages(tiny.REF, read_cards(fleet))


def test_merge_convert_quantise_is_seven_stages_in_order(tmp_path: Path) -> None:
    found = stages(tmp_path)
    assert [(stage.name, stage.makes.removeprefix(tiny.REF), len(stage.needs)) for stage in found] == [
        ("fetch", tiny.BASE, 0),
        ("import", ".adapter", 0),
        ("merge", ".merged", 2),
        ("convert", ".converted", 1),
        ("quantise", ".quantised", 1),
        ("parity", ".compared", 3),
        ("smoke", "", 1),
    ]
    made: set[str] = set()
    for stage in found:
        assert set(stage.needs) <= made
        made.add(stage.makes)
    assert [is_part(stage.makes) for stage in found] == [False, True, True, True, True, True, False]


@pytest.mark.parametrize(
    ("changed", "kinds", "precision"),
    [
        ({"steps": ["merge", "convert"], "quantisation": "f16"}, "fetch import merge convert parity smoke", "f16"),
        ({"steps": ["merge", "convert"], "quantisation": "f32"}, "fetch import merge convert parity smoke", "f32"),
        ({"steps": ["merge"], "container": "safetensors"}, "fetch import merge smoke", None),
        ({"steps": ["convert"], "adapter": ...}, "fetch convert parity smoke", "f32"),
        ({"steps": ["convert", {"quantise": "q4_0"}], "adapter": ...}, "fetch convert quantise parity smoke", "f32"),
        ({**ALONE, "steps": [{"quantise": "q8_0"}], "source": HUB}, "fetch quantise parity smoke", None),
        ({**ALONE, "steps": [], "source": HUB}, "fetch smoke", None),
        ({**ALONE, "steps": [], "source": {"host": "thor"}}, "copy", None),
        ({**ALONE, "steps": [{"quantise": "q8_0"}], "source": {"host": "thor"}}, "copy quantise parity smoke", None),
    ],
)
def test_each_kind_of_card_has_its_stages(
    tmp_path: Path, changed: dict[str, Any], kinds: str, precision: str | None
) -> None:
    fleet = tiny.declare(tmp_path / "fleet", tiny.cards(HUB, FOLDER, **changed))
    found = chain.stages(tiny.REF, read_cards(fleet))
    assert [stage.name for stage in found] == kinds.split()
    assert [stage.precision for stage in found if isinstance(stage, ConvertStage)] == ([precision] if precision else [])


def test_what_was_made_before_is_not_made_anew() -> None:
    cards = read_cards(FLEET)
    assert {ref: chain.stages(ModelRef(ref), cards)[-1].recipe for ref in OLDER} == OLDER


def test_a_merge_that_nobody_held_against_base_and_adapter_is_made_anew(tmp_path: Path) -> None:
    (merge,) = (stage for stage in stages(tmp_path) if stage.name == "merge")
    older = shelving.manifest(made_by={"recipe": merge.recipe})
    assert not merge.accepts(older)
    assert merge.accepts(older.model_copy(update={"made_by": {**older.made_by, "measured: merged": "64 prompts"}}))


def test_safetensors_as_published_are_fetched_and_no_more(tmp_path: Path) -> None:
    fleet = tiny.declare(tmp_path / "fleet", tiny.cards(HUB, FOLDER))
    (only,) = chain.stages(tiny.BASE, read_cards(fleet))
    assert (only.name, only.makes) == ("fetch", tiny.BASE)


def test_what_ships_needs_nothing(tmp_path: Path) -> None:
    shelving.declare(tmp_path / "fleet", ref="sage/seedling:q8_0", source={"shipped": "seedling"})
    assert chain.stages(ModelRef("sage/seedling:q8_0"), read_cards(tmp_path / "fleet")) == ()


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    cards = read_cards(tiny.declare(tmp_path / "fleet", tiny.cards(HUB, FOLDER)))
    known = "tiny/base:f32, tiny/introspective:v1-q8_0"
    with pytest.raises(ModelNotFound, match=f"no model named x/y:z is on this machine; known: {known}"):
        chain.stages(ModelRef("x/y:z"), cards)


def test_nothing_is_made_from_a_finished_file(tmp_path: Path) -> None:
    content = tiny.cards({"shipped": "seedling"}, FOLDER)
    cards = read_cards(tiny.declare(tmp_path / "fleet", content))
    with pytest.raises(UsageError, match="tiny/introspective:v1-q8_0 is made from tiny/base:f32, which ships"):
        chain.stages(tiny.REF, cards)


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, 7),
        ({"summary": "other words"}, 7),
        ({"base": {"hub": "tiny/base@" + "b" * 40}}, 1),  # the adapter stays what it is
        ({"adapter": {"directory": "adapters/v2"}}, 1),
        ({"base_weights": "sha256:" + "0" * 64}, 2),
        ({"steps": ["merge", "convert", {"quantise": "q4_0"}]}, 4),
    ],
)
def test_a_changed_card_changes_the_recipes_of_what_depends_on_it(
    tmp_path: Path, changed: dict[str, Any], same: int
) -> None:
    base = changed.pop("base", HUB)
    before, after = stages(tmp_path / "a"), stages(tmp_path / "b", base, **changed)
    assert sum(one.recipe == other.recipe for one, other in zip(before, after, strict=True)) == same
    assert len({stage.recipe for stage in before}) == 7
