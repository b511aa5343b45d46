"""A hub that asks to be left alone is left alone until then, and is called by its name."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import huggingface_hub
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import hints
from sage_edge.errors import Unreachable
from sage_edge.models.download.hub import Hub
from sage_edge.models.download.hub_wait import MOST_S, asked_s
from sage_edge.models.download.ranges import ByteProgress
from sage_edge.models.errors import ModelWorkInterrupted, RateLimited
from tests.models.fetch_place import NAME, Place, opened
from tests.models.hub_server import Fault

NOW = datetime(2026, 11, 30, 6, 0, 0, tzinfo=timezone.utc)
CASES = json.loads((Path(__file__).resolve().parents[2] / "cases" / "hub" / "waits.json").read_text("utf-8"))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened(tmp_path) as running:
        yield running
    huggingface_hub.close_session()


def ask(place: Place, told: list[str], stop: threading.Event | None = None) -> Callable[[], object]:
    """A question for the listing, with the place's clock."""
    hub = Hub(place.server.endpoint, clock=place.clock).heeding(stop or threading.Event(), told.append)
    return lambda: hub.files("tiny/base", place.revision)


def bring(place: Place, told: list[str], stop: threading.Event | None = None) -> Callable[[], object]:
    """A transfer of the weights."""
    listed = place.listing(NAME)
    assert listed
    return lambda: place.bring(NAME, on_wait=told.append, stop=stop)


WAYS = pytest.mark.parametrize(("way", "route"), [(ask, "/tree/"), (bring, NAME)], ids=["asked", "fetched"])


@pytest.mark.parametrize("case", CASES)
def test_what_a_hub_asks_for_is_understood(case: str) -> None:
    assert asked_s(CASES[case]["headers"], NOW) == CASES[case]["seconds"]


@given(retry_after=st.text(max_size=40), ratelimit=st.text('"apir=t;,0123456789 reset', max_size=60))
def test_no_header_breaks_anything(retry_after: str, ratelimit: str) -> None:
    seconds = asked_s({"retry-after": retry_after, "ratelimit": ratelimit, "date": retry_after}, NOW)
    assert seconds is None or 0 <= seconds < 10**13


@WAYS
@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "300"}, 300.0),
        ({"RateLimit": '"api";r=0;t=243'}, 243.0),
        ({"Retry-After": str(int(MOST_S))}, MOST_S),
    ],
)
def test_a_window_is_waited_out(
    place: Place, way: Callable[..., Callable[[], object]], route: str, headers: dict[str, str], wait_s: float
) -> None:
    told: list[str] = []
    work = way(place, told)
    place.server.faults.append(Fault(route, status=429, headers=headers))
    place.clock.waits.clear()
    work()
    assert place.clock.waits == [wait_s]
    (line,) = told
    assert line.startswith("rate limited by the hub: going on at ")
    assert line.endswith(f" UTC (in {wait_s / 60:.0f} min)")


@WAYS
def test_a_date_is_waited_for_by_the_hubs_own_clock(
    place: Place, way: Callable[..., Callable[[], object]], route: str
) -> None:
    told: list[str] = []
    work = way(place, told)
    ends = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=100), usegmt=True)
    place.server.faults.append(Fault(route, status=503, headers={"Retry-After": ends}))
    place.clock.waits.clear()
    work()
    (waited,) = place.clock.waits
    assert 95 <= waited <= 101
    assert told[0].startswith("the hub is busy: going on at ")


@WAYS
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}, {"Retry-After": "-5"}, {"Retry-After": "0"}])
def test_a_hub_that_names_no_time_gets_growing_pauses(
    place: Place, way: Callable[..., Callable[[], object]], route: str, headers: dict[str, str]
) -> None:
    told: list[str] = []
    work = way(place, told)
    place.server.faults.append(Fault(route, times=2, status=429, headers=headers))
    place.clock.waits.clear()
    work()
    assert (place.clock.waits, told) == ([0.5, 1.0], [])


@WAYS
@pytest.mark.parametrize("asked", ["901", "31536000", "Tue, 30 Nov 2060 06:00:00 GMT"])
def test_nobody_waits_for_longer_than_is_declared(
    place: Place, way: Callable[..., Callable[[], object]], route: str, asked: str
) -> None:
    told: list[str] = []
    work = way(place, told)
    place.server.faults.append(Fault(route, status=429, headers={"Retry-After": asked}))
    place.clock.waits.clear()
    with pytest.raises(
        RateLimited, match=r"the hub .* rate limits this machine and asks it to wait \d+ (min|h|days)"
    ) as no:
        work()
    assert (place.clock.waits, told, no.value.code) == ([], [], 4)
    assert "cannot reach" not in no.value.message
    assert hints.text(no.value.hint).startswith("wait that long, then: sage-edge model prepare REF; with a login")
    work()


@WAYS
def test_a_hub_that_limits_without_end_is_given_up_by_its_name(
    place: Place, way: Callable[..., Callable[[], object]], route: str
) -> None:
    told: list[str] = []
    work = way(place, told)
    place.server.faults.append(Fault(route, times=99, status=429, headers={"Retry-After": "300"}))
    place.clock.waits.clear()
    with pytest.raises(RateLimited, match="rate limits this machine and asks it to wait 5 min"):
        work()
    assert set(place.clock.waits) == {300.0}
    assert len(place.clock.waits) == len(told) == (3 if route == "/tree/" else 5)
    assert issubclass(RateLimited, Unreachable)


@WAYS
def test_a_wait_ends_when_the_work_is_stopped(
    place: Place, way: Callable[..., Callable[[], object]], route: str
) -> None:
    stop = threading.Event()
    work = way(place, [], stop)
    place.server.faults.append(Fault(route, times=9, status=429, headers={"Retry-After": "300"}))
    place.clock.waits.clear()
    place.clock.on_wait = stop.set
    with pytest.raises(ModelWorkInterrupted) as refusal:
        work()
    assert (place.clock.waits, refusal.value.code) == ([300.0], 130)


def test_a_wait_shows_in_the_bar_until_bytes_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from sage_edge.cli import progress_bar

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    with progress_bar.of_bytes() as bar:
        bar.note("rate limited by the hub: going on at 06:05:00 UTC (in 5 min)")
        shown: ByteProgress = bar
    assert "rate limited by the hub: going on at 06:05:00 UTC (in 5 min)" in screen.getvalue()
    assert callable(shown)


def test_a_wait_is_a_line_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    from sage_edge.cli import progress_bar

    with progress_bar.of_bytes() as bar:
        bar.note("rate limited by the hub")
        bar(1, 2)
    assert capsys.readouterr().err == "rate limited by the hub\n"
