"""How much of a text is written in Chinese, Japanese or Korean, which put no blanks between words.

Scorers that split at white space take a whole sentence of it for one word: where there is any, their numbers that count
words, or compare them, say little.
"""

from __future__ import annotations

import re

RANGES = (
    (0x1100, 0x11FF),  # Hangul Jamo
    (0x3040, 0x312F),  # Hiragana, Katakana, Bopomofo
    (0x3131, 0x318E),  # Hangul compatibility Jamo
    (0x31A0, 0x31BF),  # Bopomofo, extended
    (0x31F0, 0x31FF),  # Katakana, phonetic
    (0x3400, 0x4DBF),  # Chinese characters, extension A
    (0x4E00, 0x9FFF),  # Chinese characters
    (0xA960, 0xA97F),  # Hangul Jamo, extended A
    (0xAC00, 0xD7FB),  # Hangul, and Jamo extended B
    (0xF900, 0xFAFF),  # Chinese characters for compatibility
    (0xFF66, 0xFFDC),  # half-width Katakana and Hangul
    (0x20000, 0x323AF),  # Chinese characters, extensions B to H
)
"""First and last code point of the letters that count; punctuation and full-width Latin letters do not."""

_LETTERS = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in RANGES) + "]")


def letters(text: str) -> int:
    """Return how many letters of Chinese, Japanese or Korean a text holds."""
    return len(_LETTERS.findall(text))
