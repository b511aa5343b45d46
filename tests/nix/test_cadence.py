"""A board's timer says what its fleet declares, in calendars that systemd reads as we mean them."""

from __future__ import annotations

import json
import math
import random
import re
import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from sage_edge.agent import slots
from sage_edge.clock import Duration
from sage_edge.inventory.cadence import Schedule
from sage_edge.inventory.load import load
from sage_edge.names import HostName, Track
from tests.nix.asking import ROOT, Asked

pytestmark = pytest.mark.slow

ANALYZE = shutil.which("systemd-analyze")
MIDNIGHT = datetime(2026, 11, 20, tzinfo=timezone.utc)
DAY = timedelta(days=1)

FLEET = """\
name: sage
cadence:
  primary: {{every: {0}, offset: {1}}}
  training: {{every: {0}, offset: {2}}}   # halfway
  jitter: 5m
wake_every: {3}
"""
READ = """
let
  lib = LIB;
  cadence = text: import NIX/cadence.nix {
    inherit lib;
    sage-declared = import NIX/declared.nix { };
    file = builtins.toFile "fleet.yaml" text;
  };
  read = text: let made = cadence text; in builtins.deepSeq made made;
in
"""
Said = tuple[str, str, str, str]
TABLE: dict[Said, tuple[str, str]] = {
    ("6h", "0h", "3h", "5m"): ("*-*-* 00/3:00:00 UTC", "*-*-* *:00/5:00 UTC"),
    ("6h", "0h", "0h", "1h"): ("*-*-* 00/6:00:00 UTC", "*-*-* 00/1:00:00 UTC"),
    ("1d", "0s", "0s", "15s"): ("*-*-* 00/24:00:00 UTC", "*-*-* *:*:00/15 UTC"),
    ("10m", "0s", "0s", "1m"): ("*-*-* *:00/10:00 UTC", "*-*-* *:00/1:00 UTC"),
    ("2m", "0m", "1m", "15s"): ("*-*-* *:00/1:00 UTC", "*-*-* *:*:00/15 UTC"),
    ("1h30m", "0h", "30m", "10m"): ("*-*-* *:00/30:00 UTC", "*-*-* *:00/10:00 UTC"),
    ("08h", "0h", "4h", "05m"): ("*-*-* 00/4:00:00 UTC", "*-*-* *:00/5:00 UTC"),
}
REFUSED: dict[Said, str] = {
    ("6h", "0h", "3h", "7m"): r"wake_every: 420 s do not divide a day",
    ("5h", "0h", "0h", "5m"): r"cadence: 18000 s do not divide a day",
    ("6h", "0h", "3h", "0s"): r"wake_every: 0 s do not divide a day",
    ("6h", "0h", "3h", "90m"): r"wake_every: 5400 s are no hours, no minutes that divide one",
    ("6h", "0h", "soon", "5m"): r"cadence.training.offset: expected a duration like 6h, got 'soon'",
}


def test_a_cadence_becomes_calendars(here: Asked) -> None:
    texts = [FLEET.format(*said) for said in TABLE]
    made = json.loads(here.expression(f"{READ} map read (builtins.fromJSON ''{json.dumps(texts)}'')").text)
    assert [(one["slots"], one["looks"]) for one in made] == list(TABLE.values())


@pytest.mark.parametrize("said", REFUSED, ids=" ".join)
def test_what_no_timer_can_say_is_refused_by_its_key(here: Asked, said: Said) -> None:
    text = FLEET.format(*said)
    done = here.expression(f"{READ} read (builtins.fromJSON ''{json.dumps(text)}'')")
    assert done.code == 1
    assert re.search(f"fleet.yaml: {REFUSED[said]}", done.complaint), done.complaint


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: sage\nwake_every: 5m\n", "no line `  KIND: {every: …, offset: …}`"),
        ("cadence:\n  primary:\n    every: 6h\n    offset: 0h\nwake_every: 5m\n", "no line `  KIND: {every"),
        (
            "cadence:\n  primary: {every: 6h, offset: 0h}\n",
            "fleet.yaml has no line that nix/declared.nix can read as wake",
        ),
    ],
)
def test_a_shape_that_is_not_ours_is_said_and_not_guessed(here: Asked, text: str, says: str) -> None:
    done = here.expression(f"{READ} read (builtins.fromJSON ''{json.dumps(text)}'')")
    assert done.code == 1
    assert says in done.complaint


