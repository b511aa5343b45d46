"""What is said of an adapter that does not fit: what it lacks, what it has too much, and a next step that helps."""

from __future__ import annotations

import pytest

from sage_edge import hints
from sage_edge.models.errors import CannotMerge
from sage_edge.models.prepare import merge_refusal

ROOT = "base_model.model."
ASKED = [f"{ROOT}model.layers.{layer}.q_proj.lora_{side}.weight" for layer in (0, 1) for side in "AB"]
OTHER = ASKED[2].replace(".1.", ".7.")


def test_what_is_asked_for_fits() -> None:
    merge_refusal.require_same(ASKED, ASKED)


@pytest.mark.parametrize(
    ("held", "says", "then"),
    [
        (ASKED[:2], f"it lacks 2 weights which its config asks for, first {ASKED[2]}", "take it as its training saved"),
        (
            [name.removeprefix(ROOT) for name in ASKED],
            f"its keys lack the prefix {ROOT} (model.layers.0.q_proj.lora_A.weight)",
            "save it again with PEFT's save_pretrained",
        ),
        (
            [name.replace("layers.1", "layers.7") for name in ASKED],
            f"2 weights of it would have no place there, first {OTHER}; asked for is {ASKED[2]}",
            "name the base that it was trained beside",
        ),
        (
            [*ASKED, "x"],
            "1 weight of it would have no place there, first x",
            "name the base that it was trained beside",
        ),
    ],
)
def test_an_adapter_that_does_not_fit_is_told_how(held: list[str], says: str, then: str) -> None:
    with pytest.raises(CannotMerge) as refused:
        merge_refusal.require_same(held, ASKED)
    assert refused.value.message == f"the adapter does not fit this base: {says}"
    assert hints.text(refused.value.hint).startswith(then)
    assert "model inspect" not in hints.text(refused.value.hint)


def test_a_refusal_goes_from_one_process_to_the_other() -> None:
    refusal = CannotMerge("a\nb", hint=("do: ", hints.sage("model prepare", "REF")))
    same = merge_refusal.read(f"a warning\n{merge_refusal.line(refusal)}")
    assert (same.message, same.hint) == (refusal.message, refusal.hint)
