"""A trial in about ten lines for people: what is asked, of whom, what was settled before, and what is known now."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from sage_edge.names import Digest, shortened
from sage_edge.records.trial import Trial, TrialArm, TrialContrast, TrialDesign, TrialLook, TrialOutcome
from sage_edge.sizes import counted
from sage_edge.trials import TrialPapers

STATES = {
    "running": "it goes on",
    "told": "it has ended: every arm can be told",
    "harm": "it was stopped: an arm does harm",
    "exhausted": "it has had all its sessions",
}


def state(papers: TrialPapers, digest: Digest) -> str:
    """Return how a trial stands in a word or two, for a table."""
    decision, look = papers.decisions.get(digest), papers.last_look(digest)
    if decision is None:
        return "offered"
    if decision.verdict == "declined":
        return "declined"
    if look is None or look.state == "running":
        return "running"
    verdicts = ", ".join(f"{seen.arm} {seen.verdict.replace('-', ' ')}" for seen in look.contrasts)
    return f"{look.state}: {verdicts}"


def lines(papers: TrialPapers, digest: Digest) -> Iterator[tuple[str, str]]:
    """Yield a label and a sentence, line by line."""
    trial, decision, look = papers.trials[digest], papers.decisions.get(digest), papers.last_look(digest)
    design, odds = trial.design, trial.odds
    yield "question", design.question
    yield "about", f"{trial.mind} on {trial.to}, {design.track} sessions, {counted(design.blocks, 'block')} at most"
    yield "arms", "; ".join(_arm(arm, arm is design.control) for arm in design.arms)
    yield "outcome", _outcome(design.outcome)
    fooled = f"{counted(odds.trials, 'made trial')}: {odds.error:.1%} fooled at worst (by {odds.worst})"
    finds = f"an effect of {odds.effect:.2f} is found in {odds.power:.0%}, after {odds.sessions:.0f} sessions"
    yield "beforehand", f"{fooled}; {finds}"
    yield "offered", _offered(trial)
    if decision is None:
        yield "answer", f"none yet; it may be accepted until {trial.valid_until:%Y-%m-%d %H:%M} UTC"
        return
    begins = f", from {decision.first} on" if decision.first else ""
    yield "answer", f"{decision.verdict} by {decision.decided_by}{begins}: {decision.reason}"
    if decision.first is not None:
        yield from _seen(trial, look)


def _seen(trial: Trial, look: TrialLook | None) -> Iterator[tuple[str, str]]:
    if look is None:
        yield "seen", "no whole block yet"
        return
    design = trial.design
    counts = f"{counted(look.blocks, 'block')} of {design.blocks}, {counted(len(look.used), 'session')}"
    yield "seen", f"{counts}; {STATES[look.state]}"
    for contrast in look.contrasts:
        yield contrast.arm, verdict(design, design.outcome, contrast)
    for contrast in look.decoupled if design.decoupled else ():
        yield f"{contrast.arm}, beside", verdict(design, design.decoupled or design.outcome, contrast)
    for contrast in look.harm:
        yield f"{contrast.arm}, harm", verdict(design, design.harm, contrast)
    yield "left out", "; ".join((*look.left_out, *look.deviations)) or "nothing"


def verdict(design: TrialDesign, outcome: TrialOutcome, contrast: TrialContrast) -> str:
    """Return one sentence: the difference from the control, its interval, and what that says of an effect that matters.

    The numbers are as measured: a fall is below 0, whichever way is asked about.
    """
    name, control = _name(outcome), design.control.name
    if contrast.mean is None:
        return f"{name}: no whole block, so nobody can tell"
    up = outcome.direction == "higher"
    mean, low, high = as_measured(outcome, contrast)
    seen = f"{name} {mean:+.2f} ({low:+.2f} to {high:+.2f}) against {control}"
    matters = f"a {'rise' if up else 'fall'} that matters ({outcome.smallest:.2f} or more)"
    if contrast.verdict == "supported":
        return f"{seen}: supported, all of it is {matters}"
    if contrast.verdict == "not-supported":
        return f"{seen}: not supported, none of it is {matters}"
    return f"{seen}: cannot tell, in that interval lie both {matters} and none"


def told_apart(design: TrialDesign, arm: TrialArm) -> str:
    """Return `named is identity-anchored/2`, with those parameters in which arms of one intervention differ."""
    alike = [other for other in design.arms if (other.intervention, other.version) == (arm.intervention, arm.version)]
    differing = [key for key, value in arm.parameters.items() if any(o.parameters.get(key) != value for o in alike)]
    given = ", ".join(f"{key} {_value(arm.parameters[key])}" for key in differing)
    return f"{arm.name} is {arm.intervention}/{arm.version}{f' with {given}' if given else ''}"


def _value(value: JsonValue) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def as_measured(outcome: TrialOutcome, contrast: TrialContrast) -> tuple[float, float, float]:
    """Return the mean difference and the ends of its interval as measured: a fall is below 0, whichever was wanted."""
    mean, low, high = contrast.mean or 0.0, contrast.low, contrast.high
    return (mean, low, high) if outcome.direction == "higher" else (-mean, -high, -low)


def _name(outcome: TrialOutcome) -> str:
    return f"{outcome.scorer}/{outcome.version} {outcome.quantity}"


def _outcome(outcome: TrialOutcome) -> str:
    measured = f"{_name(outcome)}, from 0 to 1 in each session"
    return f"{measured}; {outcome.direction} by {outcome.smallest:.2f} or more matters"


def _arm(arm: TrialArm, is_control: bool) -> str:
    given = " ".join(f"{name}={value}" for name, value in arm.parameters.items())
    words = f"{arm.name}{' (control)' if is_control else ''}: {arm.intervention} v{arm.version} {given}".rstrip()
    return f"{words}, which inserts what is scored" if arm.inserts else words


def _offered(trial: Trial) -> str:
    when = f"{trial.created:%Y-%m-%d %H:%M} UTC"
    return f"{when} by {trial.author}; seed {trial.seed}, allocation {shortened(trial.allocation)}"
