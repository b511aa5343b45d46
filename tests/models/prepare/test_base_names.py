"""Which words of an adapter for its base pass, and which are refused with both names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sage_edge import hints
from sage_edge.errors import DeclarationError
from sage_edge.models.cards import read_cards
from sage_edge.models.errors import OtherBase
from sage_edge.models.inspect.adapter import base
from sage_edge.models.prepare import base_names, run
from tests.models import building, quick, tiny

HUB = {"hub": "Owner/Tiny-Base@" + "a" * 40}
HERE = {"directory": "base"}


def judged(folder: Path, source: dict[str, str], written: str | None, **changed: Any) -> str | None:
    fleet = tiny.declare(folder / "fleet", tiny.cards(source, {"directory": "adapter"}, **changed))
    cards = read_cards(fleet)
    return base_names.judge(base({"base_model_name_or_path": written}), cards[tiny.REF], cards)


@pytest.mark.parametrize(
    ("source", "written"),
    [
        (HUB, "Owner/Tiny-Base"),
        (HUB, "owner/tiny-base"),  # the hub's names know no case
        (HUB, "tiny/base"),  # our own name for it
        (HERE, "tiny/base"),
    ],
)
def test_a_name_of_the_cards_base_passes_without_a_word(tmp_path: Path, source: dict[str, str], written: str) -> None:
    assert judged(tmp_path, source, written) is None


@pytest.mark.parametrize(
    ("source", "written", "known"),
    [
        (HUB, "Owner/Tiny-Base-Instruct", "tiny/base or Owner/Tiny-Base"),
        (HUB, "Another/Tiny-Base", "tiny/base or Owner/Tiny-Base"),
        (HUB, "Tiny-Base", "tiny/base or Owner/Tiny-Base"),
        (HERE, "Owner/Tiny-Base", "tiny/base"),
    ],
)
def test_another_models_name_is_refused_with_both(
    tmp_path: Path, source: dict[str, str], written: str, known: str
) -> None:
    with pytest.raises(OtherBase) as refused:
        judged(tmp_path, source, written)
    assert refused.value.message == f"the adapter of {tiny.REF} names {written} as its base, its card's base is {known}"
    assert hints.text(refused.value.hint) == (
        "if that is the same model, write it as `adapter_base` into fleet/models/tiny_introspective_v1-q8_0.yaml, "
        f"then: sage-edge model prepare {tiny.REF}"
    )
    assert judged(tmp_path, source, written, adapter_base=written) is None


@pytest.mark.parametrize(
    ("revision", "says"),
    [
        ("a" * 40, None),
        ("main", None),
        (None, None),
        ("b" * 40, f"its adapter names commit {'b' * 40} of owner/tiny-base, its base's card takes {'a' * 40}"),
    ],
)
def test_another_commit_is_told(tmp_path: Path, revision: str | None, says: str | None) -> None:
    cards = read_cards(tiny.declare(tmp_path / "fleet", tiny.cards(HUB, {"directory": "adapter"})))
    named = base({"base_model_name_or_path": "owner/tiny-base", "revision": revision})
    assert base_names.judge(named, cards[tiny.REF], cards) == says


def test_the_card_allows_one_name_and_no_other(tmp_path: Path) -> None:
    with pytest.raises(OtherBase):
        judged(tmp_path, HUB, "Another/Model", adapter_base="Another/Models")


@pytest.mark.parametrize(
    "written", ["./fine_tuned_model/final_model", "/home/dp/models/base", "C:\\models\\qwen", "", None]
)
def test_a_path_is_told_and_nothing_follows_from_it(tmp_path: Path, written: str | None) -> None:
    told = judged(tmp_path, HUB, written)
    assert told is not None
    assert told.endswith("; its card says tiny/base:f32")


@pytest.mark.parametrize("key", ["./here", "owner/name/more", "owner/", " "])
def test_what_the_card_says_is_a_name(tmp_path: Path, key: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        judged(tmp_path, HUB, "tiny/base", adapter_base=key)
    assert [fault.key for fault in refused.value.faults] == ["adapter_base"]


def test_a_card_without_an_adapter_has_no_name_for_its_base(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="adapter_base: given, but there is no adapter"):
        judged(tmp_path, HUB, "tiny/base", adapter=..., steps=["convert"], adapter_base="tiny/base")


def test_nothing_is_merged_and_the_name_stays_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick.doubles(monkeypatch, before=lambda: pytest.fail("it was merged"))
    quick.fleet(tmp_path)
    building.plant(tmp_path / "adapter", {"adapter_config.json": {"config": {"of": "adapter"}}})
    context = quick.context(tmp_path)
    with pytest.raises(
        OtherBase, match=r"names Qwen/Qwen2\.5-0\.5B-Instruct as its base, its card's base is tiny/base"
    ):
        run.prepare(tiny.REF, context)
    assert context.store.manifest(tiny.REF) is None
