"""Promises 1 and 2 of design §7: no acknowledged turn is lost, doubled or torn; a number is used once, for ever.

What kills or starts hundreds of processes is slow; each of them has a small sister beside it that is not.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sage_edge.records.transcript import Closing, Turn
from sage_edge.sessions.journal import Journal
from tests.kill import racing, spine
from tests.kill.report import Report

STARTS, FEW_STARTS = 200, 20
INSISTING, FEW_INSISTING = 30, 5
NIGHTLY = 500

many = pytest.mark.full


def _sound(report: Report) -> None:
    print(report)
    assert report.sound, str(report)


@pytest.mark.slow
def test_a_kill_at_each_kind_of_call_that_keeps_something_loses_nothing(tmp_path: Path) -> None:
    report = spine.enumerated(tmp_path, one_of_each=True)
    _sound(report)
    assert report.kills == report.points > 20
    assert report.turns >= 3 * report.cases


@many
def test_a_kill_at_any_call_that_keeps_something_loses_nothing(tmp_path: Path) -> None:
    report = spine.enumerated(tmp_path)
    _sound(report)
    assert report.kills == report.points > 150
    assert report.turns >= 3 * report.cases


@pytest.mark.slow
def test_a_runner_that_keeps_its_turns_in_memory_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The predecessor's way: else the tests above would prove nothing, the one with few points neither."""
    keep, close = Journal.turn, Journal.close
    memory: list[Turn] = []

    def remember(self: Journal, turn: Turn) -> None:
        memory.append(turn)

    def write_all(self: Journal, closing: Closing) -> None:
        for turn in memory:
            keep(self, turn)
        close(self, closing)

    monkeypatch.setattr(Journal, "turn", remember)
    monkeypatch.setattr(Journal, "close", write_all)
    report = spine.enumerated(tmp_path, one_of_each=True)
    print(report)
    assert report.lost
    assert not report.reused


@pytest.mark.slow
def test_kills_at_random_moments_lose_nothing(tmp_path: Path, few_kills: int) -> None:
    report = spine.random_kills(tmp_path, few_kills, seed=random.SystemRandom().randrange(2**32))
    _sound(report)
    assert report.kills == few_kills


@many
@pytest.mark.timeout(3600)
def test_many_kills_at_random_moments_lose_nothing(tmp_path: Path) -> None:
    _sound(spine.random_kills(tmp_path, NIGHTLY, seed=1))


@pytest.mark.parametrize("starts", [FEW_STARTS, pytest.param(STARTS, marks=many)])
def test_starts_at_once_conduct_each_number_once(tmp_path: Path, starts: int) -> None:
    _sound(racing.race(tmp_path, starts))


@pytest.mark.parametrize("starts", [FEW_INSISTING, pytest.param(INSISTING, marks=many)])
def test_starts_that_insist_conduct_one_each(tmp_path: Path, starts: int) -> None:
    _sound(racing.race(tmp_path, starts, insist=True))


@pytest.mark.parametrize("starts", [FEW_STARTS, pytest.param(STARTS, marks=many)])
def test_claims_at_once_without_a_lock_take_different_numbers(tmp_path: Path, starts: int) -> None:
    _sound(racing.race_for_numbers(tmp_path, starts))