def calendars(unit: str) -> list[str]:
    """The calendars of a timer."""
    return re.findall("^OnCalendar=(.*)$", unit, re.MULTILINE)


def elapses(calendar: str) -> list[datetime]:
    """When a calendar elapses on one day, as systemd computes it."""
    words = (ANALYZE or "", "calendar", "--base-time=2026-11-19 23:59:59 UTC", "--iterations=400", calendar)
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    moments = re.findall(r"^ *(?:Next elapse|Iter\. #\d+): \w+ (\S+ \S+) UTC$", said, re.MULTILINE)
    times = [datetime.fromisoformat(moment).replace(tzinfo=timezone.utc) for moment in moments]
    return [time for time in times if MIDNIGHT <= time < MIDNIGHT + DAY]


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze here")
def test_every_slot_of_a_day_is_served_on_time(units: dict[str, str]) -> None:
    """The agent waits out its jitter itself: a timer that knew the slots alone would come too early for each."""
    fleet = load(ROOT / "fleet")
    host, schedule = HostName("sprout"), fleet.schedule_of(HostName("sprout"))
    by_slots, by_looks = (elapses(calendar) for calendar in calendars(units["sage-practitioner.timer"]))
    assert by_slots == [MIDNIGHT + timedelta(hours=3 * number) for number in range(8)]
    assert len(by_looks) == 288
    for track in map(Track, ("primary", "training")):
        assert late(schedule, host, track, sorted({*by_slots, *by_looks})) == 0
        assert late(schedule, host, track, by_slots) >= 3


def late(schedule: Schedule, host: HostName, track: Track, wakes: list[datetime]) -> int:
    """How many slots of the day a host conducts late, if it wakes then."""
    served, count = [MIDNIGHT - DAY], 0
    for wake in wakes:
        due = slots.due(schedule, host, track, wake, served)
        if due is not None and due.at >= MIDNIGHT:
            served, count = [*served, due.at], count + due.late
    return count


def test_a_researcher_only_looks(units: dict[str, str]) -> None:
    assert calendars(units["sage-researcher.timer"]) == ["*-*-* *:00/5:00 UTC"]


def test_nothing_but_the_agent_spreads_starts(units: dict[str, str]) -> None:
    assert not any("RandomizedDelay" in text or "FixedRandomDelay" in text for text in units.values())


def test_any_cadence_becomes_its_own_calendar_or_none(here: Asked) -> None:
    """Of many drawn ones: all that divides a day and fits hours or a part of one is said, all else is refused."""
    draw = random.Random(11)
    lengths = [
        "15s",
        "20s",
        "45s",
        "1m",
        "2m",
        "5m",
        "7m",
        "10m",
        "25m",
        "30m",
        "90m",
        "1h",
        "2h",
        "3h",
        "5h",
        "6h",
        "1d",
    ]
    drawn = [tuple(draw.choice(lengths) for _ in range(4)) for _ in range(300)]
    texts = json.dumps([FLEET.format(*one) for one in drawn])
    said = here.expression(f"{READ} map (text: builtins.tryEval (read text)) (builtins.fromJSON ''{texts}'')")
    made = json.loads(said.text)
    wanted = [(expressed(math.gcd(*map(seconds, one[:3]))), expressed(seconds(one[3]))) for one in drawn]
    assert [_calendars(one) for one in made] == [None if None in pair else pair for pair in wanted]
    assert 40 < sum(None in pair for pair in wanted) < 260


def seconds(length: str) -> int:
    return int(Duration.parse(length).total_seconds())


def expressed(step: int) -> str | None:
    """The calendar of what happens every so many seconds, from midnight on."""
    if 86_400 % step or (3_600 % step and step % 3_600):
        return None
    if step % 3_600 == 0:
        return f"*-*-* 00/{step // 3_600}:00:00 UTC"
    if step % 60 == 0:
        return f"*-*-* *:00/{step // 60}:00 UTC"
    return f"*-*-* *:*:00/{step} UTC" if 60 % step == 0 else None


def _calendars(tried: Mapping[str, Any]) -> tuple[str, str] | None:
    return (tried["value"]["slots"], tried["value"]["looks"]) if tried["success"] else None
