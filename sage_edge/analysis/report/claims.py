"""The claims: which of them hold, the table of all, each with what stands behind it, and what would settle the open."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from sage_edge.analysis.report.blocks import Badge, Block, Cell, Definition, Section, Table, Tone
from sage_edge.records.claim import ClaimFinding, Reading, Verdict
from sage_edge.sizes import counted

TONES: dict[Verdict, Tone] = {"supported": "good", "not supported": "bad", "cannot tell": "open"}
PER_DAY = 4
"""Sessions of one track that a day has: one every six hours."""

_SEALS = 6


def headline(claims: Sequence[ClaimFinding]) -> str:
    """Return in one sentence how many of the claims hold."""
    if not claims:
        return "No claim was tested."
    verdicts = Counter(claim.verdict for claim in claims)
    parts = [
        f"{verdicts['supported']} hold" + ("s" if verdicts["supported"] == 1 else ""),
        f"{verdicts['not supported']} do not" if verdicts["not supported"] != 1 else "1 does not",
        f"for {verdicts['cannot tell']} the record cannot tell",
    ]
    return f"Of {counted(len(claims), 'claim')} {parts[0]}, {parts[1]}, and {parts[2]}."


def badge(claim: ClaimFinding) -> Badge:
    """Return a claim's verdict as a badge."""
    return Badge(claim.verdict, TONES[claim.verdict])


def sentence(claim: ClaimFinding) -> str:
    """Return what became of a claim, for readers in a hurry."""
    right = claim.corrected
    needed = "" if claim.needs is None and not claim.closed else f"; {claim.told.removeprefix('cannot tell: ')}"
    because = f"{claim.because[:1].upper()}{claim.because[1:]}"
    before = f" {claim.beside[:1].upper()}{claim.beside[1:]}." if claim.beside else ""
    return f"Stated: {claim.as_stated}. Measured rightly: {right.told}, {scorers_of(right)}. {because}{needed}.{before}"


def section(claims: Sequence[ClaimFinding], elsewhere: Sequence[str] = ()) -> Section | None:
    """Return the table of the claims and what stands behind each, or None without claims.

    elsewhere: what was claimed about other papers; it is named, and not judged.
    """
    if not claims:
        return None
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (claim.statement, claim.as_stated, _number(claim.replayed), _number(claim.corrected), badge(claim))
        for claim in claims
    )
    table = Table(("claim", "as stated", "replayed", "corrected", "verdict"), rows, _NOTE)
    others = Table(("not about these papers, so not tested",), tuple((claim,) for claim in elsewhere), "")
    blocks: tuple[Block, ...] = (table, *map(_behind, claims), *([others] if elsewhere else []))
    return Section("claims", "The claims, re-tested", headline(claims), blocks)


_NOTE = (
    "Replayed: the claim's own measurement on its own sessions. Corrected: the measurement that it ought to have been; "
    "the verdict is about that one. Numbers with 95 % intervals. Supported: the whole interval is an effect that "
    "matters, and chance rarely does that. Not supported: none of it is. Cannot tell: both are possible."
)


def worklist(claims: Sequence[ClaimFinding]) -> Section | None:
    """Return what to run next to settle the claims that are open, or None where none is."""
    open_ = [claim for claim in claims if claim.verdict == "cannot tell"]
    if not open_:
        return None
    rows: tuple[tuple[Cell, ...], ...] = tuple((claim.statement, *_wanted(claim)) for claim in open_)
    note = (
        f"Days at {PER_DAY} sessions of a track a day. Run with the same model, prompt and slots, or say what changed."
    )
    lead = f"What to run next to settle {counted(len(open_), 'claim')}."
    heads = ("to settle", "scorer", "there is", "needed", "that takes")
    return Section("worklist", "Worklist", lead, (Table(heads, rows, note),))


def scorers_of(reading: Reading) -> str:
    """Return which scorers made a number, or where it was recorded."""
    return (
        " and ".join(dict.fromkeys(scorer.name for scorer in reading.scored_by)) or f"recorded in {reading.recorded_in}"
    )


def _number(reading: Reading) -> str:
    return f"{reading.told}; {scorers_of(reading)}"


def _wanted(claim: ClaimFinding) -> tuple[str, str, str, str]:
    there = f"n = {claim.corrected.n} {claim.corrected.unit}"
    by = scorers_of(claim.corrected)
    if claim.closed:
        return by, there, "it is over: nothing can be added", "another record"
    if claim.needs is None:
        return by, there, claim.told.removeprefix("cannot tell: "), "another measurement"
    needed = claim.told.removeprefix("cannot tell: needs ").replace(">=", "≥")
    if "session" not in claim.needs_unit:
        more = "more answers in its sessions" if "answer" in claim.needs_unit else "other measurements than sessions"
        return by, there, needed, more
    lacking = sum(side.more for side in claim.more) or claim.needs * (2 if "each" in claim.needs_unit else 1)
    return by, there, needed, f"about {counted(math.ceil(lacking / PER_DAY), 'day')}"


def _behind(claim: ClaimFinding) -> Definition:
    adjusted = f"p, adjusted for {counted(claim.tests, 'test')} ({claim.adjustment}): {_p(claim.p_adjusted)}"
    lines = (
        f"claim: {claim.claim}, from {claim.source}",
        f"verdict: {claim.told}, because {claim.because}",
        *((claim.beside,) if claim.beside else ()),
        f"the smallest effect that matters: {claim.criterion}",
        f"{adjusted}; seed {claim.seed}",
        f"evidence: {_evidence(claim)}",
        *(f"caveat: {caveat}" for caveat in claim.caveats),
    )
    readings = [
        ("replayed", claim.replayed),
        ("corrected", claim.corrected),
        *(("also", reading) for reading in claim.others),
    ]
    heads = ("measurement", "number (95 % interval)", "p, not adjusted", "sessions", "by", "what else was seen")
    rows = tuple(_row(name, reading) for name, reading in readings)
    methods = dict.fromkeys(how for _, reading in readings for how in (reading.method, reading.test) if how)
    return Definition(claim.statement, lines, Table(heads, rows, f"Methods: {'; '.join(methods)}."))


def _row(name: str, reading: Reading) -> tuple[Cell, ...]:
    number, by = reading.told, scorers_of(reading)
    return f"{name}: {reading.label}", number, _p(reading.p), reading.sessions, by, "; ".join(reading.notes)


def _p(p: float | None) -> str:
    return "none" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def _evidence(claim: ClaimFinding) -> str:
    if not claim.evidence:
        return "figures that were recorded by hand"
    named = [f"{session.label} {session.transcript.short}" for session in claim.evidence[:_SEALS]]
    more = len(claim.evidence) - len(named)
    turns = sum(len(session.turns) for session in claim.evidence)
    rest = f" and {more} more" if more else ""
    return f"{counted(turns, 'turn')} in {counted(len(claim.evidence), 'transcript')}: {', '.join(named)}{rest}"
