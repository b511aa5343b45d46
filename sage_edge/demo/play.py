"""The story that the demo plays, and what came of it as read from the hub."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sage_edge import files
from sage_edge.demo import stage as stages
from sage_edge.demo.stage import Stage
from sage_edge.errors import CommandFailed
from sage_edge.shell import Command, run

_DAY = "2026-01-01"
STORY = (
    ("sprout", "00:00", "the first primary session"),
    ("sprout", "03:00", "the first training session"),
    ("thor", "03:30", "measures both, and recommends"),
    ("sprout", "06:00", "decides, and conducts the second primary session"),
    ("thor", "06:30", "checks its prediction"),
)
"""Who wakes when on the demo's day, and what is to come of it."""

_HALF_DAYS = (
    ("sprout", ("00:00", "03:00", "06:00", "09:00")),
    ("thor", ("09:30",)),
    ("sprout", ("12:00", "15:00", "18:00", "21:00")),
    ("thor", ("21:30",)),
)
"""Who wakes when on each of many days: the practitioner at every slot, the researcher twice."""

_TOLD = (
    "intervention-",
    "recommendation-",
    "prediction-",
    "trial-proposed",
    "trial-accepted",
    "trial-declined",
    "trial-ended",
)
"""Beginnings of the events that tell the story of many days; sessions and findings are too many."""

_OF_TRIALS = {
    "trials": ("thor", "trials"),
    "trial decisions": ("sprout", "trial-decisions"),
    "trial looks": ("thor", "trial-looks"),
}
_LAST_WORDS = 2_000
"""So much of what a command said on its way out is shown, in characters."""

_FOLDERS = {
    "transcripts": ("sprout", "sessions"),
    "findings": ("thor", "findings"),
    "recommendations": ("thor", "recommendations"),
    "decisions": ("sprout", "decisions"),
    "predictions": ("thor", "checks"),
}


@dataclass(frozen=True)
class Done:
    """What happened: rows for people (when, host, what), whom its transcripts name, and where the summary lies."""

    story: tuple[tuple[str, str, str], ...]
    subject: str
    summary: Path


def play(
    declarations: Path,
    into: Path,
    tell: Callable[[str], None],
    overlay: str = stages.SUBJECT,
    models: Path | None = None,
    days: int = 0,
) -> Done:
    """Play the story with the real commands, each a process of its own.

    overlay: names the subject. models: the store that has it. days: so many whole days instead of the half one.
    Raises CommandFailed, UsageError.
    """
    began = time.monotonic()
    stage = stages.make(declarations, into, overlay, models)
    _sage_edge(stage, "thor", "exchange", "init", str(stage.hub))
    if days:
        _play_days(stage, days, tell)
    else:
        _play_story(stage, tell)
    folders = {**_FOLDERS, **_OF_TRIALS} if days else _FOLDERS
    counts = {kind: len(_published(stage, *where)) for kind, where in folders.items()}
    summary = {**counts, "seconds": round(time.monotonic() - began, 1)}
    files.write_atomic(stage.summary, (json.dumps(summary, indent=1) + "\n").encode())
    return Done(_worklogs(stage, _TOLD if days else ("",)), _subject(stage), stage.summary)


def _play_story(stage: Stage, tell: Callable[[str], None]) -> None:
    for number, (host, at, what) in enumerate(STORY, start=1):
        tell(f"\n[{number}/{len(STORY)}] {at} {host}: {what}")
        _sage_edge(stage, host, "agent", "once", "--at", f"{_DAY}T{at}:00Z")


def _play_days(stage: Stage, days: int, tell: Callable[[str], None]) -> None:
    """Let many days go by; what the mind says in them is in its transcripts, and not shown."""
    for day in range(days):
        date = (datetime.fromisoformat(_DAY) + timedelta(days=day)).date().isoformat()
        for host, times in _HALF_DAYS:
            at = [word for time_ in times for word in ("--at", f"{date}T{time_}:00Z")]
            _sage_edge(stage, host, "agent", "once", *at, is_quiet=True)
        tell(f"day {day + 1} of {days} is over")


def _sage_edge(stage: Stage, host: str, *words: str, is_quiet: bool = False) -> None:
    command = (sys.executable, "-m", "sage_edge", *words)
    spoken = subprocess.PIPE if is_quiet else None
    done = subprocess.run(
        command, env=stage.environment(host), stdout=subprocess.DEVNULL, stderr=spoken, check=False, text=True
    )
    if done.returncode != 0:
        above = done.stderr[-_LAST_WORDS:].strip() if is_quiet else "its own words stand above"
        raise CommandFailed(("sage-edge", *words), done.returncode, f"as {host}; {above}")


def _published(stage: Stage, host: str, folder: str) -> list[str]:
    """Names of the papers that the hub holds of one host."""
    words = ("git", "--git-dir", str(stage.hub), "ls-tree", "-r", "--name-only", f"host/{host}", f"{folder}/")
    return run(Command(words)).text.splitlines()


def _subject(stage: Stage) -> str:
    """The model that answered, and the digest of its weights, as the first transcript names them."""
    name = _published(stage, "sprout", "sessions")[0]
    words = ("git", "--git-dir", str(stage.hub), "show", f"host/sprout:{name}")
    model = json.loads(run(Command(words)).text)["head"]["model"]
    return f"{model['ref']}, {model['digest']}"


def _worklogs(stage: Stage, beginnings: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Rows of the events that begin with one of some words, over all hosts, in time."""
    rows = []
    for host in stages.HOSTS:
        for name in _published(stage, host, "worklog"):
            words = ("git", "--git-dir", str(stage.hub), "show", f"host/{host}:{name}")
            rows += [json.loads(line) for line in run(Command(words)).text.splitlines()]
    shown = (row for row in rows if row["event"].startswith(beginnings))
    return tuple((_when(row["at"]), row["host"], row["text"]) for row in sorted(shown, key=lambda row: str(row["at"])))


def _when(at: str) -> str:
    """The time of day, behind the day for another than the first."""
    return at[11:19] if at.startswith(_DAY) else f"{at[5:10]} {at[11:16]}"
