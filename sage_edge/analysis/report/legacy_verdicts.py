"""What an older system noted beside an answer about whether it passed: its own judgement, not ours.

Two forms are known (legacy §4): `evaluation.success`, and `r6_evaluation.evaluation`, which is `include` for a pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from sage_edge.analysis.corpus import Corpus, MeasuredAnswer
from sage_edge.records.dialogue import Dialogue

KEYS = frozenset({"evaluation", "r6_evaluation"})

Noted = Mapping[int, bool]
"""Turn → whether the older system let it pass."""


def passed(stored: Mapping[str, JsonValue]) -> bool | None:
    """Return whether an answer passed by what is noted beside it; None where nothing readable is."""
    simple, rated = stored.get("evaluation"), stored.get("r6_evaluation")
    if isinstance(simple, dict) and isinstance(simple.get("success"), bool):
        return bool(simple["success"])
    if isinstance(rated, dict) and isinstance(rated.get("evaluation"), str):
        return rated["evaluation"] == "include"
    return None


def noted(corpus: Corpus, session: Dialogue, answers: Sequence[MeasuredAnswer]) -> Noted:
    """Return what is noted in a session; its paper is read again only where something is. Raises SessionChanged."""
    if not any(KEYS.intersection(answer.evaluated) for answer in answers):
        return {}
    exchanges = corpus.read(session.seal).exchanges
    verdicts = {
        exchange.turn: passed(exchange.stored) for exchange in exchanges if exchange.stored and exchange.outcome == "ok"
    }
    return {turn: judged for turn, judged in verdicts.items() if judged is not None}
