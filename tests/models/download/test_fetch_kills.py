"""SIGKILL in the middle of a download: it goes on, and no byte known to be on the disk comes twice."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from sage_edge.files import digest
from sage_edge.models.download import partial
from sage_edge.models.download.fetch import bring
from sage_edge.models.download.ranges import RemoteFile
from sage_edge.models.store.store import Store
from tests.kill import victims
from tests.kill.victims import Fuse, Moment
from tests.models import fetch_kills
from tests.models.fetch_kills import MOST_UNKNOWN, Loss
from tests.models.fetch_place import Shelf
from tests.models.hub_server import git_oid


def judge(losses: list[Loss]) -> None:
    assert [loss.problems for loss in losses if loss.problems] == []
    for loss in losses:
        assert loss.again == loss.size - loss.known, "a byte that was known to be on the disk came twice"
        assert loss.received - loss.known <= MOST_UNKNOWN


@pytest.mark.slow
def test_a_killed_download_goes_on(tmp_path: Path) -> None:
    judge(list(fetch_kills.kills(tmp_path, shots=5, size=7 << 20, seed=3)))


@pytest.mark.parametrize("at", [0, 1, 1 << 20, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, 5_000_000])
def test_a_kill_at_an_edge(tmp_path: Path, at: int) -> None:
    judge([fetch_kills.kill(tmp_path / "edge", bytes(5_000_000), at)])


CHUNK = 4096
CONTENT = random.Random(8).randbytes(5 * CHUNK + 77)
FILES = {
    "large": RemoteFile("large", len(CONTENT), digest(CONTENT), "0" * 40),
    "small": RemoteFile("small", len(CONTENT), None, git_oid(CONTENT)),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "moment"),
    [
        ("large", "before"),
        ("small", "inside"),
        pytest.param("small", "before", marks=pytest.mark.slow),
        pytest.param("large", "inside", marks=pytest.mark.slow),
        pytest.param("large", "after", marks=pytest.mark.slow),
        pytest.param("small", "after", marks=pytest.mark.slow),
    ],
)
def test_a_kill_at_every_call_that_keeps_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, moment: Moment
) -> None:
    monkeypatch.setattr(partial, "CHUNK", CHUNK)
    monkeypatch.setattr(partial, "BATCH", 2 * CHUNK)
    wanted = [FILES[kind]]

    def fetched(at: int) -> int:
        """Fetch in a fork that is killed at its `at`-th call; its exit status is the number of calls."""
        store, fuse = Store(tmp_path / str(at)), Fuse(at, moment)

        def work() -> int:
            fuse.arm()
            bring(Shelf(CONTENT, piece=1_500), wanted, store)
            return len(fuse.calls)

        return victims.status_of(victims.spawn(work, tmp_path / f"{at}.txt"))

    calls = fetched(0)
    assert 30 < calls < 70  # 70: it failed
    given = []
    for at in range(1, calls + 1):
        assert fetched(at) in (-signal.SIGKILL, calls)
        store, shelf = Store(tmp_path / str(at)), Shelf(CONTENT, piece=1_500)
        assert bring(shelf, wanted, store) == {kind: digest(CONTENT)}
        assert store.blob(digest(CONTENT)).read_bytes() == CONTENT
        assert not [path for path in store.partial.iterdir() if path.suffix in (".part", ".chunks")]
        given.append(shelf.given)
    assert max(given) == len(CONTENT)
    assert given[-1] == 0
    assert len(set(given)) > 3


@pytest.mark.full
def test_a_hundred_killed_downloads_go_on(tmp_path: Path) -> None:
    judge(list(fetch_kills.kills(tmp_path, shots=100, size=24 << 20, seed=4)))
