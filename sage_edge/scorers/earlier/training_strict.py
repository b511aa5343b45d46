"""training-strict/1: how many exercises of a training session were answered as expected.

rate     1 for an answer that meets what its exercise expects, else 0
n        answers to exercises that say what they expect; an exercise whose turn failed, or that was never asked, is no
         answer and is not in n: compare n with the lesson's exercises

A typed expectation is judged by `matching`. The phrases of an older exercise, which have no type, by E1-strict: every
word of every phrase occurs, lower case, apostrophes made straight, with no word character on either side.

Source: E1-strict of legacy §5.5; no substrings, and never judged by a model.
Weakness: E1-strict is met by an answer that names the word and denies it; the order of the words does not matter to it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue, Exchange
from sage_edge.scorers.base import Mark, Marks, Scorer, rules
from sage_edge.scorers.text import expectation_match

_STRAIGHT = {"’": "'", "‘": "'"}
_BOUNDED = r"(?<!\w){word}(?!\w)"
_TABLE = str.maketrans(_STRAIGHT)


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    judged = [answer for answer in dialogue.answers if answer.kind == "exercise" and (answer.expect or answer.expected)]
    return {"rate": [Mark(answer.turn, float(_is_met(answer, dialogue.mind))) for answer in judged]}


def _is_met(exchange: Exchange, mind: str) -> bool:
    if exchange.expect is not None:
        return expectation_match.meets(exchange.expect, exchange.reply, mind)
    reply = exchange.reply.lower().translate(_TABLE)
    return all(_word(word).search(reply) for phrase in exchange.expected for word in phrase.split())


@functools.lru_cache(maxsize=1024)
def _word(word: str) -> re.Pattern[str]:
    return re.compile(_BOUNDED.replace("{word}", re.escape(word.lower().translate(_TABLE))))


EARLIER_TRAINING_STRICT = Scorer(
    id=Slug("training-strict"),
    version=1,
    tracks=("training",),
    quantities={"rate": "rate"},
    rules=rules({**expectation_match.RULES, "untyped": {"straight": _STRAIGHT, "bounded": _BOUNDED}}),
    score=_score,
)
