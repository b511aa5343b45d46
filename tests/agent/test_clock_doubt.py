"""By a clock in doubt nothing is done that cannot be undone, the doubt is told, and all is well once it is right."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from sage_edge.agent import by_hand, clock_doubt, loop, wake
from sage_edge.names import HostName, SessionId
from sage_edge.records import paper_paths
from sage_edge.records.study import Decision, Recommendation
from sage_edge.records.transcript import Slot
from sage_edge.sessions import archive
from tests.agent.test_decisions import recommendation
from tests.agent.test_wake import on_hub, status, worklog
from tests.clocks import BoardClock
from tests.fakes import MORNING, PRIMARY, Home, World

Make = Callable[..., Home]
DAY = timedelta(days=1)
WRONG = [
    datetime(1970, 1, 1, 0, 10, tzinfo=timezone.utc),
    MORNING - 2 * DAY,
    MORNING + 401 * DAY,
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc),
]


@pytest.fixture
def clock() -> BoardClock:
    """The clock of a board without a battery."""
    return BoardClock()


@pytest.fixture
def board(world: World, clock: BoardClock) -> Callable[..., Home]:
    """A host on a board whose clock must be kept, committed just before this morning."""
    card = world.fleet / "boards" / "cpu.yaml"
    card.write_text(card.read_text("utf-8").replace("clock: battery", "clock: kept"), "utf-8")

    def make(host: str = "sprout") -> Home:
        return Home(world, host, clock=clock, committed=MORNING - timedelta(hours=1))

    return make


def sessions(home: Home) -> list[str]:
    """What was conducted."""
    return [*archive.sessions(home.paths.papers, "primary"), *archive.sessions(home.paths.papers, "training")]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_wrong_clock_serves_no_slot_and_a_right_one_finds_all_as_it_should_be(
    board: Make, world: World, clock: BoardClock, wrong: datetime
) -> None:
    clock.set(wrong)
    for _ in range(3):
        home = board()
        result = wake.once(home.agent)
        assert (result.failure, result.published) == (None, True)
        clock.wait(60, home.stop)
    assert sessions(board()) == []
    page = status(board())
    assert page.problems == (f"the clock is in doubt: {page.clock_doubt}",)
    assert page.next_due is None
    assert worklog(board()) == ["clock-in-doubt"]
    assert b"clock_doubt" in on_hub(world, "sprout")["status.json"]
    clock.synchronise()
    wake.once(board().agent)
    assert sessions(board()) == ["P001"]
    page = status(board())
    assert (page.clock_doubt, page.problems, page.clock_newest) == (None, (), clock.true)
    assert sorted(worklog(board())) == ["clock-in-doubt", "clock-well", "session-conducted"]


def test_nothing_since_the_start_has_kept_it(board: Make, clock: BoardClock) -> None:
    clock.is_kept = False
    wake.once(board().agent)
    assert sessions(board()) == []
    clock.is_kept = True
    wake.once(board().agent)
    clock.is_kept = False  # the network is gone, the machine runs on
    clock.wait(3 * 3600, board().stop)
    wake.once(board().agent)
    assert sessions(board()) == ["P001", "T001"]


def test_the_plan_says_why_nothing_would_be_done(board: Make, clock: BoardClock) -> None:
    clock.set(WRONG[0])
    why = {action.what: action.why for action in wake.plan(board().agent)}
    assert "and this release is not older" in why["conduct nothing"]
    assert not board().paths.clock.exists()


def recommended(board: Make) -> Recommendation:
    """What Thor has published to Sprout: a window of two sessions, valid for a week."""
    paper = recommendation(
        first=SessionId("P001"), last=SessionId("P002"), created=MORNING, valid_until=MORNING + 7 * DAY
    )
    thor = board("thor").agent
    thor.post.open()
    thor.post.put(paper)
    thor.post.publish("a recommendation")
    return paper


@pytest.mark.parametrize("wrong", WRONG[2:], ids=str)
def test_no_recommendation_dies_of_a_wrong_clock(board: Make, clock: BoardClock, wrong: datetime) -> None:
    paper = recommended(board)
    clock.set(wrong)
    result = wake.once(board().agent)
    assert result.failure is None
    assert not list(board().paths.papers.glob("decisions/*"))
    clock.synchronise()
    wake.once(board().agent)
    path = board().paths.papers / paper_paths.of_decision(paper.fingerprint())
    assert Decision.model_validate_json(path.read_bytes()).verdict == "accepted"
    transcript = archive.read(board().paths.papers / paper_paths.of_session(SessionId("P001")))
    assert transcript.head.intervention.recommendation == paper.fingerprint()


def test_a_session_by_hand_takes_what_was_accepted_though_it_seems_to_be_over(board: Make, clock: BoardClock) -> None:
    paper = recommended(board)
    wake.once(board().agent)
    clock.set(WRONG[3])
    home = board()
    (transcript,) = by_hand.conduct(home.agent, PRIMARY)
    assert transcript.session == "P002"
    assert transcript.head.slot is None
    assert transcript.head.intervention.recommendation == paper.fingerprint()


def test_what_a_lost_state_folder_knew_comes_back_with_its_papers(board: Make, clock: BoardClock) -> None:
    clock.wait(90 * 86400, board().stop)
    wake.once(board().agent)
    board().paths.clock.unlink()
    clock.restart()
    clock.set(clock.true - 30 * DAY, is_kept=None)
    wake.once(board().agent)
    assert "before what this host has seen" in (status(board()).clock_doubt or "")


def test_a_person_ends_what_a_clock_that_ran_ahead_has_left(board: Make, clock: BoardClock) -> None:
    """A network that said 2031 for a day, and was believed: the right clock is before what this host has seen."""
    clock.set(MORNING + 1500 * DAY, is_kept=True)
    wake.once(board().agent)
    clock.set(clock.true, is_kept=False)
    clock.restart()
    home = board()
    wake.once(home.agent)
    assert "before what this host has seen" in (status(home).clock_doubt or "")
    assert any("then: sage-edge clock trust --because REASON" in line for line in home.told)
    assert clock_doubt.end(home.agent, "my watch says so") is True
    assert clock_doubt.end(home.agent, "my watch says so") is False
    wake.once(board().agent)
    page = status(board())
    assert (page.clock_doubt, page.clock_newest) == (None, clock.true)
    assert worklog(board()).count("clock-trusted") == 1
    assert any("my watch says so" in line for line in home.told)


def test_a_researcher_in_doubt_measures_and_recommends_nothing(board: Make, clock: BoardClock) -> None:
    home = board()
    home.post.open()
    home.post.receive()
    for _ in range(2):
        by_hand.conduct(home.agent, PRIMARY)
    home.post.publish("sessions")
    clock.set(WRONG[3])
    result = wake.once(board("thor").agent)
    assert result.failure is None
    names = board("thor").post.names(HostName("thor"), "")
    assert sum(name.startswith("findings/") for name in names) == 2
    assert not any(name.startswith("recommendations/") for name in names)


def test_the_heartbeat_and_the_log_say_it(board: Make, clock: BoardClock) -> None:
    clock.set(WRONG[0])
    home = board()
    clock.on_wait = home.stop.set
    loop.run(home.agent)
    beat = json.loads(home.paths.heartbeat.read_bytes())
    assert "and this release is not older" in beat["clock_doubt"]
    assert "next slot" not in home.told[0]
    assert any("in doubt" in line for line in home.told)


def test_slots_that_a_wrong_clock_served_before_are_no_obstacle(board: Make, clock: BoardClock) -> None:
    """What an older release did: it served whatever slot its clock named."""
    home = board()
    home.post.open()
    home.post.receive()
    for far in (WRONG[0], MORNING + 300 * DAY):
        clock.true, kept = far, clock.true
        home.runner.start(PRIMARY, Slot(due=far.replace(hour=0, minute=0, second=0), late=False))
        clock.true = kept
    assert sessions(board()) == ["P001", "P002"]
    wake.once(board().agent)
    assert sessions(board()) == ["P001", "P002", "P003"]
    assert worklog(board()) == ["session-conducted"], "no slot between 1970 and today was missed"
