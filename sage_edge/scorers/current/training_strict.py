"""training-strict/2: how many exercises of a training session were answered as expected, and no more than that.

rate     1 for an answer that gives what its exercise expects (`answer_match`), else 0
n        answers to exercises that say what they expect; an exercise whose turn failed, or that was never asked, is no
         answer and is not in n: compare n with the lesson's exercises

Exercises of the older system, whose phrases have no type, are measured by version 1 alone.

Source: successor of training-strict/1, which passed answers of a real model that hold the right word by chance: one
with a 7 in it among other numbers, "no" inside a refusal, "I'm not sure, but I'll tell you …", an echo of the question.
Weakness: the forms of an answer are English; a right answer in an unforeseen form fails, a wrong one in the right form
("No, I'm a human being") passes.
"""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, Scorer, rules
from sage_edge.scorers.text import answer_match


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    marks = []
    for answer in dialogue.answers:
        if answer.kind == "exercise" and answer.expect is not None:
            is_met = answer_match.meets(answer.expect, answer.prompt, answer.reply, dialogue.mind)
            marks.append(Mark(answer.turn, float(is_met)))
    return {"rate": marks}


TRAINING_STRICT = Scorer(
    id=Slug("training-strict"),
    version=2,
    tracks=("training",),
    quantities={"rate": "rate"},
    rules=rules(answer_match.RULES),
    score=_score,
)
