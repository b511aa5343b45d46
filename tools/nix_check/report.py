"""What came of it, for people as it happens and for machines as one document; and what nobody can prove here."""

from __future__ import annotations

from collections.abc import Sequence

import click

from sage_edge import hints, sanitize
from sage_edge.errors import ExitCode
from sage_edge.hints import Surroundings
from tools.nix_check.steps import Outcome

SCHEMA = "sage-edge.nix-check"
UNPROVEN = (
    "that the real nixpkgs has these packages by these names, and in versions that work together",
    "that the outputs build with nixpkgs' own compilers and libraries, images among them",
    "any build for aarch64: it is computed and not built",
    "that a hash in flake.lock is that of its revision: nix finds out when it first fetches it",
    "that the formatter would change nothing: it is not to be had here",
)


def line(outcome: Outcome, where: Surroundings) -> None:
    """Print a step as it ends: how it went, its time, what was seen, and the next step if it does not hold."""
    if outcome.kept_by:
        _say(f"{'kept':<5}{outcome.step.name:<14}        needs {', '.join(outcome.kept_by)}")
        return
    mark = "ok" if outcome.holds else "FAIL"
    _say(f"{mark:<5}{outcome.step.name:<14}{outcome.seconds:6.1f} s  {outcome.seen or outcome.step.proves}")
    if outcome.refusal is not None:
        for text in outcome.refusal.message.splitlines():
            _say(f"       {text}")
        _say(f" next: {hints.text(outcome.refusal.hint, where)}")


def end(outcomes: Sequence[Outcome]) -> None:
    """Print what was proven, and what cannot be."""
    holding = [outcome for outcome in outcomes if outcome.holds]
    _say(f"{len(holding)} of {len(outcomes)} steps hold, after {sum(o.seconds for o in outcomes):.0f} s")
    _say("not proven by any of them:")
    for text in UNPROVEN:
        _say(f"  - {text}")


def content(outcomes: Sequence[Outcome], changed: Sequence[str], where: Surroundings) -> dict[str, object]:
    """Return what one JSON document says. changed: files that are not as committed."""
    steps = [_entry(outcome, where) for outcome in outcomes]
    ok = all(outcome.holds for outcome in outcomes)
    return {"ok": ok, "changed": list(changed), "steps": steps, "unproven": list(UNPROVEN)}


def code(outcomes: Sequence[Outcome]) -> ExitCode:
    """Return how the command ends."""
    return ExitCode.OK if all(outcome.holds for outcome in outcomes) else ExitCode.NOT_VERIFIED


def _entry(outcome: Outcome, where: Surroundings) -> dict[str, object]:
    entry: dict[str, object] = {
        "step": outcome.step.name,
        "proves": outcome.step.proves,
        "holds": outcome.holds,
        "seconds": round(outcome.seconds, 1),
        "seen": outcome.seen,
    }
    if outcome.refusal is not None:
        refusal = outcome.refusal
        entry |= {"error": type(refusal).__name__, "message": refusal.message, "next": hints.text(refusal.hint, where)}
    if outcome.kept_by:
        entry["needs"] = list(outcome.kept_by)
    return entry


def _say(text: str) -> None:
    click.echo(sanitize.terminal(text))
