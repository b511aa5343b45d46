"""Save plans to a file to review and apply later; refuse one when what it rests on has changed.

{"format": 1, "plans": [{"host": "sprout", "release": "ab12…", "facts": "sha256:…", "steps": ["send …", …]}]}
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sage_edge import files
from sage_edge.deploy.errors import PlanStale
from sage_edge.deploy.plan import Plan
from sage_edge.errors import UsageError
from sage_edge.hints import invoke


def write(path: Path, plans: Sequence[Plan]) -> None:
    """Write plans to a file, replaced as a whole."""
    content = {"format": 1, "plans": [_entry(plan) for plan in plans]}
    files.write_atomic(path, (json.dumps(content, indent=1) + "\n").encode())


def hosts(path: Path) -> tuple[str, ...]:
    """Return the hosts that a saved plan is for. Raises UsageError for a file that is none."""
    return tuple(_read(path))


def require_unchanged(path: Path, now: Sequence[Plan]) -> None:
    """Raise PlanStale unless each plan made now is the saved one; UsageError for a file that is none."""
    before = _read(path)
    for plan in now:
        saved = before.get(plan.host)
        if saved is None:
            raise PlanStale(path, plan.host, "it says nothing about this host")
        for key, what in (
            ("release", "another release is wanted"),
            ("facts", "the board has changed"),
            ("steps", "the steps differ"),
        ):
            if saved[key] != _entry(plan)[key]:
                raise PlanStale(path, plan.host, what)


def _entry(plan: Plan) -> dict[str, object]:
    return {
        "host": plan.host,
        "release": plan.release,
        "facts": plan.facts,
        "steps": [str(step) for step in plan.steps],
    }


def _read(path: Path) -> dict[str, dict[str, object]]:
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["format"] == 1:
            return {
                str(entry["host"]): {key: entry[key] for key in ("release", "facts", "steps")}
                for entry in content["plans"]
            }
    except (OSError, ValueError, KeyError, TypeError) as odd:
        raise UsageError(f"{path} is no saved plan: {odd}", hint=_MAKE_ONE) from None
    raise UsageError(f"{path} is of another format", hint=_MAKE_ONE)


_MAKE_ONE = ("make one: ", invoke("plan", host="HOST", save="FILE"))
