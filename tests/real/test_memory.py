"""What SmolLM2 is said to take against what a fresh process takes that speaks until its context is full."""

from __future__ import annotations

import pytest

from sage_edge.models.cards import read_card
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.memory import estimate
from sage_edge.models.inspect.report import ModelKind
from sage_edge.models.resolve import ResolvedModel
from tests.models.inspect import peak
from tests.real import prepared

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    "context", [1_024, *(pytest.param(tokens, marks=pytest.mark.full) for tokens in (2_048, 8_192))]
)
def test_the_model_takes_what_is_estimated(context: int, model: ResolvedModel) -> None:
    report = classify(model.path, family="llama")
    assert report.dimensions is not None
    needs = estimate(report.dimensions, report.weight_bytes, "gguf", context=context).needs
    taken = peak.measured(model.ref, context, prepared.STORE)
    print(f"{context} tokens: {taken / 1e6:.1f} MB taken, {needs / 1e6:.1f} MB estimated")
    assert needs == pytest.approx(taken, rel=0.1)


def test_every_tensor_is_where_llama_has_it(model: ResolvedModel) -> None:
    report = classify(model.path, family="llama")
    assert (report.kind, report.faults, report.missing, report.notes) == (ModelKind.COMPLETE, (), (), ())
    assert report.parameters == 134_515_008
    known = report.dimensions
    assert known is not None
    assert (known.layers, known.heads, known.kv_heads, known.tied) == (30, 9, 3, True)


def test_the_card_asks_for_what_the_declared_context_takes(model: ResolvedModel) -> None:
    report, card = classify(model.path), read_card(prepared.ROOT / "fleet", model.ref)
    assert report.dimensions is not None
    assert card is not None
    needs = estimate(report.dimensions, report.weight_bytes, "gguf", context=2_048).needs
    assert needs <= card.minimum_memory_bytes <= 1.25 * needs
