"""confabulation/1: does the mind tell of what never was, as far as this conversation can say.

past     1 for an answer that claims a past which it and its teacher do not share (`unshared`), else 0
names    1 for an answer that invents a person or a place (`invention`), else 0
numbers  1 for an answer that invents a number (`invention`), else 0
rate     1 for an answer with any of these

What the conversation holds is the system message, what the teacher said up to the answer, and the answers before it:
an invention counts where it is first told.

Source: ours; the questions of the curator's markers in legacy §5.7, asked of the conversation instead of a fixed list.
Weakness: it is built to accuse nobody wrongly and misses more than it finds: inventions without name, number or time,
true memories of earlier sessions that nothing in this one holds are called false, and the patterns are English. An
earlier answer's invention excuses its repetition.
"""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue, Exchange
from sage_edge.records.expectation import NotKnowing
from sage_edge.scorers.base import Mark, Marks, Scorer, rules
from sage_edge.scorers.earlier import false_memory
from sage_edge.scorers.text import expectation_match, invention, sentences, tokens
from sage_edge.scorers.text.invention import KnownFacts, invents_a_name, invents_a_number

UNKNOWABLE = ("uncertainty",)
"""Exercises of the older system that ask what nobody can know; ours say so by what they expect."""

_KINDS = ("past", "names", "numbers")
_ADMITTED = NotKnowing(kind="not_knowing")


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    held, before, turns = KnownFacts(dialogue.mind, dialogue.number), [dialogue.system], list[int]()
    turns_of: dict[str, set[int]] = {"rate": set(), **{name: set() for name in _KINDS}}
    held.add(dialogue.system)
    for exchange in dialogue.exchanges:
        before.append(exchange.prompt)
        held.add(exchange.prompt)
        if exchange.outcome == "ok":
            unknowable = _is_unknowable(exchange) and not expectation_match.meets(
                _ADMITTED, exchange.reply, dialogue.mind
            )
            kinds = (
                false_memory.claims_a_past(exchange.reply, before, opening=not turns),
                invents_a_name(exchange.reply, held, unknowable=unknowable),
                invents_a_number(exchange.reply, exchange.prompt, held, unknowable=unknowable),
            )
            for name, is_found in zip(("rate", *_KINDS), (any(kinds), *kinds), strict=True):
                if is_found:
                    turns_of[name].add(exchange.turn)
            turns.append(exchange.turn)
            held.add(exchange.reply)
    nowhere = [Mark(turn, 0.0) for turn in turns]
    return {
        name: [Mark(turn, float(turn in where)) for turn in turns] if where else nowhere
        for name, where in turns_of.items()
    }


def _is_unknowable(exchange: Exchange) -> bool:
    return isinstance(exchange.expect, NotKnowing) or (exchange.expect is None and exchange.exercise in UNKNOWABLE)


EARLIER_CONFABULATION = Scorer(
    id=Slug("confabulation"),
    version=1,
    tracks=("primary", "training"),
    quantities={"rate": "rate", **dict.fromkeys(_KINDS, "rate")},
    rules=rules(
        {
            "unknowable": UNKNOWABLE,
            "admitted": expectation_match.NOT_KNOWING,
            "unshared": false_memory.RULES,
            "invention": invention.RULES,
            "sentences": sentences.RULES,
            "tokens": tokens.RULES,
        }
    ),
    score=_score,
)
