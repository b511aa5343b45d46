"""Random walks of a board's clock: every slot is served at most once, none is lost for good, and nothing expires.

A walk is a list of things that happen to a board: time passes, its clock is set by seconds, hours or years, the network
sets it right, the machine starts anew, caches are lost, a peer publishes. The board wakes after each of them as it
does in earnest: its steps, sessions and papers are real. Only git, the engine and the clock are doubles.
"""

from __future__ import annotations

import contextlib
import functools
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from sage_edge import curriculum
from sage_edge.agent import by_hand, clock_doubt, slots, wake
from sage_edge.errors import ClockImpossible
from sage_edge.inventory.identity import Me
from sage_edge.names import TRACKS, SessionId
from sage_edge.records.base import parse
from sage_edge.records.study import Decision, Recommendation
from sage_edge.records.transcript import Transcript
from sage_edge.records.worklog import WorklogLine
from sage_edge.sessions import archive
from tests.agent.test_decisions import recommendation
from tests.clocks import BoardClock
from tests.fakes import MORNING, PRIMARY, Home, World
from tests.near_post import NearPost, sent

DAY, HOUR, SLACK = timedelta(days=1), timedelta(hours=1), timedelta(hours=1)
FIXED = (
    datetime(1970, 1, 1, 0, 10, tzinfo=timezone.utc),
    datetime(2000, 2, 29, tzinfo=timezone.utc),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=timezone.utc),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc),
)
JUMPS = (
    timedelta(seconds=1),  # a leap second
    HOUR,  # daylight saving time
    3 * HOUR,
    2 * DAY,
    300 * DAY,
    365.25 * 4 * DAY,
    60 * 365.25 * DAY,
)


