"""Letters of Chinese, Japanese and Korean, and nothing else."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers.text import cjk

NAMES = (
    *("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"),
    *("HALFWIDTH KATAKANA", "HALFWIDTH HANGUL"),
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("a river, 12 €", 0),
        ("你好", 2),
        ("I said 你好, twice: 你好。", 4),
        ("こんにちは、カタカナ", 9),
        ("안녕하세요", 5),
        ("ﾊﾛｰ", 3),
        ("！？。「」", 0),
        ("ＡＢＣ", 0),
        ("𠀀", 1),
        ("ㄅㄆ", 2),
        ("é ß ж ع", 0),
    ],
)
def test_counts(text: str, count: int) -> None:
    assert cjk.letters(text) == count


@given(st.characters(exclude_categories=("Cs", "Cn", "Co")))
def test_it_agrees_with_the_names_of_unicode(letter: str) -> None:
    is_letter = unicodedata.category(letter) in ("Lo", "Lm")
    if is_letter and "MARK" not in unicodedata.name(letter, ""):
        named = unicodedata.name(letter, "").startswith(NAMES)
        assert cjk.letters(letter) == named, unicodedata.name(letter, "")


@given(st.text(), st.text())
def test_counts_add_up(first: str, second: str) -> None:
    assert cjk.letters(first + second) == cjk.letters(first) + cjk.letters(second)
