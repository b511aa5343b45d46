"""The labelled answers of a real model, and how far readers and scorers agree on them."""

from __future__ import annotations

import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from sage_edge.records.dialogue import Dialogue, Exchange
from sage_edge.records.expectation import Expectation
from sage_edge.scorers import Scorer
from sage_edge.scorers.base import AgreedShare
from sage_edge.scorers.interval import Z95
from tests.dialogues import talk

SAMPLE = Path(__file__).parents[1] / "cases" / "labels" / "smollm2.jsonl"
EXPECT: TypeAdapter[Expectation] = TypeAdapter(Expectation)
TARGETS = {
    ("identity", "rate"): ("naming", "sage"),
    ("identity", "other"): ("naming", "other"),
    ("grounding", "rate"): ("grounding", 1),
    ("confabulation", "rate"): ("invention", 1),
}
"""Scorer and quantity → the label, and the value of it, that say the same."""


@dataclass(frozen=True)
class Judged:
    """One answer that a scorer measured and two readers labelled."""

    session: str
    half: str
    marked: bool
    first: bool
    second: bool

    @property
    def disputed(self) -> bool:
        return self.first != self.second


@cache
def sessions() -> tuple[dict[str, Any], ...]:
    """Return the lines of the sample."""
    return tuple(json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines())


def dialogue(session: dict[str, Any]) -> Dialogue:
    """Return a session of the sample as scorers see it."""
    exchanges = [
        Exchange(
            turn=number,
            kind=turn["kind"],
            prompt=turn["question"],
            reply=turn["answer"],
            finish_reason=turn["finish"],
            expect=EXPECT.validate_python(turn["expect"]) if "expect" in turn else None,
        )
        for number, turn in enumerate(session["turns"], start=1)
    ]
    track = "primary" if session["label"].startswith("P") else "training"
    return talk(exchanges=exchanges, system=session["system"], number=int(session["label"][1:]), track=track)


def judged(scorer: Scorer, quantity: str) -> Iterator[Judged]:
    """Yield each labelled answer that a quantity of a scorer counts."""
    label, value = TARGETS[(str(scorer.id), quantity)]
    for session in sessions():
        told = dialogue(session)
        if scorer.applies(told):
            for mark in scorer.score(told, ())[quantity]:
                turn = session["turns"][mark.turn - 1]
                if "id" in turn:
                    first, second = (turn[reader][label] == value for reader in "ab")
                    yield Judged(session["session"], session["half"], bool(mark.value), first, second)


def precision(answers: Sequence[Judged]) -> AgreedShare:
    """Of the answers that the scorer marks, the share that both readers mark."""
    return _share([(one.session, one.first) for one in answers if one.marked and not one.disputed])


def recall(answers: Sequence[Judged]) -> AgreedShare:
    """Of the answers that both readers mark, the share that the scorer marks."""
    return _share([(one.session, one.marked) for one in answers if one.first and not one.disputed])


def _share(rows: Sequence[tuple[str, bool]]) -> AgreedShare:
    """Return the share that is true, and Wilson's interval over as many answers as the sessions are worth.

    n is divided by the design effect of the ratio, at least 1; where every answer agrees, n is the number of sessions.
    Source: E. Korn, B. Graubard, Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data, Survey Methodology 24 (1998) 193-201.
    """
    by_session: dict[str, list[bool]] = defaultdict(list)
    for session, hit in rows:
        by_session[session].append(hit)
    n, hits, groups = len(rows), sum(hit for _, hit in rows), len(by_session)
    rate = hits / n
    effective = float(groups)
    if 0 < hits < n and groups > 1:
        squares = sum((sum(own) - rate * len(own)) ** 2 for own in by_session.values())
        variance = groups / (groups - 1) * squares / n**2
        effective = n / max(1.0, variance / (rate * (1 - rate) / n))
    return AgreedShare(hits, n, *_wilson(rate, effective))


def _wilson(rate: float, n: float) -> tuple[float, float]:
    square = Z95 * Z95
    centre, scale = rate + square / (2 * n), 1 + square / n
    margin = Z95 * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return max(0.0, (centre - margin) / scale), min(1.0, (centre + margin) / scale)


def label_pairs(label: str) -> dict[str, list[tuple[object, object]]]:
    """Return session → what the two readers said of each of its answers."""
    return {
        session["session"]: [(turn["a"][label], turn["b"][label]) for turn in session["turns"] if "id" in turn]
        for session in sessions()
    }


def kappa(pairs: Sequence[tuple[object, object]]) -> float:
    """Return Cohen's kappa. Source: J. Cohen, A coefficient of agreement for nominal scales, EPM 20 (1960) 37-46."""
    n = len(pairs)
    first, second = (Counter(pair[reader] for pair in pairs) for reader in (0, 1))
    chance = sum(first[value] * second[value] for value in first) / n**2
    return 1.0 if chance == 1 else (sum(one == other for one, other in pairs) / n - chance) / (1 - chance)


def kappa_interval(label: str, draws: int = 2000) -> tuple[float, float]:
    """Return kappa's 95 % interval: percentiles over sessions drawn anew."""
    groups, dice = [*label_pairs(label).values()], random.Random(10)
    found = sorted(
        kappa([pair for group in dice.choices(groups, k=len(groups)) for pair in group]) for _ in range(draws)
    )
    return found[round(0.025 * draws)], found[round(0.975 * draws) - 1]
