"""Real hosts under testinfra: `invoke verify` runs these modules; the ordinary test run does not collect them.

    pytest tests/fleet --confcutdir=tests/fleet --board sprout --overlay sim
    pytest tests/fleet --confcutdir=tests/fleet --board sprout --overlay sim --via docker://sage@CONTAINER

What must be true comes from `verify.expect`; `test_<kind>` asks for the facts of one kind with testinfra's own modules,
so nothing here rests on the helper's word except who logs in and which release is current.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import asdict
from pathlib import Path

import pytest
from testinfra.host import Host

from sage_edge.errors import SageError
from sage_edge.inventory.board_card import Board
from sage_edge.verify.expect_wants import Found
from sage_edge.verify.rulings import Expectation, Ruling
from tests.fleet import reaching
from tests.fleet.asking import Agent
from tests.fleet.reaching import Reached

REACHED = pytest.StashKey[Reached]()
RULED = pytest.StashKey[dict[str, Ruling]]()
WAY = pytest.StashKey[Generator[Reached, None, None]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare who is examined, and how to get there."""
    words = parser.getgroup("fleet")
    words.addoption("--board", default="", help="the host to examine; without one, nothing here is collected")
    words.addoption("--overlay", default="", help="the overlay of fleet/overlays in which it is declared")
    words.addoption(
        "--via", default="", help="ssh://HOST, docker://USER@CONTAINER or local://; default: one ssh for all"
    )
    words.addoption("--rulings", default="", metavar="FILE", help="leave there what came of each check, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Reach the host once, and ask it who it is; what keeps us from it is told once, too."""
    if board := config.getoption("--board", ""):
        way = reaching.reached(board, config.getoption("--overlay"), config.getoption("--via"))
        try:
            config.stash[REACHED] = next(way)
        except SageError as kept:
            error = {"message": kept.message, "hint": kept.hint, "code": kept.code}
            _leave(config, {"error": error})
            pytest.exit(kept.message, returncode=kept.code)
        config.stash[WAY], config.stash[RULED] = way, {}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close what was opened."""
    if WAY in config.stash:
        config.stash[WAY].close()


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Nothing in this folder is a test of ours: it needs a host."""
    return None if config.getoption("--board", "") else True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `test_<kind>` every expectation of its kind."""
    kind = metafunc.function.__name__.removeprefix("test_").replace("_", "-")
    mine = [one for one in metafunc.config.stash[REACHED].expectations if one.question.kind == kind]
    metafunc.parametrize("expectation", mine, ids=[one.check for one in mine])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave a ruling for every expectation; one that nobody asked for does not hold."""
    config = session.config
    if REACHED in config.stash:
        ruled, expectations = config.stash[RULED], config.stash[REACHED].expectations
        rulings = [ruled.get(one.check) or one.unasked("the check broke; see pytest's output") for one in expectations]
        _leave(config, {"rulings": [asdict(one) for one in rulings]})


def _leave(config: pytest.Config, document: object) -> None:
    if path := config.getoption("--rulings"):
        Path(path).write_text(json.dumps(document), "utf-8")


@pytest.fixture
def host(pytestconfig: pytest.Config) -> Host:
    """The host that is examined, as testinfra sees it; in place of testinfra's own fixture."""
    return pytestconfig.stash[REACHED].host


@pytest.fixture(scope="session")
def agent(pytestconfig: pytest.Config) -> Agent:
    """The agent's container."""
    return Agent(pytestconfig.stash[REACHED].host)


@pytest.fixture
def card(pytestconfig: pytest.Config) -> Board:
    """The card of the board that it must be."""
    return pytestconfig.stash[REACHED].card


@pytest.fixture
def of(expectation: Expectation) -> str:
    """Which group, path, label, … is asked for."""
    return expectation.question.of


@pytest.fixture
def rule(
    expectation: Expectation, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]
) -> Callable[[Found], None]:
    """Judge what was found: keep the ruling, and fail the test where it does not hold."""

    def ruled(found: Found) -> None:
        ruling = expectation.judge(found)
        pytestconfig.stash[RULED][ruling.check] = ruling
        record_property("expected", ruling.expected)
        record_property("found", ruling.found)
        assert ruling.holds, f"expected {ruling.expected}, found {ruling.found}; next: {ruling.remedy}"

    return ruled