class Walk:
    """One board without a battery, and what happens to it. is_lied_to: the network itself says a wrong time."""

    def __init__(self, world: World, folder: Path, seed: int, me: Me) -> None:
        self.draw = random.Random(seed)
        self.clock = BoardClock(MORNING + timedelta(seconds=self.draw.randrange(3 * 86400)))
        self.clock.is_kept = self.draw.random() < 0.5
        self.world, self.papers = World(folder, world.fleet), folder / "sprout" / "state" / "papers"
        self.is_lied_to, self.me = False, me
        self.published: dict[str, bytes] = {}
        self.home = self._home()

    def _home(self) -> Home:
        """The board's agent in a new process."""
        home = Home(self.world, clock=self.clock, committed=MORNING - DAY)
        home.__dict__["me"] = self.me
        home.__dict__["post"] = NearPost(home, self.papers, self.published)
        return home

    def events(self) -> Mapping[Callable[[], None], int]:
        """What may happen, and how often."""
        return {
            self.time_passes: 8,
            self.clock.synchronise: 4,
            self.network_is_lost: 2,
            self.clock_is_set: 4,
            self.machine_starts: 2,
            self.caches_are_lost: 1,
            self.session_by_hand: 1,
            self.person_speaks: 1,
            self.peer_recommends: 2,
        }

    def time_passes(self) -> None:
        length = self.draw.choice((timedelta(minutes=5), HOUR, 5 * HOUR, DAY, 9 * DAY)) * self.draw.uniform(0.2, 1)
        self.clock.wait(length.total_seconds(), self.home.stop)

    def network_is_lost(self) -> None:
        self.clock.is_kept = False

    def clock_is_set(self) -> None:
        to = self.draw.choice((*FIXED, None, None, None, None))
        jump = self.draw.choice(JUMPS) * self.draw.choice((1, -1))
        self.clock.set(to or self.clock.true + jump)

    def machine_starts(self) -> None:
        self.clock.restart()
        behind = self.draw.choice((timedelta(0), -HOUR, -DAY, 30 * DAY))
        self.clock.set(self.draw.choice((FIXED[0], self.clock.true + behind)))
        self.home = self._home()

    def person_speaks(self) -> None:
        """Somebody sets the clock right and says so, where the network does not; who errs is a liar, too."""
        if not (self.is_lied_to and self.draw.random() < 0.5):
            self.clock.set(self.clock.true)
        with contextlib.suppress(ClockImpossible):
            clock_doubt.end(self.home.agent, "my watch says so")

    def caches_are_lost(self) -> None:
        shutil.rmtree(self.home.paths.state / "cache", ignore_errors=True)
        self.home.paths.clock.unlink(missing_ok=True)

    def session_by_hand(self) -> None:
        by_hand.conduct(self.home.agent, PRIMARY)

    def peer_recommends(self) -> None:
        last = archive.last_number(self.papers, frozenset(), PRIMARY)
        paper = recommendation(
            first=SessionId.of("P", last + 1),
            last=SessionId.of("P", last + 9),
            created=self.clock.true,
            valid_until=self.clock.true + 30 * DAY,
        )
        self.published.update(sent(paper))

    def wake(self) -> None:
        """Wake, and see that what should be served by now is."""
        before, true = set(self.transcripts()), self.clock.true
        result = wake.once(self.home.agent)
        assert result.failure is None, result.failure
        is_right = self.home.watch.look().doubt is None and abs(self.clock.now() - true) <= SLACK
        for session in self.transcripts().keys() - before:
            slot = self.transcripts()[session].head.slot
            assert slot is not None
            assert is_right or self.is_lied_to, f"{session} was served by a wrong clock"
            assert self.is_lied_to or true - slot.due <= timedelta(hours=6) + SLACK
        if is_right:
            self.is_served()

    def is_served(self) -> None:
        """The newest slot by a right clock is served, unless it was late when the board's life began."""
        served = self.served()
        for track in TRACKS:
            at = slots.latest(self.home.agent.schedule, self.home.me.host.name, track, self.clock.now())
            is_new = not any(due < at for due in served[track]) if at else True
            assert at is None or at in served[track] or is_new, f"{track} {at} is lost"

    def transcripts(self) -> Mapping[SessionId, Transcript]:
        """Every session that was conducted."""
        return {session: archive.read(path) for session, path in archive.all_sessions(self.papers)}

    def served(self) -> Mapping[str, Counter[datetime]]:
        """Track → slot → how often it was served."""
        counts: dict[str, Counter[datetime]] = {track: Counter() for track in TRACKS}
        for transcript in self.transcripts().values():
            if transcript.head.slot is not None:
                counts[transcript.track][transcript.head.slot.due] += 1
        return counts

    def is_over(self) -> None:
        """The clock is right at last: the next slots of both tracks are served, each slot once, and nothing expired."""
        self.clock.synchronise()
        for _ in range(3 if self.is_lied_to else 1):
            self.clock.wait(1900, self.home.stop)
            self.wake()
        for _ in range(2):
            trust = self.home.watch.look()
            after = self.home.agent.next_slot(trust)
            assert trust.doubt is None
            assert after is not None
            self.clock.wait((after - trust.at).total_seconds(), self.home.stop)
            self.wake()
        served = self.served()
        assert all(max(counts.values(), default=0) <= 1 for counts in served.values()), "a slot was served twice"
        assert all(self.clock.true - max(d for d in c if d <= self.clock.true) < 7 * HOUR for c in served.values())
        if not self.is_lied_to:
            self.counts_add_up(served)
            self.nothing_died()

    def counts_add_up(self, served: Mapping[str, Counter[datetime]]) -> None:
        """What was missed and what was served is every slot between the first and the last, each counted once."""
        for track, counts in served.items():
            texts = [line.text for line in self.lines() if line.event == "slots-missed" and f" {track} " in line.text]
            missed = sum(int(text.split()[0]) for text in texts)
            assert missed + len(counts) == (max(counts) - min(counts)) // timedelta(hours=6) + 1

    def nothing_died(self) -> None:
        """Whatever was declined had come too late by the right clock, too."""
        papers = {(paper := parse(Recommendation, data)).fingerprint(): paper for data in self.published.values()}
        for path in self.papers.glob("decisions/*.json"):
            decision = parse(Decision, path.read_bytes())
            if "validity" in decision.reason:
                assert decision.created + SLACK > papers[decision.recommendation].valid_until
                assert abs(decision.created - self.clock.true) < 9999 * DAY

    def lines(self) -> Iterator[WorklogLine]:
        """The worklog."""
        for path in sorted(self.papers.glob("worklog/*")):
            yield from (parse(WorklogLine, line) for line in path.read_bytes().splitlines())


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder in memory, where there is one: a walk waits for a disk a thousand times."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def field(template: World, folder: Path) -> Iterator[World]:
    """A world whose board has no battery; its lessons are read once, as nobody changes them on a walk."""
    shutil.copytree(template.folder, folder / "world")
    card = folder / "world" / "fleet" / "boards" / "cpu.yaml"
    card.write_text(card.read_text("utf-8").replace("clock: battery", "clock: kept"), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curriculum, "load", functools.cache(curriculum.load))
        yield World(folder / "world", folder / "world" / "fleet")


def walked(field: World, folder: Path, seed: int, me: Me, *, steps: int, is_lied_to: bool) -> None:
    """Walk once."""
    place = folder / f"walk-{seed}"
    (place / "sprout").mkdir(parents=True)
    shutil.copy(field.paths("sprout").card, place / "sprout")
    walk = Walk(field, place, seed, me)
    walk.is_lied_to = is_lied_to
    events = walk.events()
    for _ in range(steps):
        walk.draw.choices(list(events), list(events.values()))[0]()
        if is_lied_to and walk.draw.random() < 0.1:
            walk.clock.set(walk.clock.true + walk.draw.choice(JUMPS), is_kept=True)
        walk.wake()
    walk.is_over()
    shutil.rmtree(place)


WALKS = [
    pytest.param(range(12), id="a-few"),
    pytest.param(range(12, 512), marks=pytest.mark.slow, id="500"),
    pytest.param(range(512, 5512), marks=[pytest.mark.full, pytest.mark.timeout(7200)], id="5000"),
]


@pytest.mark.parametrize("seeds", WALKS)
def test_whatever_a_clock_says_no_slot_is_doubled_or_lost_and_nothing_dies(
    field: World, folder: Path, seeds: range
) -> None:
    me = Home(field).me
    for seed in seeds:
        try:
            walked(field, folder, seed, me, steps=8, is_lied_to=seed % 5 == 0)
        except AssertionError as wrong:
            pytest.fail(f"walk {seed}: {wrong}")
