"""A look at a trial after its newest whole block: honest at every block, since its intervals hold all at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sage_edge.analysis.findings import Examined
from sage_edge.analysis.statistics import effect_verdict
from sage_edge.analysis.trials import blocks
from sage_edge.names import HostName, SessionId, Slug
from sage_edge.records.trial import Trial, TrialContrast, TrialDesign, TrialLook, TrialOutcome

_WORDS = {"supported": "supported", "not supported": "not-supported", "cannot tell": "cannot-tell"}


@dataclass(frozen=True)
class TrialGround:
    """What a look is taken at. first: the trial's first session; last: the highest number of its kind that was used."""

    trial: Trial
    first: SessionId
    last: int
    examined: Sequence[Examined]


def look(author: HostName, ground: TrialGround, before: TrialLook | None, now: datetime) -> TrialLook | None:
    """Return a look where a block is over that the look before did not know; None where there is none.

    Raises ValueError where a transcript of the trial cannot be read.
    """
    trial, design = ground.trial, ground.trial.design
    held = blocks.sessions(trial, ground.first, ground.examined, ground.last)
    over = blocks.over(trial, held)
    if (before is not None and (before.state != "running" or len(over) <= before.blocks)) or not over:
        return None
    main = blocks.values(trial, over, design.outcome)
    main_contrasts = contrasts(design, design.outcome, main.differences)
    harm = contrasts(design, design.harm, blocks.values(trial, over, design.harm).differences)
    beside = design.decoupled
    return TrialLook.model_validate(
        {
            "author": author,
            "trial": trial.fingerprint(),
            "blocks": len(over),
            "state": _state(design, len(over), main_contrasts, harm),
            "contrasts": main_contrasts,
            "decoupled": contrasts(design, beside, blocks.values(trial, over, beside).differences) if beside else (),
            "harm": harm,
            "used": tuple(main.used),
            "left_out": tuple(main.left_out),
            "deviations": tuple(blocks.deviations(trial, held)),
            "created": now,
        }
    )


def contrasts(
    design: TrialDesign, outcome: TrialOutcome, differences: Mapping[Slug, Sequence[float]]
) -> tuple[TrialContrast, ...]:
    """Return each arm against the control; the level is shared between the arms, so that all hold together."""
    from sage_edge.analysis.statistics.estimate import LEVEL  # numpy is for who looks, not for every wake

    level = LEVEL / (len(design.arms) - 1)
    return tuple(_contrast(outcome, arm, row, level) for arm, row in differences.items())


def _contrast(outcome: TrialOutcome, arm: Slug, row: Sequence[float], level: float) -> TrialContrast:
    from sage_edge.analysis.statistics import sequence

    seen = sequence.looks(row, level)
    low, high = (max(-1.0, seen[-1].low), min(1.0, seen[-1].high)) if seen else (-1.0, 1.0)
    return TrialContrast.model_validate(
        {
            "arm": arm,
            "mean": math.fsum(row) / len(row) if row else None,
            "low": low,
            "high": high,
            "n": len(row),
            "verdict": _WORDS[effect_verdict.rule(low, high, outcome.smallest)],
        }
    )


def _state(design: TrialDesign, over: int, main: Sequence[TrialContrast], harm: Sequence[TrialContrast]) -> str:
    if any(contrast.verdict == "supported" for contrast in harm):
        return "harm"
    if all(contrast.verdict != "cannot-tell" for contrast in main):
        return "told"
    return "exhausted" if over >= design.blocks else "running"
