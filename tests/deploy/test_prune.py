"""Of the releases that served, a board keeps the last five and whatever is pinned, with their images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sage_edge.host import release_store, surplus
from tests.deploy import near_board
from tests.deploy.near_board import NearBoard


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NearBoard:
    return near_board.made(tmp_path / "work", monkeypatch)


def deployed(board: NearBoard, digits: str) -> list[str]:
    """Deploy one image after the other; return the releases."""
    names = []
    for digit in digits:
        board.build(digit)
        assert board.typed("deploy").code == 0
        names.append(board.serves())
    return names


def images(board: NearBoard) -> str:
    return "".join(sorted(image[7] for image in board.engine.images_there))


@pytest.mark.slow
def test_the_last_five_are_kept_with_their_images(board: NearBoard) -> None:
    names = deployed(board, "1234567")
    assert set(release_store.all_of(board.places)) == set(names[-surplus.KEEP :])
    assert images(board) == "34567"
    assert "releases " in board.typed("audit").out
    for before in reversed(names[2:6]):
        assert board.typed("rollback").code == 0
        assert board.serves() == before
    assert board.typed("rollback").code == 2


@pytest.mark.slow
def test_what_a_rollback_left_is_kept_for_the_way_forward(board: NearBoard) -> None:
    names = deployed(board, "12345")
    for _ in range(4):
        board.typed("rollback")
    assert board.serves() == names[0]
    assert board.helper("surplus")["releases"] == []
    board.engine.images_there.add(f"sha256:{'9' * 64}")
    assert board.typed("prune --yes").code == 0
    assert set(release_store.all_of(board.places)) == set(names)
    assert images(board) == "12345"


def test_it_is_shown_first_and_gone_after_yes(board: NearBoard) -> None:
    (name,) = deployed(board, "1")
    (board.places.releases / "abcdefabcdef").mkdir()
    board.engine.images_there |= {f"sha256:{'9' * 64}"}
    before = images(board)
    shown = board.typed("prune")
    assert shown.code == 0
    assert "may go: 1 release, 1 image" in shown.out
    assert "invoke prune --host sprout --yes" in shown.err
    assert (images(board), len(release_store.all_of(board.places))) == (before, 2)
    document = json.loads(board.typed("prune --json --yes").out)["content"][0]
    assert document["value"]["releases"] == ["abcdefabcdef"]
    assert (images(board), release_store.all_of(board.places)) == ("1", [name])
    assert "nothing is there that nobody needs" in board.typed("prune").out


def test_images_of_others_and_of_containers_stay(board: NearBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed(board, "1")
    foreign = f"sha256:{'9' * 64}"
    board.engine.images_there.add(foreign)
    board.engine.boxes["c9"] = {**board.engine.boxes["c1"], "Id": "c9", "Name": "/by-hand", "Image": foreign}
    assert board.helper("surplus")["images"] == []
    del board.engine.boxes["c9"]
    assert board.helper("surplus")["images"] == [foreign]
    monkeypatch.setattr(board.engine, "labels", {})
    assert board.helper("surplus")["images"] == []


def test_a_journal_that_cannot_be_read_keeps_everything(board: NearBoard) -> None:
    deployed(board, "12")
    with board.places.journal.open("r+b") as stream:
        stream.write(b"x")
    before = release_store.all_of(board.places)
    assert board.typed("prune --yes").code != 0
    assert release_store.all_of(board.places) == before


def test_a_removal_that_was_cut_off_is_finished(board: NearBoard) -> None:
    deployed(board, "1")
    left = board.places.releases / "abcdefabcdef.gone"
    left.mkdir()
    assert board.typed("prune --yes").code == 0
    assert not left.exists()
