"""What a board does about its agent by itself: by a clock of its own, with back-off, and never against a person."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.host import audit, clock, commands, file_lock, lease, machine, watch, watch_record
from sage_edge.host.board_paths import Places
from sage_edge.host.deployment import Deployment
from sage_edge.host.errors import Refusal
from sage_edge.host.helper_context import HelperContext
from sage_edge.host.machine import LocalEngine, Ran
from tests.host.boards import NEW, OLD, QUICK, Board


@dataclass
class Watched:
    """A board whose agent beats when a test says so. now: seconds since its boot."""

    board: Board
    now: float = 1000.0
    ran: list[tuple[str, ...]] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=lambda: {"Status": "running", "StartedAt": "1"})
    beats: int = 0

    @property
    def context(self) -> HelperContext:
        return HelperContext(self.board.places, cast(LocalEngine, self), "helper", lambda line: None)

    def version(self) -> dict[str, Any]:
        return {"Version": "26.1"}

    def container(self, name: str) -> dict[str, Any]:
        return {"Image": OLD[0].image, "State": self.state, "Config": {"Env": [f"SAGE_RELEASE={OLD[0].short}"]}}

    def containers(self) -> list[dict[str, Any]]:
        return []

    def run(self, words: tuple[str, ...], **options: Any) -> Ran:
        self.ran.append(words[1:])
        if words[1] == "restart":
            self.state = {"Status": "running", "StartedAt": f"{self.now}"}
        return Ran(0, "", "")

    def beat(self) -> None:
        self.beats += 1
        path = self.board.places.state / "heartbeat.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".new").write_text(f'{{"beat": {self.beats}}}')
        path.with_suffix(".new").replace(path)

    def look(self, after: float = 30.0) -> str:
        """Let the timer fire once more."""
        self.now += after
        return str(commands.VERBS["watch"](self.context, {})["did"])

    def live(self, seconds: float, *, beating: bool) -> list[float]:
        """Look twice a minute; return when it was restarted."""
        restarts = []
        for number in range(int(seconds // 30)):
            if beating and number % 2:
                self.beat()
            if self.look() == "restarted":
                restarts.append(self.now)
        return restarts

    @property
    def notes(self) -> list[str]:
        return [f"{line['action']}: {line['detail']}" for line in audit.newest(self.board.places.audit, 99)]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr("os.fsync", lambda handle: None)
    board = Board(tmp_path)
    board.deploy(OLD)
    one = Watched(board)
    monkeypatch.setattr(machine, "run", one.run)
    monkeypatch.setattr(clock, "awake_s", lambda: one.now)
    one.beat()
    return one


def test_an_agent_that_beats_is_left_alone(watched: Watched) -> None:
    assert watched.live(3 * 3600, beating=True) == []
    assert watched.notes == []


def test_a_silent_agent_is_restarted_and_each_next_time_waits_longer(watched: Watched) -> None:
    began = watched.now
    restarts = [round(at - began) for at in watched.live(7 * 3600, beating=False)]
    pauses = [after - before for before, after in itertools.pairwise(restarts)]
    assert 600 <= restarts[0] <= 660
    assert pauses[:4] == [1200, 2400, 4800, 9600]
    assert max(pauses) <= watch_record.LONGEST_S + 30
    assert watched.notes[0] == "agent-restarted: no heartbeat for 600 s; restart 1 since it was last well"
    assert watch_record.read(watched.board.places).tries == len(restarts)


def test_an_agent_that_lived_for_an_hour_is_well_again(watched: Watched) -> None:
    watched.live(660, beating=False)
    watched.live(6000, beating=True)
    assert watch_record.read(watched.board.places).tries == 0
    began = watched.now
    assert watched.live(1200, beating=False)[0] - began <= 660


def test_the_clock_of_the_day_restarts_nobody(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.look()
    monkeypatch.setattr(time, "time", lambda: 4e9)
    watched.beat()
    assert watched.look() == "nothing"
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert watched.look() == "nothing"


@pytest.mark.parametrize(
    "state",
    [
        {"Status": "paused", "Paused": True},
        {"Status": "exited", "ExitCode": 0},
        {"Status": "exited", "ExitCode": 3},
        {"Status": "restarting", "Restarting": True, "ExitCode": 1},
    ],
)
def test_what_a_person_or_the_engine_did_is_left_as_it_is(watched: Watched, state: dict[str, Any]) -> None:
    watched.state = state
    assert watched.live(3600, beating=False) == []
    assert watched.ran == []


@pytest.mark.parametrize("code", watch.REFUSED_EXITS)
def test_an_agent_that_was_refused_stays_down(watched: Watched, code: int) -> None:
    watched.state = {"Status": "restarting", "Restarting": True, "ExitCode": code}
    assert watched.look() == "stopped"
    assert watched.ran == [("stop", "sage-agent-1")]
    assert watched.notes == [f"agent-stopped: it was refused, with exit {code}; no restart mends that"]
    watched.state = {"Status": "exited", "ExitCode": code}
    assert watched.live(7200, beating=False) == []


def test_a_full_disk_is_no_reason_for_a_restart(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_has_room", lambda places: False)
    assert watched.live(7200, beating=False) == []


def test_while_somebody_holds_the_lock_nothing_is_done(watched: Watched) -> None:
    claim = lease.LockClaim("ada", "desk", 1, "looking into it", manual=True)
    lease.of(watched.context).acquire(claim)
    assert watched.live(7200, beating=False) == []
    lease.of(watched.context).release(None)
    assert len(watched.live(660, beating=False)) == 1, "and then it is given its time"


def test_beside_a_helper_that_works_nothing_is_done_and_nothing_complained_of(watched: Watched) -> None:
    with file_lock.hold(watched.board.places.guard, 1, Refusal("busy", "", "")):
        watched.now += 7200
        assert watched.look() == "nothing"


@pytest.mark.parametrize("state", ["staged", "gated"])
def test_an_open_deployment_is_not_its_business(watched: Watched, state: str) -> None:
    process = watched.board.process()
    process.stage(*NEW)
    if state == "gated":
        process.activate(QUICK)
    assert watched.live(7200, beating=False) == []
    assert watched.board.journal.entries()[-1].state == state


def test_what_could_not_be_taken_back_is_tried_again_with_back_off(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = watched.board.journal
    entry = journal.open("deploy", NEW[0].short, OLD[0].short)
    journal.enter(journal.enter(entry, "reverting"), "revert-failed", "the engine does not answer")
    tries: list[float] = []

    def recover(self: Deployment, because: str) -> None:
        tries.append(watched.now)
        if len(tries) < 4:
            raise Refusal("revert-failed", "still sick", "look")

    monkeypatch.setattr(Deployment, "recover", recover)
    while len(tries) < 4 and watched.now < 20_000:
        with contextlib.suppress(Refusal):
            watched.look()
    pauses = [after - before for before, after in itertools.pairwise(tries)]
    assert pauses == [1200, 2400, 4800]


@given(
    st.binary(max_size=80)
    | st.dictionaries(st.sampled_from(watch_record.WatchRecord._fields), st.floats() | st.text()).map(
        lambda record: json.dumps(record).encode()
    )
)
def test_a_record_that_is_none_is_an_empty_one(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    places = Places(tmp_path_factory.mktemp("board"))
    watch_record.path(places).parent.mkdir()
    watch_record.path(places).write_bytes(content)
    assert isinstance(watch_record.read(places), watch_record.WatchRecord)


Looks = list[tuple[float, bool]]


@given(st.lists(st.tuples(st.floats(1, 7200), st.booleans()), max_size=60))
def test_two_tries_are_never_closer_than_the_back_off(looks: Looks) -> None:
    record, now, tries = watch_record.WatchRecord(), 0.0, list[tuple[float, int]]()
    for number, (pause, beats) in enumerate(looks):
        now += pause
        record = watch_record.seen(record, str(number) if beats else record.mark, now)
        if watch_record.is_due(record, now):
            tries.append((now, record.tries))
            record = watch_record.tried(record, now)
    for (before, _), (after, count) in itertools.pairwise(tries):
        assert after - before >= watch_record.SILENT_S
        if count:
            assert after - before >= min(watch_record.LONGEST_S, watch_record.SILENT_S * 2**count)


@pytest.mark.parametrize(
    "record",
    [
        watch_record.WatchRecord("x", since=5_000.0, tries=3, not_before=0.0, last="yesterday"),
        watch_record.WatchRecord("x", since=900.0, tries=3, not_before=10_000_000.0, last="yesterday"),
    ],
    ids=["seen in the future", "never again"],
)
def test_a_record_of_no_time_of_this_boot_keeps_nothing_from_being_done(record: watch_record.WatchRecord) -> None:
    """`/run` may outlive a boot, where it is no memory."""
    assert watch_record.of_now(record, 1_000.0) == watch_record.WatchRecord(last="yesterday")
    young = watch_record.WatchRecord("x", since=900.0, tries=9, not_before=1_000.0 + watch_record.LONGEST_S)
    assert watch_record.of_now(young, 1_000.0) == young
