"""What does not hold together in an identity file of the older system (legacy §4): it kept one fact in several places.

session_count             against the file's own `session`, the tutor's `sessions`, and the session that the last
                          summary speaks of
identity.phase            against development.phase_name, and that against development.current_phase
identity.machine, or lct  against the instance's folder that the file lies in
__NAME__                  a template is no live identity
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from pydantic import JsonValue

_PHASES = ("pre-grounding", "grounding", "sensing", "relating", "questioning", "creating")
_PLACEHOLDER = re.compile(r"__[A-Z][A-Z_]*[A-Z]__")
_SUMMARY = re.compile(r"session (\d+)", re.IGNORECASE)
_LCT = re.compile(r"lct://sage:([^:]+):")

_Object = Mapping[str, JsonValue]


def defects(document: JsonValue, source: str) -> tuple[str, ...]:
    """Return a sentence for each thing in an identity file that contradicts another; empty when it holds together."""
    if not isinstance(document, dict):
        return ()
    identity, development = _inner(document, "identity"), _inner(document, "development")
    if left := sorted(set(_PLACEHOLDER.findall(json.dumps(identity)))):
        return (f"it is a template and no live identity: {', '.join(left)}",)
    missing = [
        _counts(identity, _inner(document, "relationships"), document.get("session")),
        _phases(identity, development),
        _order(identity, development),
        _owner(identity, source),
    ]
    return tuple(filter(None, missing))


def _counts(identity: _Object, relationships: _Object, session: JsonValue) -> str:
    counts: dict[str, JsonValue] = {"session_count": identity.get("session_count")}
    for name, relation in relationships.items():
        if isinstance(relation, dict) and (name == "claude" or relation.get("role") == "tutor"):
            counts[f"sessions with {name}"] = relation.get("sessions")
    summary = identity.get("last_session_summary")
    if isinstance(summary, str) and (spoken := _SUMMARY.match(summary)):
        counts["the session of the last summary"] = int(spoken[1][:9])
    counts["the file's own session"] = session
    known = {what: count for what, count in counts.items() if isinstance(count, int)}
    if len(set(known.values())) < 2:
        return ""
    return "its counts differ: " + ", ".join(f"{what} {count}" for what, count in known.items())


def _phases(identity: _Object, development: _Object) -> str:
    first, second = identity.get("phase"), development.get("phase_name")
    if not isinstance(first, str) or not isinstance(second, str) or first == second:
        return ""
    return f"identity.phase is {first:.40}, development.phase_name is {second:.40}"


def _order(identity: _Object, development: _Object) -> str:
    name, number, count = (
        development.get("phase_name"),
        development.get("current_phase"),
        identity.get("session_count"),
    )
    if name in _PHASES and isinstance(number, int) and _PHASES.index(str(name)) != number:
        return f"phase {number} is not {name}"
    if identity.get("phase") == _PHASES[0] and isinstance(count, int) and count > 0:
        return f"it is in {_PHASES[0]} after {count} sessions; that phase has none"
    return ""


def _owner(identity: _Object, source: str) -> str:
    """Whether it lies in the folder of another machine's instance, `instances/<machine>-<model>/`."""
    folders = PurePosixPath(source).parts[:-1]
    place = folders.index("instances") + 1 if "instances" in folders else len(folders)
    lct = identity.get("lct")
    machine = identity.get("machine") or ((_LCT.match(lct) or [None, None])[1] if isinstance(lct, str) else None)
    if place >= len(folders) or not isinstance(machine, str) or folders[place].split("-")[0] == machine:
        return ""
    owner = ", ".join(str(part) for part in (identity.get("name"), machine, identity.get("model")) if part)
    return f"it is another machine's identity ({owner:.100}) in the folder of {folders[place]}"


def _inner(holder: _Object, key: str) -> _Object:
    inner = holder.get(key)
    return inner if isinstance(inner, dict) else {}
