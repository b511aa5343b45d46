"""Filling slots: draws are kept, not repeated, and refused when nobody declared them."""

from __future__ import annotations

import random

import pytest

from tools.seedling.grammar import expand, sentence, words

LISTS = {"noun": ("lamp", "river"), "sight": ("a {noun}",)}


def test_a_kept_draw_is_used_again() -> None:
    kept: dict[str, str] = {}
    text = expand("{w:noun} and {w}", kept, LISTS, random.Random(1))
    assert text == f"{kept['w']} and {kept['w']}"


def test_a_list_repeats_nothing_while_it_has_more() -> None:
    for seed in range(20):
        assert len(set(expand("{noun} {noun}", {}, LISTS, random.Random(seed)).split())) == 2


def test_lists_may_hold_slots() -> None:
    assert expand("{sight}", {}, LISTS, random.Random(1)) in {"a lamp", "a river"}


def test_an_undeclared_slot_is_refused() -> None:
    with pytest.raises(KeyError):
        expand("{nowhere}", {}, LISTS, random.Random(1))


def test_sentences_begin_with_a_capital() -> None:
    assert sentence("yes. it is so? well: so") == "Yes. It is so? Well: so"


def test_words_are_lower_case_and_without_slots_or_digits() -> None:
    assert words(["I don't know {noun} 7."]) == {"i", "don't", "know"}
