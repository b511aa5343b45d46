"""Whether an image is what its sources make now: by dates on two sides, since a clock may have been ahead."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from sage_edge.image import build_record
from tests.deploy import fleetfacts

NOW = datetime(2026, 11, 30, 12, tzinfo=timezone.utc)
YEAR = 365 * 86400


@pytest.mark.parametrize(
    ("built_s", "written_s", "why"),
    [
        (-60, -120, None),
        (-60, -60, None),
        (-120, -60, "sage_edge/x.py was changed after its image was built; to ship it"),
        (-YEAR * 56, -60, "sage_edge/x.py was changed after its image was built; to ship it"),
        (YEAR, -60, "its image was built by a clock that was ahead"),
        (YEAR, 2 * YEAR, "its image was built by a clock that was ahead"),
        (
            -60,
            YEAR,
            "sage_edge/x.py bears a date of the future, so nobody can tell whether it was built; touch it, then",
        ),
    ],
)
def test_what_is_old_is_old_on_two_sides(tmp_path: Path, built_s: float, written_s: float, why: str | None) -> None:
    image = replace(fleetfacts.wanted().image, platform="cpu")
    build_record.keep(tmp_path, image)
    (record,) = (tmp_path / ".sage" / "images").iterdir()
    source = tmp_path / "sage_edge" / "x.py"
    source.parent.mkdir()
    source.write_text("")
    for path, age_s in ((record, built_s), (source, written_s)):
        os.utime(path, (NOW.timestamp() + age_s,) * 2)
    seen = build_record.outdated(tmp_path, image, NOW)
    assert seen is None if why is None else (seen or "").startswith(why)
