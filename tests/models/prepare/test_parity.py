"""ParityResult: what is counted, what is measured in nats, and what is refused with which words."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from sage_edge.models.errors import ParityFailed
from sage_edge.models.inspect.gguf_model import GgufModel
from sage_edge.models.inspect.voice import Voice
from sage_edge.models.prepare import parity, parity_prompts
from sage_edge.models.prepare.parity import ParityResult

GOOD = ParityResult(
    texts=200,
    differing=(),
    positions=1000,
    agreeing=1000,
    max_logit_difference=1e-4,
    mean_kl_nats=1e-9,
    max_kl_nats=1e-8,
)


class Speaker:
    """A model over bytes: logits depend on the token before; `bend` is added to one logit of each row."""

    def __init__(self, bend: float = 0.0, *, deaf_to: str = "") -> None:
        self._bend, self._deaf_to = bend, deaf_to

    def tokens(self, text: str) -> list[int]:
        return [0] if self._deaf_to and self._deaf_to in text else list(text.encode())

    def logits(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        rows = np.zeros((len(tokens), 4), dtype=np.float32)
        rows[np.arange(len(tokens)), np.array(tokens) % 3] = 1.0
        rows[:, 3] = self._bend
        return rows


def test_there_are_64_prompts_and_200_texts_all_composed_and_different() -> None:
    assert (len(parity_prompts.PROMPTS), len(parity_prompts.STRINGS), len(set(parity_prompts.STRINGS))) == (
        64,
        200,
        200,
    )
    assert set(parity_prompts.PROMPTS) <= set(parity_prompts.STRINGS)
    assert all(unicodedata.normalize("NFC", text) == text for text in parity_prompts.STRINGS)


def test_a_model_is_the_same_as_itself() -> None:
    (found,) = parity.measure(Speaker(), [Speaker()], ["a", "b"], ["abc", "de"])
    assert found == ParityResult(2, (), 5, 5, 0.0, 0.0, 0.0)
    parity.judge(found, "it", exact=True)
    assert found.agreement == 1.0


def test_distances_are_what_the_formula_says() -> None:
    (found,) = parity.measure(Speaker(), [Speaker(0.5)], [], ["abc"])
    p = np.exp([1.0, 0, 0, 0]) / (math.e + 3)
    q = np.exp([1.0, 0, 0, 0.5]) / (math.e + 2 + math.exp(0.5))
    assert found.mean_kl_nats == pytest.approx(float((p * np.log(p / q)).sum()), rel=1e-6)
    assert found.max_kl_nats == pytest.approx(found.mean_kl_nats)
    assert (found.agreeing, found.max_logit_difference) == (3, 0.5)


def test_several_files_are_held_against_one_original() -> None:
    same, bent = parity.measure(Speaker(), [Speaker(), Speaker(2.0)], ["abc"], ["abc"])
    assert (same.agreeing, bent.agreeing) == (3, 0)


def test_texts_with_other_tokens_are_named() -> None:
    (found,) = parity.measure(Speaker(), [Speaker(deaf_to="ö")], ["a", "schön", "ö"], ["a"])
    assert found.differing == ("schön", "ö")


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("broken", ["original", "candidate", "both"])
def test_logits_that_are_no_numbers_are_no_parity(bad: float, broken: str) -> None:
    """`max` and `argmax` would pass over them: all NaN would be called equal."""
    original, candidate = (Speaker(bad if broken in (side, "both") else 0.0) for side in ("original", "candidate"))
    (found,) = parity.measure(original, [candidate], [], ["ab", "c"])
    assert (found.agreeing, found.numberless, found.positions) == (0, 3, 3)
    assert str(found).endswith("0/3 likeliest tokens equal, max logit difference nan, KL mean nan max nan nats")
    with pytest.raises(ParityFailed, match="it or its original answers with no numbers at 3 of 3 places"):
        parity.judge(found, "it", exact=False)


class Faltering(Speaker):
    """Answers with no number at one position alone."""

    def logits(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        rows = super().logits(tokens)
        rows[0 if len(tokens) == 1 else 1, 2] = math.nan
        return rows


@pytest.mark.parametrize("prompts", [["abc", "d"], ["d", "abc"]])
def test_one_position_without_numbers_is_seen_wherever_it_stands(prompts: list[str]) -> None:
    (found,) = parity.measure(Speaker(), [Faltering()], [], prompts)
    assert (found.agreeing, found.numberless, found.positions) == (2, 2, 4)
    assert all(map(math.isnan, (found.max_logit_difference, found.mean_kl_nats, found.max_kl_nats)))


@pytest.mark.parametrize(
    ("found", "exact", "says"),
    [
        (
            replace(GOOD, differing=("a\nb", "c")),
            False,
            "it tokenises 2 of 200 texts differently, first 'a\\nb'",
        ),
        (
            replace(GOOD, misread=("<|user|>\nHello",)),
            False,
            "it reads the prompts of its own template with other tokens, first '<|user|>\\nHello'",
        ),
        (replace(GOOD, ends=("the token 2 ends x", "y")), False, "it ends elsewhere: the token 2 ends x; y"),
        (replace(GOOD, agreeing=989), True, "it holds another token likeliest at 11 of 1000 places; 99% must agree"),
        (replace(GOOD, mean_kl_nats=1.5), False, "it is 1.5 nats from its original on average, 1 are allowed"),
        (replace(GOOD, mean_kl_nats=math.nan), True, "it is nan nats from its original on average, 1 are allowed"),
    ],
)
def test_another_model_is_refused_with_the_reason(found: ParityResult, exact: bool, says: str) -> None:
    with pytest.raises(ParityFailed) as refused:
        parity.judge(found, "it", exact=exact)
    assert refused.value.message == says
    assert refused.value.code == 8
    assert refused.value.hint


def test_what_is_within_the_limits_passes() -> None:
    parity.judge(replace(GOOD, agreeing=990), "it", exact=True)
    parity.judge(replace(GOOD, agreeing=700, mean_kl_nats=0.3), "it", exact=False)


def test_a_result_reads_as_one_line() -> None:
    assert str(GOOD) == (
        "200/200 texts tokenised alike, 1000/1000 likeliest tokens equal, max logit difference 1.0e-04, "
        "KL mean 1.0e-09 max 1.0e-08 nats"
    )


def test_where_replies_end_is_held_against_the_source_whichever_is_the_original() -> None:
    """A folder names fewer ends than llama.cpp has by its looks; a file made of a file has the same."""
    folder = Voice(ends=frozenset({4}), types=(3, 1, 1, 1, 3))
    file = Voice(ends=frozenset({0, 4}), types=(3, 1, 1, 1, 3))
    lost = Voice(ends=frozenset({0}), types=(3, 1, 1, 1, 3))
    reading = object.__new__(GgufModel)
    assert parity.ends(folder, file, Speaker(), reading) == ()
    assert parity.ends(file, folder, reading, Speaker()) == ()
    assert parity.ends(folder, lost, Speaker(), reading) == (
        "the token 4 ends a reply of the source, and none of the file",
    )
    assert parity.ends(lost, folder, reading, Speaker()) == (
        "the token 4 ends a reply of the source, and none of the file",
    )
    assert parity.ends(file, lost, reading, reading) == (
        "the token 4 ends a reply of the source, and none of the file",
    )
