"""Releases on the board: named by their content, whole or not at all, and inside their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge.host import release_store
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import Refusal
from tests.host.boards import NEW, OLD


@pytest.fixture
def places(tmp_path: Path) -> Places:
    Places(tmp_path).releases.mkdir(parents=True)
    return Places(tmp_path)


def test_a_release_is_written_once(places: Places) -> None:
    assert release_store.write(places, *NEW)
    assert not release_store.write(places, *NEW)
    assert release_store.read(places, NEW[0].short).image == NEW[0].image
    assert (places.releases / NEW[0].short / ".env").stat().st_mode & 0o777 == 0o600


def test_a_half_written_release_does_not_count(places: Places) -> None:
    folder = places.releases / NEW[0].short
    folder.mkdir()
    (folder / "compose.yaml").write_text("half", "utf-8")
    with pytest.raises(Refusal, match="no release"):
        release_store.read(places, NEW[0].short)
    release_store.write(places, *NEW)
    assert (folder / "compose.yaml").read_text("utf-8") == NEW[1]["compose.yaml"]


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "./a"])
def test_no_file_leaves_the_folder(places: Places, name: str) -> None:
    with pytest.raises(Refusal, match="expected a path inside the release") as told:
        release_store.write(places, NEW[0], {**NEW[1], name: "x"})
    assert told.value.code == 2
    assert not (places.releases / NEW[0].short).exists()


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"host": 1}', '{"host":"a","role":"b","board":"c","image":"d","models":[]}']
)
def test_what_is_no_release_is_refused(content: str) -> None:
    with pytest.raises(Refusal, match=r"release\.json is none"):
        release_store.parse(content.encode())


def test_an_image_is_named_by_its_id() -> None:
    told = '{"host":"a","role":"b","board":"c","image":"sprout:latest","models":{}}'
    with pytest.raises(Refusal, match="expected an image id, got 'sprout:latest'"):
        release_store.parse(told.encode())


def test_current_is_a_link_and_nothing_else(places: Places) -> None:
    assert release_store.current(places) is None
    release_store.switch(places, OLD[0].short)
    assert release_store.current(places) == OLD[0].short
    release_store.switch(places, None)
    assert release_store.current(places) is None


@pytest.mark.parametrize("name", ["..", "abc", "zzzzzzzzzzzz", ""])
def test_a_release_is_named_by_twelve_digits(places: Places, name: str) -> None:
    with pytest.raises(Refusal, match="expected 12 hex digits"):
        release_store.read(places, name)


def test_a_release_is_meant_by_a_beginning_that_only_one_has(places: Places) -> None:
    for name in ("aaaa11112222", "aaaa33334444", "bbbb55556666"):
        (places.releases / name).mkdir()
    assert release_store.named(places, "b") == "bbbb55556666"
    assert release_store.named(places, "aaaa3") == "aaaa33334444"
    assert release_store.named(places, "aaaa33334444" + "0" * 52) == "aaaa33334444"
    assert release_store.named(places, "cccc") == "cccc"
    with pytest.raises(Refusal, match="release aaaa may be aaaa11112222, aaaa33334444"):
        release_store.named(places, "aaaa")
    with pytest.raises(Refusal, match="expected 12 hex digits"):
        release_store.read(places, release_store.named(places, ""))
