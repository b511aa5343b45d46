"""Lengths of time that nobody means are refused by file and key, wherever they are declared."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sage_edge.clock import Duration
from sage_edge.errors import DeclarationError
from sage_edge.inventory.cadence import LONGEST, Schedule
from sage_edge.inventory.load import load
from tests.fakes import FLEET

HUGE = "99999999d"
TABLE = [
    ("fleet.yaml", ("cadence", "primary", "every"), HUGE, "expected at most 366d"),
    ("fleet.yaml", ("cadence", "primary", "every"), "0s", "expected more than 0s"),
    ("fleet.yaml", ("cadence", "training", "offset"), HUGE, "expected at most 366d"),
    ("fleet.yaml", ("cadence", "jitter"), HUGE, "expected at most 366d"),
    ("fleet.yaml", ("cadence", "late_after"), HUGE, "expected at most 366d"),
    ("fleet.yaml", ("wake_every",), HUGE, "expected at most 366d"),
    ("fleet.yaml", ("clock_ahead",), HUGE, "expected between 1d and 3660d"),
    ("fleet.yaml", ("clock_ahead",), "1h", "expected between 1d and 3660d"),
    ("fleet.yaml", ("clock_slack",), HUGE, "expected between 1m and 7d"),
    ("fleet.yaml", ("clock_slack",), "0s", "expected between 1m and 7d"),
    ("hosts/sprout.yaml", ("turn_deadline",), HUGE, "expected at most 366d"),
    ("hosts/sprout.yaml", ("schedule", "jitter"), HUGE, "expected at most 366d"),
    ("hosts/sprout.yaml", ("schedule", "primary", "every"), HUGE, "expected at most 366d"),
    ("hosts/sprout.yaml", ("schedule", "primary", "offset"), HUGE, "expected at most 366d"),
    ("roles/researcher.yaml", ("rules", 0, "recommend", "valid_for"), HUGE, "expected at most 366d"),
]


@pytest.mark.parametrize(("file", "key", "value", "expected"), TABLE, ids=lambda value: str(value)[:40])
def test_the_table(file: str, key: tuple[str | int, ...], value: str, expected: str, tmp_path: Path) -> None:
    fleet = tmp_path / "fleet"
    shutil.copytree(FLEET, fleet)
    content: Any = yaml.safe_load((fleet / file).read_text("utf-8"))
    place: Any = content
    for part in key[:-1]:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    place[key[-1]] = value
    (fleet / file).write_text(yaml.safe_dump(content), "utf-8")
    with pytest.raises(DeclarationError) as refused:
        load(fleet)
    faults = [fault for fault in refused.value.faults if fault.file.endswith(file)]
    assert any(expected in fault.message and str(key[-1]) in fault.key for fault in faults), refused.value.faults


LENGTH = st.one_of(st.integers(0, 10**9), st.integers(0, 10**15)).map(lambda s: f"{s}s")


@given(LENGTH, LENGTH, LENGTH, LENGTH)
def test_what_is_accepted_is_never_longer_than_a_year(every: str, offset: str, jitter: str, late: str) -> None:
    content = {"primary": {"every": every, "offset": offset}, "jitter": jitter, "late_after": late}
    try:
        schedule = Schedule.model_validate(content)
    except ValidationError:
        lengths = [Duration.parse(text) for text in (every, offset, jitter, late) if len(text) < 12]
        assert len(lengths) < 4 or max(lengths) > LONGEST or lengths[1] >= lengths[0] or not lengths[0]
        return
    assert max(schedule.jitter, schedule.late_after, schedule.cadences[next(iter(schedule.cadences))].every) <= LONGEST
