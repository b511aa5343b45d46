"""The runner with a real post and a real hub: numbers, restarts, memory."""

from __future__ import annotations

import contextlib
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge import hints, locks
from sage_edge.engines import Message
from sage_edge.errors import Locked, StorageError, Unreachable
from sage_edge.names import SessionId
from sage_edge.records import paper_paths
from sage_edge.records.transcript import Slot
from sage_edge.sessions import archive, brief
from sage_edge.sessions.errors import JournalBroken, SessionInterrupted
from sage_edge.sessions.journal import Journal, numbers
from sage_edge.sessions.run import claim_next
from sage_edge.shell import Command, run
from tests.fakes import MORNING, PRIMARY, TRAINING, HashEngine, Home, World, make_world, words_for
from tests.kill.faults import ERRNOS, Refusing


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One world to copy."""
    return make_world(tmp_path_factory.mktemp("world") / "template")


@pytest.fixture
def home(template: World, tmp_path: Path) -> Home:
    """Sprout, which has heard that the hub holds nothing of it."""
    shutil.copytree(template.hub, tmp_path / "hub.git")
    shutil.copytree(template.folder / "sprout", tmp_path / "sprout")
    found = Home(World(tmp_path, template.fleet))
    found.post.receive()
    return found


def test_a_session_is_conducted_and_kept(home: Home) -> None:
    slot = Slot(due=MORNING, late=True)
    transcript = home.runner.start(PRIMARY, slot)
    assert archive.read(home.paths.papers / paper_paths.of_session(transcript.session)) == transcript
    head = transcript.head
    assert (head.session, head.host, head.mind, head.role) == ("P001", "sprout", "Sage", "practitioner")
    assert (head.release, head.slot, head.time_source, head.board) == ("test", slot, "set", "cpu")
    assert (head.model.digest, head.engine.name) == (home.model.digest, "hash")
    assert head.lesson.curriculum == home.lessons.digest
    assert (head.intervention.name, head.intervention.recommendation) == ("observe", None)
    assert transcript.closing.ending == "complete"


def test_what_is_recorded_is_enough_to_ask_everything_again(home: Home) -> None:
    transcript = home.runner.start(TRAINING, None)
    engine = home.engine
    assert isinstance(engine, HashEngine)
    for turn, asked in zip(transcript.turns, engine.asked, strict=True):
        assert turn.reply == words_for(asked, turn.seed)


def test_numbers_go_on_per_track_and_never_back(home: Home) -> None:
    found = [home.runner.start(kind, None).session for kind in (PRIMARY, TRAINING, PRIMARY)]
    assert found == ["P001", "T001", "P002"]
    shutil.rmtree(home.paths.papers / "sessions")
    assert home.again().runner.finish()  # the journals bring the transcripts back
    assert home.again().runner.start(PRIMARY, None).session == "P003"
    shutil.rmtree(home.paths.journals)
    assert home.again().runner.start(PRIMARY, None).session == "P004"


def test_no_number_is_given_before_the_past_is_known(home: Home) -> None:
    shutil.rmtree(home.paths.state)
    with pytest.raises(Unreachable, match="which sessions it has already published"):
        home.again().runner.start(PRIMARY, None)
    assert numbers(home.paths.journals) == frozenset()


def test_a_lost_state_comes_back_from_the_hub_and_numbers_go_on(home: Home) -> None:
    home.runner.start(PRIMARY, None)
    home.post.publish("P001")
    shutil.rmtree(home.paths.state)
    fresh = home.again()
    fresh.post.receive()
    assert fresh.runner.start(PRIMARY, None).session == "P002"


def test_a_second_runner_is_refused(home: Home) -> None:
    with locks.hold(home.paths.locks / "session.lock", "the session runner"):
        with pytest.raises(Locked, match="the session runner is in use by process"):
            home.runner.start(PRIMARY, None)
        Journal(home.paths.journals, SessionId("P001")).claim(brief.head(home.context(), SessionId("P001"), None))
        with pytest.raises(Locked):
            home.runner.finish()


def stopping(home: Home, after: int) -> Home:
    """The same host, asked to stop while it hears the `after`-th question."""
    count: list[int] = []

    def before(talk: Sequence[Message]) -> None:
        count.append(1)
        if len(count) == after:
            stopped.stop.set()

    stopped = home.again(engine=HashEngine(before))
    return stopped


def test_a_stopped_session_goes_on_with_the_same_history(home: Home) -> None:
    first = stopping(home, 2)
    with pytest.raises(SessionInterrupted):
        first.runner.start(PRIMARY, None)
    assert archive.unfinished(home.paths.papers, numbers(home.paths.journals)) == ("P001",)
    second = home.again()
    (transcript,) = second.runner.finish()
    assert transcript.closing.resumed == 1
    assert [turn.outcome for turn in transcript.turns] == ["ok", "interrupted", "ok", "ok"]
    assert isinstance(first.engine, HashEngine)
    assert isinstance(second.engine, HashEngine)
    assert second.engine.asked[0] == first.engine.asked[1]
    assert home.again().runner.finish() == ()


def test_another_model_puts_no_words_into_this_ones_mouth(home: Home) -> None:
    with pytest.raises(SessionInterrupted):
        stopping(home, 2).runner.start(PRIMARY, None)
    other = home.again(weights=b"other weights", engine=HashEngine())
    (transcript,) = other.runner.finish()
    assert (transcript.closing.ending, len(transcript.turns)) == ("partial", 2)
    assert transcript.head.model.digest == home.model.digest != other.model.digest
    assert isinstance(other.engine, HashEngine)
    assert other.engine.asked == []
    assert other.runner.start(PRIMARY, None).head.model.digest == other.model.digest


def test_a_session_that_was_closed_but_not_kept_is_kept(home: Home) -> None:
    transcript = home.runner.start(PRIMARY, None)
    path = home.paths.papers / paper_paths.of_session(transcript.session)
    path.unlink()
    assert home.again(weights=b"other weights").runner.finish() == (transcript,)
    assert archive.read(path) == transcript


def test_a_broken_journal_is_named_and_its_number_stays_used(home: Home) -> None:
    with pytest.raises(SessionInterrupted):
        stopping(home, 3).runner.start(PRIMARY, None)
    path = home.paths.journals / "P001.jsonl"
    path.write_bytes(path.read_bytes().replace(b"I am Sage", b"I am Sega", 1))
    with pytest.raises(JournalBroken) as refused:
        home.again().runner.finish()
    assert refused.value.code == 8
    assert home.again().runner.last_number(PRIMARY) == 1
    run(Command(tuple(shlex.split(hints.text(refused.value.hint).rpartition(": ")[2]))))  # the step as it is printed
    assert home.again().runner.finish() == ()
    assert home.again().runner.start(PRIMARY, None).session == "P002"


@pytest.mark.slow
@pytest.mark.parametrize("number", ERRNOS)
def test_a_full_disk_during_a_session_costs_nothing_but_time(home: Home, number: int) -> None:
    for at in range(1, 40, 3):
        troubled = home.again()
        disk = Refusing(at, number, for_ever=True, below=home.paths.state)
        with disk.active(), contextlib.suppress(StorageError):
            troubled.runner.start(PRIMARY, None)
        healthy = home.again()
        finished = healthy.runner.finish()
        assert all(transcript.closing.ending == "complete" for transcript in finished)
        assert not list(home.paths.state.rglob(".tmp-*")) or healthy.runner.start(PRIMARY, None)
        held = archive.sessions(home.paths.papers, "primary")
        assert held == tuple(SessionId.of("P", n) for n in range(1, len(held) + 1))


def test_a_claim_that_loses_takes_the_next_number(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    context = home.context()
    claim_next(context, home.paths.journals, PRIMARY, None)
    seen = iter([0])
    real = archive.last_number
    monkeypatch.setattr(archive, "last_number", lambda *words: next(seen, None) or real(*words))
    assert claim_next(context, home.paths.journals, PRIMARY, None).session == "P002"


def test_a_killed_claim_leaves_nothing_behind(home: Home) -> None:
    home.paths.journals.mkdir()
    (home.paths.journals / ".tmp-0123").write_bytes(b"half a head")
    home.runner.start(PRIMARY, None)
    assert [path.name for path in home.paths.journals.iterdir()] == ["P001.jsonl"]


def test_seeds_differ_between_sessions_and_hosts_and_are_fixed(home: Home) -> None:
    context = home.context()
    heads = [brief.head(context, SessionId(name), None) for name in ("P001", "P002", "T001", "P001")]
    assert len({head.seed for head in heads}) == 3
    assert heads[0] == heads[3]


def test_a_host_that_declares_no_mind_cannot_be_briefed(home: Home) -> None:
    host = home.me.host.model_copy(update={"mind": None})
    context = replace(home.context(), me=replace(home.me, host=host))
    with pytest.raises(RuntimeError):
        brief.head(context, SessionId("P001"), None)


def test_time_is_the_clocks(home: Home) -> None:
    transcript = home.runner.start(PRIMARY, None)
    assert transcript.head.started == transcript.closing.ended == MORNING
    assert MORNING - transcript.turns[0].asked == timedelta(0)
