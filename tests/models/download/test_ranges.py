"""One file over a bad line: cuts, stalls, refusals, other lengths, and servers that know no ranges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sage_edge import hints
from sage_edge.errors import HubRefused, Unreachable
from sage_edge.models.download.fetch import bring
from sage_edge.models.download.hub import Hub
from sage_edge.models.errors import WrongSize
from tests.models.fetch_place import (
    FILES,
    MIB,
    NAME,
    REPO,
    SIZE,
    WEIGHTS,
    Place,
    is_whole,
    opened,
    stop_at,
)
from tests.models.hub_server import HubServer


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened(tmp_path) as ready:
        yield ready


@pytest.mark.parametrize("at", [0, 1, MIB, MIB + 1, 3 * MIB - 1, SIZE - 1])
def test_a_cut_costs_nothing_in_the_same_process(place: Place, at: int) -> None:
    place.fail(cut_at=at)
    assert is_whole(place, place.bring(NAME), [NAME])
    assert place.asked() == [(None, 200, at), (f"bytes={at}-{SIZE - 1}" if at else None, 206 if at else 200, SIZE - at)]
    assert place.clock.waits == [0.5]


def test_a_server_that_cuts_again_and_again_is_borne_while_bytes_come(place: Place) -> None:
    place.fail(cut_at=MIB // 4, times=8)
    place.fail(cut_at=MIB // 2, times=6)
    assert is_whole(place, place.bring(NAME), [NAME])
    assert max(place.clock.waits) == 4.0  # a MiB came after four cuts, and the count began anew


def test_a_server_that_cuts_at_once_for_ever_is_given_up(place: Place) -> None:
    place.fail(cut_at=10, times=99)
    with pytest.raises(Unreachable) as refusal:
        place.bring(NAME)
    assert refusal.value.message == (
        f"cannot reach the hub for {place.name}: the connection broke (RemoteProtocolError); "
        f"60 of {SIZE} bytes of {NAME} are here"
    )
    assert hints.text(refusal.value.hint) == "try again, it goes on where it stopped: sage-edge model prepare REF"
    assert place.clock.waits == [0.5, 1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_server_in_trouble_is_asked_again(place: Place, status: int) -> None:
    place.fail(status=status, times=2, headers={"Retry-After": "3"})
    assert is_whole(place, place.bring(NAME), [NAME])
    assert place.clock.waits == [3.0, 3.0]


def test_a_server_that_stays_in_trouble_is_given_up_and_nobody_waits_an_hour(place: Place) -> None:
    place.fail(status=503, times=99)
    with pytest.raises(Unreachable, match="it answers with status 503; 0 of"):
        place.bring(NAME)
    assert place.clock.waits == [0.5, 1.0, 2.0, 4.0, 8.0]
    place.server.faults.clear()
    place.fail(status=503, headers={"Retry-After": "3600"})
    with pytest.raises(Unreachable, match="it answers with status 503 and asks to wait 60 min; 0 of"):
        place.bring(NAME)
    assert len(place.clock.waits) == 5


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (400, "does not give {} (status 400)"),
        (401, "has no {}, or does not show it to this machine, which sends no token"),
        (403, "does not give {} (status 403)"),
        (404, "has no {}, or does not show it to this machine, which sends no token"),
        (410, "has withdrawn {}"),
        (451, "has withdrawn {}"),
    ],
)
def test_a_server_that_says_no_is_believed(place: Place, status: int, why: str) -> None:
    place.fail(status=status)
    with pytest.raises(HubRefused) as refusal:
        place.bring(NAME)
    assert refusal.value.message == f"the hub {why.format(f'{NAME} of {place.name}')}"
    assert refusal.value.code == 3
    assert place.clock.waits == []


def test_a_stalled_connection_is_given_up_and_asked_again(place: Place) -> None:
    place.fail(stall_at=2 * MIB)
    assert is_whole(place, place.bring(NAME, timeout_s=0.5), [NAME])
    assert place.asked()[1][0] == f"bytes={2 * MIB}-{SIZE - 1}"


def test_a_server_without_range_sends_all_and_only_the_rest_is_taken(place: Place) -> None:
    stop_at(place, 3 * MIB)
    place.fail(no_range=True, cut_at=4 * MIB)
    place.fail(no_range=True)
    assert is_whole(place, place.bring(NAME), [NAME])
    assert [status for _, status, _ in place.asked()] == [200, 200]


def test_a_server_that_says_no_length_is_taken_by_what_comes(place: Place) -> None:
    place.fail(no_length=True, no_range=True)
    assert is_whole(place, place.bring(NAME), [NAME])


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        ({"body": WEIGHTS[:-1]}, str(SIZE - 1)),
        ({"extra": b"x"}, str(SIZE + 1)),
        ({"body": b"<html>log in to the hotel</html>"}, "32"),
        ({"extra": b"x" * 70_000, "no_length": True}, f"more than {SIZE}"),
    ],
)
def test_another_length_is_refused(place: Place, fault: dict[str, Any], sent: str) -> None:
    place.fail(**fault)
    with pytest.raises(WrongSize) as refusal:
        place.bring(NAME)
    assert refusal.value.message == f"the hub sends {sent} bytes of {NAME} of {place.name}, its listing says {SIZE}"
    assert refusal.value.code == 8
    assert is_whole(place, place.bring(NAME), [NAME])


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"body": WEIGHTS + b"x"}, f"the hub sends {SIZE + 1} bytes of"),
        ({"body": b"short"}, "ends before what was asked for"),
        ({"headers": {"Content-Range": f"bytes 0-9/{SIZE}"}}, "its own answer says 10"),
        ({"headers": {"Content-Range": "nonsense"}}, "the hub does not say which part of"),
        ({"headers": {"Content-Encoding": "gzip"}}, "encoded, which nobody asked for"),
    ],
)
def test_a_range_of_something_else_is_refused(place: Place, fault: dict[str, Any], told: str) -> None:
    stop_at(place, 3 * MIB)
    place.fail(**fault)
    with pytest.raises(WrongSize, match=told):
        place.bring(NAME)
    place.server.requests.clear()
    assert is_whole(place, place.bring(NAME), [NAME])
    assert place.asked()[0][2] < SIZE - 2 * MIB


def test_a_redirect_to_the_right_bytes_is_followed_with_the_range(place: Place) -> None:
    stop_at(place, 3 * MIB)
    with HubServer() as elsewhere:
        revision = elsewhere.add(REPO, {NAME: WEIGHTS})
        place.fail(redirect=f"{elsewhere.endpoint}/{REPO}/resolve/{revision}/{NAME}")
        assert is_whole(place, place.bring(NAME), [NAME])
        assert [request.range for request in elsewhere.requests] == [f"bytes={3 * MIB}-{SIZE - 1}"]


def test_a_hub_that_goes_away_is_said_and_what_came_is_kept(place: Place, tmp_path: Path) -> None:
    with HubServer() as leaving:
        revision = leaving.add(REPO, FILES)
        listing = [file for file in Hub(leaving.endpoint).files(REPO, revision) if file.path == NAME]
    source = Hub(leaving.endpoint).at(REPO, revision)
    with pytest.raises(Unreachable, match=r"Connection refused; 0 of \d+ bytes of model.safetensors are here") as told:
        bring(source, listing, place.store, clock=place.clock)
    assert told.value.code == 4
