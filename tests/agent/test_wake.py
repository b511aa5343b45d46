"""A wake of real parts around a real hub; only engine and clock are doubles."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge import hints, locks
from sage_edge.agent import wake
from sage_edge.engines import Message
from sage_edge.engines.errors import EngineError
from sage_edge.errors import Locked
from sage_edge.exchange.errors import ForeignCommits, OwnBranchBroken
from sage_edge.names import SessionId
from sage_edge.records.base import parse
from sage_edge.records.paper_paths import of_session
from sage_edge.records.worklog import Status, WorklogLine
from sage_edge.sessions import archive
from sage_edge.sessions.errors import SessionInterrupted, TranscriptBroken
from sage_edge.shell import Command, run
from tests.fakes import HandClock, HashEngine, Home, World

Make = Callable[..., Home]


def on_hub(world: World, host: str) -> dict[str, bytes]:
    """What the hub holds of a host."""
    names = run(git(world, "ls-tree", "-r", "--name-only", f"host/{host}")).text.split("\n")
    return {name: run(git(world, "show", f"host/{host}:{name}")).out for name in names}


def git(world: World, *words: str) -> Command:
    """A command on the hub."""
    return Command(("git", f"--git-dir={world.hub}", *words))


def status(home: Home) -> Status:
    """The status page as it lies in the papers."""
    return parse(Status, (home.paths.papers / "status.json").read_bytes())


def worklog(home: Home) -> list[str]:
    """The events of the worklog in order."""
    lines = [line for path in sorted(home.paths.papers.glob("worklog/*")) for line in path.read_bytes().splitlines()]
    return [parse(WorklogLine, line).event for line in lines]


def test_a_wake_conducts_what_is_due_and_publishes_it(world: World, home: Make) -> None:
    found = wake.once(home().agent)
    assert (found.failure, found.problems, found.published) == (None, [], True)
    published = on_hub(world, "sprout")
    assert of_session(SessionId("P001")) in published
    page = parse(Status, published["status.json"])
    assert (page.host, page.last_primary, page.last_training, page.time_source) == ("sprout", "P001", None, "set")
    assert f"{page.next_due:%H:%M}" == "09:00"
    assert worklog(home()) == ["session-conducted"]


def test_the_next_wake_in_the_same_slot_conducts_nothing(world: World, home: Make, watch: HandClock) -> None:
    wake.once(home().agent)
    watch.at += timedelta(minutes=5)
    assert wake.once(home().agent).published
    assert archive.sessions(home().paths.papers, "primary") == ("P001",)


@pytest.mark.slow
def test_a_day_of_both_tracks(home: Make, watch: HandClock) -> None:
    for _ in range(8):
        wake.once(home().agent)
        watch.at += timedelta(hours=3)
    papers = home().paths.papers
    assert archive.sessions(papers, "primary") == ("P001", "P002", "P003", "P004")
    assert archive.sessions(papers, "training") == ("T001", "T002", "T003", "T004")
    found = [archive.read(papers / of_session(s)).head.slot for s in archive.sessions(papers, "primary")]
    assert [f"{slot.due:%H:%M}" for slot in found if slot] == ["06:00", "12:00", "18:00", "00:00"]


def test_after_days_in_the_dark_one_slot_is_caught_up_and_the_rest_is_told(home: Make, watch: HandClock) -> None:
    wake.once(home().agent)
    watch.at += timedelta(days=2, minutes=30)
    later = home()
    wake.once(later.agent)
    papers = later.paths.papers
    assert archive.sessions(papers, "primary") == ("P001", "P002")
    slot = archive.read(papers / of_session(SessionId("P002"))).head.slot
    assert slot is not None
    assert slot.late
    assert "slots-missed" in worklog(later)
    assert any("7 primary slots before" in line for line in later.told)


def test_offline_papers_wait_and_the_next_wake_publishes_them(world: World, home: Make, watch: HandClock) -> None:
    wake.once(home().agent)
    hidden = world.hub.rename(world.folder / "away.git")
    watch.at += timedelta(hours=3)
    offline = home()
    found = wake.once(offline.agent, attempts=1)
    assert (found.failure, found.published) == (None, False)
    assert found.problems
    assert any("kept here until the exchange takes them" in line for line in offline.told)
    assert archive.sessions(offline.paths.papers, "training") == ("T001",)
    hidden.rename(world.hub)
    watch.at += timedelta(minutes=5)
    assert wake.once(home().agent).published
    assert of_session(SessionId("T001")) in on_hub(world, "sprout")
    assert status(home()).problems == ()


def test_a_new_board_without_the_hub_conducts_nothing(world: World, home: Make) -> None:
    world.hub.rename(world.folder / "away.git")
    found = wake.once(home().agent, attempts=1)
    assert found.failure is not None
    assert "cannot number a new one" in found.failure.message
    assert archive.sessions(home().paths.papers, "primary") == ()


def stopping(home: Home, after: int) -> Home:
    """The host, told to stop while it hears the `after`-th question (what SIGTERM does)."""
    count: list[int] = []

    def before(talk: Sequence[Message]) -> None:
        count.append(1)
        if len(count) == after:
            home.stop.set()

    assert isinstance(home.engine, HashEngine)
    home.engine._before = before
    return home


def test_a_stop_during_a_session_returns_without_publishing(world: World, home: Make) -> None:
    stopped = stopping(home(), 2)
    found = wake.once(stopped.agent)
    assert isinstance(found.failure, SessionInterrupted)
    assert not found.published
    assert run(git(world, "for-each-ref")).text == ""
    assert not (stopped.paths.papers / "status.json").exists()
    resumed = wake.once(home().agent)
    assert resumed.published
    transcript = archive.read(home().paths.papers / of_session(SessionId("P001")))
    assert [turn.outcome for turn in transcript.turns] == ["ok", "interrupted", "ok", "ok"]
    assert archive.sessions(home().paths.papers, "primary") == ("P001",)


def test_a_broken_engine_is_reported_and_published(world: World, home: Make) -> None:
    def before(talk: Sequence[Message]) -> None:
        raise EngineError("the GPU fell off", hint="")

    wake.once(home(engine=HashEngine(before)).agent)
    content = json.loads(on_hub(world, "sprout")[of_session(SessionId("P001"))])
    assert content["closing"]["ending"] == "failed"


def test_two_agents_of_one_host_exclude_each_other(home: Make) -> None:
    one = home()
    with locks.hold(one.paths.locks / "agent.lock", "the agent of sprout"), pytest.raises(Locked):
        wake.once(home().agent)
    assert archive.sessions(one.paths.papers, "primary") == ()


def test_a_changed_paper_of_ours_is_not_published(world: World, home: Make, watch: HandClock) -> None:
    wake.once(home().agent)
    before = on_hub(world, "sprout")
    path = home().paths.papers / of_session(SessionId("P001"))
    path.write_bytes(path.read_bytes().replace(b"I am Sage", b"I am Sega", 1))
    watch.at += timedelta(hours=3)
    refused = wake.once(home().agent)
    assert isinstance(refused.trouble, OwnBranchBroken)
    assert refused.trouble.code == 8
    assert on_hub(world, "sprout") == before


def forge(world: World, host: str, folder: Path) -> None:
    """Let somebody commit a paper on a host's branch in another's name, past the doorkeeper."""
    (world.hub / "hooks" / "pre-receive").unlink()
    env = {
        f"GIT_{who}_{what}": "mallory@sage-edge.invalid"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    run(Command(("git", "clone", "-q", "--branch", f"host/{host}", str(world.hub), str(folder))))
    (folder / "sessions" / "primary" / "000").mkdir(parents=True, exist_ok=True)
    (folder / "sessions" / "primary" / "000" / "P099.json").write_text("{}")
    run(Command(("git", "-C", str(folder), "add", "."), env=env))
    run(Command(("git", "-C", str(folder), "commit", "-qm", f"Sage-Host: {host}"), env=env))
    run(Command(("git", "-C", str(folder), "push", "-q", "origin", f"HEAD:host/{host}"), env=env))


def test_a_branch_that_breaks_a_rule_is_reported_and_not_read(world: World, home: Make, tmp_path: Path) -> None:
    wake.once(home().agent)
    assert wake.once(home("thor").agent).problems == []
    forge(world, "sprout", tmp_path / "forger")
    thor = home("thor")
    found = wake.once(thor.agent)
    (case,) = status(thor).quarantined
    assert (case.host, case.rule) == ("sprout", "foreign-author")
    assert case.trusted
    assert found.quarantined == (case,)
    assert any(str(case) == problem for problem in status(thor).problems)
    assert not any("P099" in name for name in thor.post.names(home().me.host.name, "sessions"))
    assert found.published


def test_a_branch_that_stands_still_is_told(world: World, home: Make, watch: HandClock) -> None:
    """A hub may show old things for ever without breaking a rule: a reader sees that nothing moves."""
    silence = "nothing new of sprout since"
    wake.once(home().agent)
    wake.once(home("thor").agent)
    began = watch.at
    watch.at += timedelta(hours=23)
    assert not any(silence in problem for problem in wake.once(home("thor").agent).problems)
    watch.at += timedelta(hours=2)
    wake.once(home("thor").agent)
    assert any(f"{silence} {began:%Y-%m-%d %H:%M} UTC" in problem for problem in status(home("thor")).problems)
    wake.once(home().agent)
    assert not any(silence in problem for problem in wake.once(home("thor").agent).problems)


def test_foreign_commits_on_its_own_branch_end_no_session(
    world: World, home: Make, watch: HandClock, tmp_path: Path
) -> None:
    wake.once(home().agent)
    forge(world, "sprout", tmp_path / "forger")
    watch.at += timedelta(hours=3)
    sprout = home()
    found = wake.once(sprout.agent)
    assert archive.sessions(sprout.paths.papers, "training") == ("T001",)
    assert isinstance(found.trouble, ForeignCommits)
    assert found.trouble.code == 8
    assert "foreign-author: 'mallory@sage-edge.invalid'" in status(sprout).problems[0]
    assert "exchange-broken" in worklog(sprout)
    sprout.post.repair("mallory wrote them")
    assert wake.once(home().agent).published
    assert on_hub(world, "sprout").keys() >= {of_session(SessionId("T001"))}
    assert status(home()).problems == ()
    assert wake.once(home("thor").agent).problems == []


@pytest.mark.slow
def test_a_researcher_measures_what_a_practitioner_published(world: World, home: Make, watch: HandClock) -> None:
    for hour in range(3):
        wake.once(home().agent)
        wake.once(home("thor").agent)
        watch.at += timedelta(hours=3)
        assert hour < 3
    names = [name for name in on_hub(world, "thor") if name.startswith("findings/")]
    assert len(names) == 3
    assert not [name for name in on_hub(world, "thor") if name.startswith("sessions/")]
    assert status(home("thor")).next_due is None


def test_what_lies_among_the_papers_and_is_none_is_told_and_ends_nothing(home: Make) -> None:
    agent = home().agent
    agent.paths.papers.mkdir(parents=True, exist_ok=True)
    os.mkfifo(agent.paths.papers / "odd")
    for number in range(6):
        (agent.paths.papers / f"link-{number}").symlink_to("odd")
    found = wake.once(agent)
    assert (found.failure, found.published) == (None, True)
    assert found.problems[0] == "not a paper, so not published: link-0 is a link"
    assert found.problems[-1] == "and 2 more that are no papers"
    assert status(home()).problems == tuple(found.problems)


def test_a_changed_paper_is_seen_as_it_was_published(home: Make) -> None:
    """The next step is typed as it is printed."""
    sprout = home()
    assert wake.once(sprout.agent).published
    path = sprout.paths.papers / "sessions/primary/000/P001.json"
    published = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(published.replace(b'"outcome": "ok"', b'"outcome": "failed"', 1))
    with pytest.raises(TranscriptBroken) as broken:
        archive.read(path)
    step = hints.text(broken.value.hint).partition("as it was published: ")[2]
    assert run(Command(tuple(shlex.split(step)))).out == published
