"""Real hosts under testinfra: `invoke verify` runs these modules; the ordinary test run does not collect them.

    pytest tests/fleet --confcutdir=tests/fleet --board sprout --overlay sim
    pytest tests/fleet --confcutdir=tests/fleet --board sprout --overlay sim --via docker://sage@CONTAINER

What must be true comes from `verify.board_checks`; `test_<kind>` asks for the facts of one kind with testinfra's own
modules, so nothing here rests on the helper's word except who logs in and which release is current.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from testinfra.host import Host

from sage_edge import hints
from sage_edge.errors import SageError
from sage_edge.inventory.board_card import Board
from sage_edge.verify import check
from sage_edge.verify.board.facts import BoardCase
from sage_edge.verify.check import CheckResult
from sage_edge.verify.wants import FactValue
from tests.fleet import reaching
from tests.fleet.asking import AGENT, SERVER, Container
from tests.fleet.reaching import Reached

REACHED = pytest.StashKey[Reached]()
RESULTS = pytest.StashKey[dict[str, CheckResult]]()
WAY = pytest.StashKey[Generator[Reached, None, None]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare who is examined, and how to get there."""
    words = parser.getgroup("fleet")
    words.addoption("--board", default="", help="the host to examine; without one, nothing here is collected")
    words.addoption("--overlay", default="", help="the overlay of fleet/overlays in which it is declared")
    words.addoption(
        "--via", default="", help="ssh://HOST, docker://USER@CONTAINER or local://; default: one ssh for all"
    )
    words.addoption("--results", default="", metavar="FILE", help="leave there what came of each check, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Reach the host once, and ask it who it is; what keeps us from it is told once, too."""
    if board := config.getoption("--board", ""):
        way = reaching.reached(board, config.getoption("--overlay"), config.getoption("--via"))
        try:
            config.stash[REACHED] = next(way)
        except SageError as kept:
            error = {"message": kept.message, "hint": hints.plain(kept.hint), "code": kept.code}
            _leave(config, {"error": error})
            pytest.exit(kept.message, returncode=kept.code)
        config.stash[WAY], config.stash[RESULTS] = way, {}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close what was opened."""
    if WAY in config.stash:
        config.stash[WAY].close()


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Nothing in this folder is a test of ours: it needs a host."""
    return None if config.getoption("--board", "") else True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `test_<kind>` every check of its kind."""
    kind = metafunc.function.__name__.removeprefix("test_").replace("_", "-")
    mine = [case for case in metafunc.config.stash[REACHED].cases if case.fact.kind == kind]
    metafunc.parametrize("case", mine, ids=[case.name for case in mine])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave a result for every check; one that nobody asked for does not hold."""
    config = session.config
    if REACHED in config.stash:
        judged, cases = config.stash[RESULTS], config.stash[REACHED].cases
        results = [judged.get(case.name) or case.unasked("the check broke; see pytest's output") for case in cases]
        _leave(config, {"results": [check.as_document(result) for result in results]})


def _leave(config: pytest.Config, document: object) -> None:
    if path := config.getoption("--results"):
        Path(path).write_text(json.dumps(document), "utf-8")


@pytest.fixture
def host(pytestconfig: pytest.Config) -> Host:
    """The host that is examined, as testinfra sees it; in place of testinfra's own fixture."""
    return pytestconfig.stash[REACHED].host


@pytest.fixture(scope="session")
def agent(pytestconfig: pytest.Config) -> Container:
    """The agent's container."""
    return Container(pytestconfig.stash[REACHED].host, AGENT)


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Container:
    """The container of the gateway to what it serves."""
    return Container(pytestconfig.stash[REACHED].host, SERVER)


@pytest.fixture
def card(pytestconfig: pytest.Config) -> Board:
    """The card of the board that it must be."""
    return pytestconfig.stash[REACHED].card


@pytest.fixture
def of(case: BoardCase) -> str:
    """Which group, path, label, … is asked for."""
    return case.of


@pytest.fixture
def rule(
    case: BoardCase, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]
) -> Callable[[FactValue], None]:
    """Judge an answer: keep the result, and fail the test where it does not hold."""

    def ruled(value: FactValue) -> None:
        result = case.judge(value)
        pytestconfig.stash[RESULTS][result.check] = result
        record_property("expected", result.wanted)
        record_property("found", result.answer)
        assert result.holds, f"expected {result.wanted}, found {result.answer}; next: {hints.text(result.remedy)}"

    return ruled
