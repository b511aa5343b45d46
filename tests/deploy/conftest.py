"""Two boards for the session; every test starts with empty stores and a fleet of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge.models.store.store import Store
from sage_edge.remote.board import helper_zipapp
from tests.deploy import boards
from tests.deploy.boards import Board
from tests.deploy.ground import built, ground, served, sprout_image

__all__ = ["built", "ground", "served", "sprout_image"]


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workstation's private key."""
    path = tmp_path_factory.mktemp("keys") / "id"
    boards.keygen(path)
    return path


@pytest.fixture(scope="session")
def running_sprout(tmp_path_factory: pytest.TempPathFactory, identity: Path) -> Iterator[Board]:
    """A board with everything on its PATH that this machine has."""
    folder = tmp_path_factory.mktemp("sprout")
    with boards.board("sprout", folder, identity.with_suffix(".pub").read_text(), bare=False) as one:
        yield one


@pytest.fixture(scope="session")
def running_thor(tmp_path_factory: pytest.TempPathFactory, identity: Path) -> Iterator[Board]:
    """A board that has only what the far side needs."""
    folder = tmp_path_factory.mktemp("thor")
    with boards.board("thor", folder, identity.with_suffix(".pub").read_text(), bare=True) as one:
        yield one


@pytest.fixture(scope="session")
def helper_call(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The words that call the helper that is installed for all boards of this machine."""
    return boards.install_helper(tmp_path_factory.mktemp("helper") / "host")


@pytest.fixture
def sprout(running_sprout: Board) -> Board:
    return _emptied(running_sprout)


@pytest.fixture
def thor(running_thor: Board) -> Board:
    (running_thor.tools / "sage-edge").unlink(missing_ok=True)
    return _emptied(running_thor)


def _emptied(one: Board) -> Board:
    shutil.rmtree(one.store.root, ignore_errors=True)
    return one


@pytest.fixture
def fleet(
    tmp_path: Path,
    sprout: Board,
    thor: Board,
    identity: Path,
    helper_call: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A fleet with both boards, provisioned with our helper, in a folder with a blank in its name."""
    monkeypatch.setattr(helper_zipapp, "CALL", helper_call)
    return boards.fleet(tmp_path / "a fleet", (sprout, thor), identity)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The workstation's own store."""
    return Store(tmp_path / "models")
