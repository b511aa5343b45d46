"""Records: frozen, the same bytes for the same content, read only as they were written."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sage_edge.names import HostName, Slug
from sage_edge.records.base import Record, parse
from sage_edge.records.worklog import WorklogLine

ZONES = st.integers(-600, 600).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1), timezones=ZONES)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def line(at: datetime, text: str) -> WorklogLine:
    """A record with a moment and a free text."""
    return WorklogLine(at=at, host=HostName("sprout"), event=Slug("something"), text=text)


@given(at=MOMENTS, text=TEXTS)
def test_a_record_reads_what_it_writes(at: datetime, text: str) -> None:
    paper = line(at, text)
    for written in (paper.canonical(), paper.pretty()):
        again = parse(WorklogLine, written)
        assert again == paper
        assert again.canonical() == paper.canonical()
        assert again.fingerprint() == paper.fingerprint()


@given(at=MOMENTS)
def test_the_same_moment_in_any_offset_is_the_same_paper(at: datetime) -> None:
    assert line(at, "").fingerprint() == line(at.astimezone(timezone.utc), "").fingerprint()


@given(one=TEXTS, other=TEXTS)
def test_different_content_has_different_bytes(one: str, other: str) -> None:
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert (one == other) == (line(at, one).fingerprint() == line(at, other).fingerprint())


def test_canonical_bytes_are_one_sorted_line() -> None:
    data = line(datetime(2026, 11, 20, 6, tzinfo=timezone.utc), "grün\n").canonical()
    assert data == (
        b'{"about":null,"at":"2026-11-20T06:00:00.000+00:00","event":"something","format":1,"host":"sprout",'
        b'"session":null,"text":"gr\xc3\xbcn\\n"}'
    )


def test_a_file_is_readable_and_ends_with_a_newline() -> None:
    data = line(datetime(2026, 11, 20, 6, tzinfo=timezone.utc), "a").pretty()
    assert data.startswith(b'{\n "format": 1,\n')
    assert data.endswith(b"\n}\n")


class _Number(Record):
    value: float


def test_numbers_are_finite() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValidationError):
            _Number(value=value)
    for written in (b'{"value": NaN}', b'{"value": Infinity}', b'{"value": 1e999}'):
        with pytest.raises(ValueError, match="no _number"):
            parse(_Number, written)


def test_a_record_cannot_be_changed() -> None:
    paper = line(datetime(2026, 1, 1, tzinfo=timezone.utc), "")
    with pytest.raises(ValidationError):
        paper.text = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"more": 1}, "more"),
        ({"format": 2}, "format"),
        ({"at": "2026-11-20T06:00:00"}, "at"),
        ({"host": "X"}, "host"),
        ({"text": None}, "text"),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(change: dict[str, object], place: str) -> None:
    content = json.loads(line(datetime(2026, 1, 1, tzinfo=timezone.utc), "").canonical())
    with pytest.raises(ValueError, match=f"^no worklogline: {place}: ") as refused:
        parse(WorklogLine, json.dumps({**content, **change}))
    assert "\n" not in str(refused.value)


@given(data=st.binary(max_size=60) | st.text(max_size=60))
def test_any_bytes_are_a_record_or_a_value_error(data: bytes | str) -> None:
    with pytest.raises(ValueError, match="no worklogline"):
        parse(WorklogLine, data)
