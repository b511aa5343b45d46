"""Files of an older system, made up: the shapes are theirs (legacy §4), every sentence is ours."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest
from pydantic import JsonValue

from sage_edge.legacy import session_file
from sage_edge.legacy.import_folder import LegacyImport, plan
from sage_edge.legacy.session_file import Draft, ParsedFile

Json: TypeAlias = dict[str, JsonValue]

REAL = Path(os.environ.get("SAGE_LEGACY") or Path(__file__).parents[2].parent / "shared" / "legacy" / "data")
"""The predecessor's own files. Read here, before the environment is scrubbed."""
TEXT = "sage/raising/sessions/text"
TRAINING = "sage/raising/tracks/training/sessions"


def utterances(*lines: str, asker: str = "Claude", mind: str = "SAGE") -> list[JsonValue]:
    """Return lines as utterances, asker first, in turns."""
    return [{"speaker": mind if number % 2 else asker, "text": line} for number, line in enumerate(lines)]


def session(number: JsonValue = 3, **more: JsonValue) -> Json:
    """Return a primary session of two questions."""
    made: Json = {
        "session": number,
        "phase": "grounding",
        "start": "2026-01-13T06:02:17.147558",
        "end": "2026-01-13T06:03:17.000000",
        "conversation": utterances("How is the morning?", "It is bright.", "What stays?", "The light stays."),
    }
    return {**made, **more}


def anchored() -> Json:
    """Return a session under identity anchoring."""
    under: Json = {
        "cpu_fallback": False,
        "generation_mode": "identity_anchored",
        "intervention": "shared_words",
        "identity_anchoring": True,
    }
    return session(22, phase="relating", **under)


def drill(kind: str, prompt: str, expected: JsonValue, response: JsonValue, **noted: JsonValue) -> Json:
    """Return one exercise with its answer and what was noted about it."""
    return {"exercise": {"type": kind, "prompt": prompt, "expected": expected}, "response": response, **noted}


DRILLS: tuple[Json, ...] = (
    drill("math", "What is one and one?", "2", "That makes 2.", evaluation={"success": True, "match": "exact"}),
    drill("count", "Count to three.", "1 2 3", "1, 2", evaluation={"success": False, "match": "none"}),
    drill("yesno", "Is ice warm?", "no", "No, ice is cold.", evaluation={"success": True, "match": "exact"}),
)


def training(name: JsonValue = "T021", drills: Sequence[Json] = DRILLS, **more: JsonValue) -> Json:
    """Return a training session: its conversation holds warm-up, last exercise and cool-down only."""
    last = drills[-1]
    exercise = last["exercise"]
    assert isinstance(exercise, dict)
    lines = (
        "Shall we practise?",
        "Yes, gladly.",
        str(exercise["prompt"]),
        str(last["response"]),
        "Well done.",
        "Thanks.",
    )
    made: Json = {
        "session": name,
        "skill_track": "C",
        "skill_name": "Identity and Boundaries",
        "start": "2026-01-17T15:00:00.500000",
        "end": "2026-01-17T15:02:00.000000",
        "exercises": list(drills),
        "conversation": utterances(*lines, asker="Teacher"),
    }
    return {**made, **more}


def plant(root: Path, files: Mapping[str, JsonValue | bytes]) -> Path:
    """Write files below a folder: bytes as they are, anything else as JSON without a line end. Returns the folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, indent=2).encode())
    return root


def planned(root: Path, files: Mapping[str, JsonValue | bytes]) -> LegacyImport:
    """Write files below a folder and plan its import."""
    return plan(plant(root, files))


def read(content: JsonValue | bytes, source: str = f"{TEXT}/session_003.json") -> ParsedFile:
    """Read one file's content."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return session_file.of_bytes(data, source)


def draft(content: JsonValue | bytes, source: str = f"{TEXT}/session_003.json") -> Draft:
    """Read one file that holds one session."""
    found = read(content, source)
    assert len(found.drafts) == 1, (found.why, found.what)
    return found.drafts[0]


def real(name: str) -> Path:
    """Return one of the predecessor's files or folders, or skip."""
    if not (REAL / name).exists():
        pytest.skip(f"the predecessor's files are not here: {REAL / name}")
    return REAL / name
