"""The journal of deployments moves forward only."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from sage_edge.host import states
from sage_edge.host.errors import HOST, Refusal, invoke
from sage_edge.host.journal import DeployJournal, JournalEntry


def at(journal: DeployJournal, state: states.DeploymentState) -> JournalEntry:
    """Bring a fresh journal to a state along the table."""
    entry = journal.open("deploy", "b" * 12, "a" * 12)
    way: dict[states.DeploymentState, tuple[states.DeploymentState, ...]] = {"planned": ()}
    for start in itertools.islice(way_order(), 50):
        for following in states.MOVES[start]:
            way.setdefault(following, (*way[start], following))
    for step in way[state]:
        entry = journal.enter(entry, step)
    return entry


def way_order() -> list[states.DeploymentState]:
    return [*states.UNDOABLE, "confirmed", "reverting"]


@pytest.mark.parametrize("state", list(states.MOVES))
def test_only_the_moves_of_the_table_are_made(tmp_path: Path, state: states.DeploymentState) -> None:
    entry = at(DeployJournal(tmp_path / "journal.jsonl"), state)
    assert entry.state == state
    for other in states.MOVES:
        journal = DeployJournal(tmp_path / f"{other}.jsonl")
        entry = at(journal, state)
        if other in states.MOVES[state]:
            assert journal.enter(entry, other).state == other
        else:
            with pytest.raises(RuntimeError, match=f"no way from {state} to {other}"):
                journal.enter(entry, other)


@pytest.mark.parametrize("state", list(states.MOVES))
def test_a_new_deployment_waits_for_the_end_of_the_last(tmp_path: Path, state: states.DeploymentState) -> None:
    journal = DeployJournal(tmp_path / "journal.jsonl")
    at(journal, state)
    if state in states.OVER:
        journal.open("deploy", "c" * 12, "b" * 12)
    else:
        with pytest.raises(Refusal, match=f"is still {state}"):
            journal.open("deploy", "c" * 12, "b" * 12)


def test_every_state_that_is_not_over_can_be_left(tmp_path: Path) -> None:
    for state in states.MOVES:
        assert (state in states.OVER) == (not states.MOVES[state]) or state == "revert-failed"


def test_a_damaged_journal_is_told_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    at(DeployJournal(path), "gated")
    path.write_bytes(path.read_bytes().replace(b'"armed"', b'"arm3d"'))
    with pytest.raises(Refusal, match="line 4 is damaged") as told:
        DeployJournal(path).latest()
    assert invoke("deploy", host=HOST) in told.value.hint


def test_served_names_each_committed_release_once_newest_first(tmp_path: Path) -> None:
    journal = DeployJournal(tmp_path / "journal.jsonl")
    for release in ("a" * 12, "b" * 12, "a" * 12):
        entry = journal.open("deploy", release, None)
        for state in ("staged", "waiting", "armed", "switched", "started", "gated", "confirmed", "committed"):
            entry = journal.enter(entry, state)
    assert list(journal.served()) == ["a" * 12, "b" * 12]
