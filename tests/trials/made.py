"""Trials for tests: a small design of two arms, and the offer of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sage_edge.names import HostName, SessionId
from sage_edge.records.trial import Trial, TrialDecision, TrialDesign, TrialLook
from sage_edge.trials import TrialCard, allocation_digest
from tests.builders import START

CARD: dict[str, Any] = {
    "format": 1,
    "name": "a-trial",
    "question": "Does it matter?",
    "track": "primary",
    "arms": [
        {"name": "plain", "intervention": "observe", "version": 2},
        {
            "name": "named",
            "intervention": "identity-anchored",
            "version": 2,
            "parameters": {"memory": False, "exemplars": 0},
            "inserts": True,
        },
    ],
    "wash_out": 0,
    "outcome": {"scorer": "identity", "version": 2, "quantity": "rate", "direction": "higher", "smallest": 0.05},
    "decoupled": {"scorer": "grounding", "version": 2, "quantity": "rate", "direction": "higher", "smallest": 0.1},
    "harm": {"scorer": "truncation", "version": 1, "quantity": "cut", "direction": "higher", "smallest": 0.3},
    "sessions": 50,
    "hoped": {"effect": 0.6, "power": 0.8, "rate": 0.05, "answers": 7, "alike": 0.1},
    "valid_for": "7d",
}
ODDS = {"trials": 1000, "error": 0.0, "worst": "nothing", "effect": 0.6, "power": 0.9, "sessions": 30}


def card(**changed: Any) -> TrialCard:
    """A declared trial, with some keys changed."""
    return TrialCard.model_validate({**CARD, **changed})


def design(**changed: Any) -> TrialDesign:
    """What such a trial holds, with the parameters of its arms as they would be settled."""
    settled = {"memory": False, "exemplars": 0, "name": "Sage"}
    content = card(**changed).design().model_dump()
    for arm in content["arms"]:
        if arm["intervention"] == "identity-anchored":
            arm["parameters"] = {**settled, **arm["parameters"]}
    return TrialDesign.model_validate(content)


def trial(seed: int = 7, settled: TrialDesign | None = None, **changed: Any) -> Trial:
    """An offer of it by thor to sprout."""
    of = settled or design()
    content = {
        "author": "thor",
        "to": "sprout",
        "mind": "Sage",
        "design": of,
        "seed": seed,
        "allocation": allocation_digest(of, seed),
        "odds": ODDS,
        "created": START,
        "valid_until": START + timedelta(days=7),
    }
    return Trial.model_validate({**content, **changed})


def accepted(offer: Trial, first: str | None = "P001", **changed: Any) -> TrialDecision:
    """Sprout's acceptance."""
    return TrialDecision.model_validate(
        {
            "author": HostName("sprout"),
            "trial": offer.fingerprint(),
            "verdict": "accepted",
            "first": SessionId(first) if first else None,
            "reason": "why not",
            "decided_by": "policy",
            "created": START,
            **changed,
        }
    )


def looked_at(offer: Trial, state: str, blocks: int = 2, **changed: Any) -> TrialLook:
    """A look at it that ended it, or did not."""
    content = {"author": "thor", "trial": offer.fingerprint(), "blocks": blocks, "state": state, "used": ()}
    return TrialLook.model_validate({**content, "contrasts": (), "harm": (), "created": START, **changed})
