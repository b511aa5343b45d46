"""Seeds follow from a text, and none of them leaves the choice to the engine."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import sampling
from sage_edge.engines import Draw, Sampling
from sage_edge.engines.errors import NoSeed
from sage_edge.sessions.conversation import turn_seed

ONES, SEED = b"\xff" * 4, bytes((0, 0, 1, 2))
GREEDY = Sampling(temperature=0.0, top_p=1.0, top_k=0, min_p=0.0, repeat_penalty=1.0, max_tokens=1)


@pytest.mark.parametrize(
    ("digest", "seed"),
    [
        (SEED + ONES * 7, 258),
        (ONES + SEED + ONES * 6, 258),
        (ONES * 7 + SEED, 258),
        (ONES * 8, 0),
        (b"\xff\xff\xff\xfe" + SEED * 7, 4_294_967_294),
    ],
)
def test_the_seed_that_means_any_is_passed_over(digest: bytes, seed: int) -> None:
    assert sampling.seed_in(digest) == seed


def test_a_seed_is_what_it_always_was() -> None:
    """Published transcripts name these."""
    assert sampling.seed_of("sprout/P001/x") == int.from_bytes(hashlib.sha256(b"sprout/P001/x").digest()[:4], "big")
    assert turn_seed(7, 0, 1) == int.from_bytes(hashlib.sha256(b"7:0:1").digest()[:4], "big")


@given(st.lists(st.one_of(st.just(ONES), st.binary(min_size=4, max_size=4)), min_size=8, max_size=8))
def test_every_seed_can_be_drawn_with(words: list[bytes]) -> None:
    seed = sampling.seed_in(b"".join(words))
    assert Draw(GREEDY, seed).seed == seed


@pytest.mark.parametrize("seed", [sampling.ANY_SEED, 2**32, -1])
def test_what_is_no_seed_is_refused(seed: int) -> None:
    with pytest.raises(NoSeed) as refused:
        Draw(GREEDY, seed)
    assert (refused.value.seed, refused.value.code) == (seed, 2)
