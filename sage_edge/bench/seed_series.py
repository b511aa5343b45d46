"""What the seeds published of three sizes (seed 002; legacy README 6.9), and what counting by words makes of it.

    T = 13.32, 45.59 and 110.04 s for 0.494, 2.7 and 7.0 billion parameters, three answers each, on one processor.

The middle model stopped early in its third answer, so its mean is that of shorter answers. Seconds per word (all of one
over all of the other) take that out, and every ratio grows.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True)
class SeedSize:
    """One size: billions of parameters, and of its three answers the seconds and the words."""

    name: str
    billions: float
    seconds: tuple[float, ...]
    words: tuple[int, ...]

    @property
    def answer_s(self) -> float:
        """Seconds an answer, in the mean."""
        return fmean(self.seconds)

    @property
    def word_s(self) -> float:
        """Seconds a word, over all answers."""
        return sum(self.seconds) / sum(self.words)


SIZES = (
    SeedSize("Qwen2.5-0.5B with an adapter", 0.494, (13.28, 13.29, 13.40), (88, 93, 83)),
    SeedSize("Phi-2 with an adapter", 2.7, (52.50, 51.86, 32.40), (76, 84, 49)),
    SeedSize("Qwen2.5-7B", 7.0, (110.09, 108.13, 111.88), (85, 83, 83)),
)


@dataclass(frozen=True)
class SeedRatios:
    """How many times as long a size takes as the smallest: by answers, as published, and by words."""

    name: str
    by_answer: float
    by_word: float


def ratios() -> tuple[SeedRatios, ...]:
    """Return the ratios of every size, the smallest first."""
    least = SIZES[0]
    return tuple(SeedRatios(size.name, size.answer_s / least.answer_s, size.word_s / least.word_s) for size in SIZES)
