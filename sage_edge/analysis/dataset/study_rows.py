"""Recommendations and trials, with what became of them, as rows of an export."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sage_edge.analysis.calibration import AnsweredPrediction, outcome
from sage_edge.analysis.dataset.session_rows import TableRow
from sage_edge.names import Digest
from sage_edge.records.trial import TrialArm, TrialContrast
from sage_edge.trials import TrialPapers


def decision_row(answered: AnsweredPrediction) -> TableRow:
    """Return a recommendation's row of the table `decisions`."""
    paper, decision = answered.recommendation, answered.decision
    foretold, seen = paper.prediction, answered.check.measure if answered.check else None
    return (
        paper.fingerprint(),
        paper.author,
        paper.to,
        paper.track,
        str(paper.first),
        str(paper.last),
        f"{paper.intervention}/{paper.intervention_version}",
        _json(paper.parameters),
        paper.rule,
        f"{foretold.scorer}/{foretold.version}",
        foretold.quantity,
        foretold.of,
        foretold.comparison,
        foretold.value,
        paper.created,
        paper.valid_until,
        decision.verdict if decision else None,
        decision.decided_by if decision else None,
        decision.reason if decision else None,
        decision.created if decision else None,
        outcome(answered),
        seen.value if seen else None,
        seen.low if seen else None,
        seen.high if seen else None,
        seen.n if seen else None,
    )


def trial_rows(papers: TrialPapers, trial: Digest) -> Iterator[TableRow]:
    """Yield a trial's rows of the table `trials`, one an arm."""
    paper, decision, look = papers.trials[trial], papers.decisions.get(trial), papers.last_look(trial)
    design = paper.design
    contrasts = {contrast.arm: contrast for contrast in look.contrasts} if look else {}
    for arm in design.arms:
        yield (
            trial,
            design.name,
            paper.author,
            paper.to,
            paper.mind,
            design.track,
            design.question,
            *_arm(arm, is_control=arm == design.control),
            f"{design.outcome.scorer}/{design.outcome.version} {design.outcome.quantity}",
            design.outcome.direction,
            design.outcome.smallest,
            design.wash_out,
            design.sessions,
            paper.seed,
            paper.allocation,
            paper.created,
            decision.verdict if decision else None,
            decision.decided_by if decision else None,
            str(decision.first) if decision and decision.first else None,
            look.state if look else None,
            look.blocks if look else None,
            *_contrast(contrasts.get(arm.name)),
        )


def _arm(arm: TrialArm, *, is_control: bool) -> TableRow:
    return arm.name, is_control, f"{arm.intervention}/{arm.version}", _json(arm.parameters), arm.inserts


def _contrast(seen: TrialContrast | None) -> TableRow:
    return (None,) * 5 if seen is None else (seen.mean, seen.low, seen.high, seen.n, seen.verdict)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
