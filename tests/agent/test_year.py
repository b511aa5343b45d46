"""A host left alone for long: every slot of every kind is served once, in order, and all of it is published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from sage_edge.agent import heartbeat, loop
from sage_edge.clock import Duration
from sage_edge.names import HostName
from tests.fakes import HandClock, Home

Make = Callable[..., Home]
SLOTS_A_DAY = 4
"""Of each kind, in the fleet of these tests: every six hours."""


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    "days", [pytest.param(3, marks=pytest.mark.slow), pytest.param(365, marks=pytest.mark.full, id="a-year")]
)
def test_no_slot_is_lost_and_none_is_served_twice(
    home: Make, watch: HandClock, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    monkeypatch.setattr(heartbeat, "LONGEST_PAUSE_S", 1e6)
    host = home()
    end = watch.at + timedelta(days=days)
    watch.on_wait = lambda: host.stop.set() if watch.at >= end else None
    fleet = replace(host.me.fleet, wake_every=Duration(hours=3))
    loop.run(replace(host.agent, me=replace(host.me, fleet=fleet)))
    sessions = [line.split(",")[0] for line in host.told if " complete" in line]
    for letter in "PT":
        numbers = [int(name[1:].split()[0]) for name in sessions if name.startswith(letter)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert abs(len(numbers) - SLOTS_A_DAY * days) <= 1
    assert len(host.agent.post.names(HostName("sprout"), "sessions")) == len(sessions)
