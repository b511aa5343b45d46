"""A server whose answer is another than was asked for: what is of use is taken, what is here stays, and it is said.

Each row begins with 3 MiB of the file here, and asks for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sage_edge import hints
from sage_edge.models.download.partial import CHUNK, Partial
from sage_edge.models.errors import DigestMismatch, WrongSize
from tests.models.fetch_place import MIB, NAME, SIZE, WEIGHTS, Place, flip, is_whole, opened, stop_at

HERE = 3 * MIB
ASKED = f"asked for were {HERE} to {SIZE - 1}"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened(tmp_path) as ready:
        stop_at(ready, HERE)
        yield ready


def part(begin: int, end: int, total: object = SIZE) -> Mapping[str, str]:
    """The header of an answer with the bytes from `begin` up to `end`."""
    return {"Content-Range": f"bytes {begin}-{end - 1}/{total}"}


def answer(begin: int, end: int, status: int = 206, **more: Any) -> dict[str, Any]:
    """An answer that is what it says."""
    return {"status": status, "body": WEIGHTS[begin:end], "headers": part(begin, end), **more}


OF_USE: dict[str, tuple[dict[str, Any], int]] = {
    "a part, called the whole": (answer(HERE, SIZE, 200), 1),
    "a part, called the whole, without its length": (answer(HERE, SIZE, 200, no_length=True), 1),
    "an earlier part, called the whole": (answer(MIB, SIZE, 200), 1),
    "an earlier part, called the whole, without its length": (answer(MIB, SIZE, 200, no_length=True), 1),
    "the whole, called a part": (answer(0, SIZE), 1),
    "the whole, with a range": (answer(0, SIZE, 200), 1),
    "a part that begins earlier": (answer(MIB + 7, SIZE), 1),
    "a part that begins earlier and ends earlier": (answer(MIB + 7, HERE + 9), 2),
    "a part that ends earlier": (answer(HERE, HERE + MIB), 2),
    "a part of an unknown whole": (answer(HERE, SIZE) | {"headers": part(HERE, SIZE, "*")}, 1),
    "another ETag": (answer(HERE, SIZE) | {"headers": {**part(HERE, SIZE), "ETag": f'"{"0" * 64}"'}}, 1),
}

OF_NO_USE: dict[str, tuple[dict[str, Any], str]] = {
    "a part that is here": (answer(MIB, 2 * MIB), f"the hub sends bytes {MIB} to {2 * MIB - 1} of {{}}, {ASKED}"),
    "a part that is here, called the whole": (
        answer(0, MIB, 200),
        f"the hub sends bytes 0 to {MIB - 1} of {{}}, {ASKED}",
    ),
    "a part that ends where it should begin": (
        answer(MIB, HERE),
        f"the hub sends bytes {MIB} to {HERE - 1} of {{}}, {ASKED}",
    ),
    "a part that begins later": (
        answer(HERE + 1, SIZE),
        f"the hub sends bytes {HERE + 1} to {SIZE - 1} of {{}}, {ASKED}",
    ),
    "a part of another whole": (
        answer(HERE, SIZE) | {"headers": part(HERE, SIZE, SIZE + 5)},
        f"the hub sends {SIZE + 5} bytes of {{}}, its listing says {SIZE}",
    ),
    "a part that says not which": (
        {"status": 206, "body": WEIGHTS[HERE:]},
        "the hub does not say which part of {} it sends",
    ),
    "several parts": (
        {"status": 206, "body": WEIGHTS[HERE:], "headers": {"Content-Type": "multipart/byteranges; boundary=x"}},
        "the hub does not say which part of {} it sends",
    ),
    "the whole, called the part": (
        {"status": 206, "body": WEIGHTS, "headers": part(HERE, SIZE)},
        f"the hub sends {SIZE} bytes of {{}}, its own answer says {SIZE - HERE}",
    ),
    "more than it says, without its length": (
        {"status": 206, "body": WEIGHTS, "headers": part(HERE, SIZE), "no_length": True},
        f"the hub sends more than {SIZE - HERE} bytes of {{}}, its own answer says {SIZE - HERE}",
    ),
    "less than it says": (
        {"status": 206, "body": WEIGHTS[HERE : HERE + 10], "headers": part(HERE, SIZE)},
        f"the hub sends 10 bytes of {{}}, its own answer says {SIZE - HERE}",
    ),
    "a range backwards": (
        {"status": 206, "body": b"", "headers": {"Content-Range": f"bytes {SIZE - 1}-{HERE}/{SIZE}"}},
        f"the hub sends 0 bytes of {{}}, its own answer says {HERE - SIZE + 2}",
    ),
}


@pytest.mark.parametrize(("fault", "asks"), OF_USE.values(), ids=OF_USE)
def test_what_is_of_use_is_taken(place: Place, fault: dict[str, Any], asks: int) -> None:
    place.fail(**fault)
    assert is_whole(place, place.bring(NAME), [NAME])
    assert len(place.asked()) == asks
    assert place.asked()[-1][0] != f"bytes=0-{SIZE - 1}"


@pytest.mark.parametrize(("fault", "says"), OF_NO_USE.values(), ids=OF_NO_USE)
def test_what_is_of_no_use_is_said_and_what_is_here_stays(place: Place, fault: dict[str, Any], says: str) -> None:
    place.fail(**fault)
    with pytest.raises(WrongSize) as refused:
        place.bring(NAME)
    assert refused.value.message == says.format(f"{NAME} of {place.name}")
    assert hints.text(refused.value.hint).endswith(
        "try again, it goes on where it stopped: sage-edge model prepare REF"
    )
    place.server.requests.clear()
    assert is_whole(place, place.bring(NAME), [NAME])
    assert place.asked() == [(f"bytes={HERE}-{SIZE - 1}", 206, SIZE - HERE)]


def test_other_bytes_in_the_rest_cost_the_rest_alone(place: Place) -> None:
    """An answer that lies: other bytes in the place of those that it names."""
    place.fail(status=206, body=WEIGHTS[: SIZE - HERE], headers=part(HERE, SIZE))
    assert is_whole(place, place.bring(NAME), [NAME])
    assert [asked for asked, _, _ in place.asked()] == [f"bytes={HERE}-{SIZE - 1}"] * 2


def test_other_bytes_again_leave_nothing_to_go_on_with(place: Place) -> None:
    place.fail(status=206, body=WEIGHTS[: SIZE - HERE], headers=part(HERE, SIZE), times=2)
    with pytest.raises(DigestMismatch) as refused:
        place.bring(NAME)
    assert "none were kept" in hints.text(refused.value.hint)
    place.server.requests.clear()
    assert is_whole(place, place.bring(NAME), [NAME])
    assert place.asked() == [(None, 200, SIZE)]


def test_what_is_given_up_is_missing_now_and_later(tmp_path: Path) -> None:
    content = WEIGHTS[: 4 * CHUNK + 5]
    half = Partial(tmp_path, "key", len(content))
    with half.opened():
        half.write(0, content[: 3 * CHUNK + 9])
        half.forget(CHUNK + 1, 2 * CHUNK)
        assert (half.gap(), half.done_bytes) == ((3 * CHUNK + 9, 4 * CHUNK + 5), 2 * CHUNK + 9)
        half.forget(3 * CHUNK, 3 * CHUNK + 9)
        assert half.gaps == ((CHUNK, 2 * CHUNK), (3 * CHUNK, 4 * CHUNK), (4 * CHUNK, len(content)))
        assert half.done_bytes == 2 * CHUNK
    with half.opened():
        assert half.gap() == (CHUNK, 2 * CHUNK)
        half.write(CHUNK, content[CHUNK : 2 * CHUNK])
        assert half.gap() == (3 * CHUNK, len(content))
    flip(half.path, 0)
    with half.opened():
        assert half.gap() == (0, CHUNK)
