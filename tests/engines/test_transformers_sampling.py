"""One token out of logits: each step keeps what llama.cpp's keeps, and a seed draws the same again."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sage_edge.sampling import Sampling

torch = pytest.importorskip("torch")
transformers_sampling = pytest.importorskip("sage_edge.engines.transformers_sampling")

OPEN = Sampling(temperature=1.0, top_p=1.0, top_k=0, min_p=0.0, repeat_penalty=1.0, max_tokens=8)
CHANCES = (0.5, 0.25, 0.125, 0.0625, 0.0625)


def picked(chances: Any = CHANCES, drawn: tuple[int, ...] = (), times: int = 2000, **changed: Any) -> Counter[int]:
    logits = torch.tensor(chances).log()
    dice = torch.Generator().manual_seed(1)
    sampling = OPEN.model_copy(update=changed)
    return Counter(transformers_sampling.pick(logits, drawn, sampling, dice) for _ in range(times))


def test_without_bounds_every_token_comes_as_often_as_it_should() -> None:
    seen = picked()
    assert [seen[token] / 2000 for token in range(5)] == pytest.approx(CHANCES, abs=0.04)


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({"top_k": 2}, {0, 1}),
        ({"top_k": 99}, {0, 1, 2, 3, 4}),
        ({"top_p": 0.5}, {0}),
        ({"top_p": 0.51}, {0, 1}),
        ({"min_p": 0.25}, {0, 1, 2}),
        ({"min_p": 1.0}, {0}),
        ({"temperature": 0.0}, {0}),
        ({"temperature": 0.01}, {0}),
    ],
)
def test_what_each_bound_keeps(changed: dict[str, Any], kept: set[int]) -> None:
    assert set(picked(times=400, **changed)) == kept


def test_a_penalty_is_for_what_was_drawn_among_the_last_64() -> None:
    greedy: dict[str, Any] = {"temperature": 0.0, "repeat_penalty": 1.9, "times": 1}
    assert set(picked((0.4, 0.35, 0.25), drawn=(0,), **greedy)) == {1}
    assert set(picked((0.4, 0.35, 0.25), drawn=(0, *(2,) * 64), **greedy)) == {0}
    logits = torch.tensor([1.0, 0.6])
    sampling = OPEN.model_copy(update={"temperature": 0.0, "repeat_penalty": 2.0})
    assert transformers_sampling.pick(logits, (0,), sampling, torch.Generator()) == 1
    assert logits.tolist() == [1.0, pytest.approx(0.6)]


def test_a_seed_draws_the_same_again() -> None:
    logits = torch.tensor(CHANCES).log()
    runs = []
    for seed in (7, 7, 8):
        dice = torch.Generator().manual_seed(seed)
        runs.append([transformers_sampling.pick(logits, (), OPEN, dice) for _ in range(40)])
    assert runs[0] == runs[1] != runs[2]
