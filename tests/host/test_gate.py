"""The gate of a switch: healthy is not enough, the agent that was just started has to have written a heartbeat."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from sage_edge.host import beat, machine, served_model, service
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import Refusal
from sage_edge.host.machine import LocalEngine, Ran
from sage_edge.host.service import Docker
from tests.host.boards import NEW, OLD

STARTED = "2026-11-20T06:00:00.123456789Z"
STARTED_S = 1795154400.0


class OneContainer:
    """An engine with the agent's container, healthy, of release NEW."""

    def container(self, name: str) -> dict[str, Any]:
        return {
            "Image": NEW[0].image,
            "State": {"Running": True, "Health": {"Status": "healthy"}, "StartedAt": STARTED},
            "Config": {"Hostname": "3f2a", "Env": [f"SAGE_RELEASE={NEW[0].short}"]},
        }


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    monkeypatch.setattr(machine, "run", lambda *words, **options: Ran(0, "it loads its model", ""))
    monkeypatch.setattr(beat, "now_s", lambda: STARTED_S + 60)
    docker = Docker(Places(tmp_path), cast(LocalEngine, OneContainer()))
    (tmp_path / "srv/sage/state").mkdir(parents=True)
    return lambda: docker.healthy(NEW[0], 0.3)


def beaten(root: Path, content: object, written: float = STARTED_S + 5) -> None:
    path = root / "srv/sage/state/heartbeat.json"
    path.write_text(json.dumps(content))
    os.utime(path, (written, written))


OWN = {"failing": None, "container": "3f2a", "release": NEW[0].short}


@pytest.mark.parametrize(
    ("content", "written"),
    [
        (OWN, STARTED_S + 5),
        (OWN, 0.0),
        (OWN, 4e9),
        ({"failing": None}, STARTED_S + 5),
    ],
    ids=["its own", "its clock is in 1970", "its clock is ahead", "an older agent's"],
)
def test_its_own_heartbeat_opens_it_whatever_the_clock_does(
    tmp_path: Path, gate: Callable[[], None], content: object, written: float
) -> None:
    beaten(tmp_path, content, written)
    gate()


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ({**OWN, "container": "9999"}, STARTED_S + 5),
        ({**OWN, "release": OLD[0].short}, STARTED_S + 5),
        ({"failing": None}, STARTED_S - 5),
        ({"failing": None}, 4e9),
        ([], STARTED_S - 5),
        (None, None),
    ],
    ids=[
        "the container before",
        "the release before",
        "an older agent's, before",
        "an older agent's, of the future",
        "no object",
        "none",
    ],
)
def test_an_agent_that_hangs_at_its_start_does_not_pass(
    tmp_path: Path, gate: Callable[[], None], content: object, written: float | None
) -> None:
    if written is not None:
        beaten(tmp_path, content, written)
    with pytest.raises(Refusal, match="has written no heartbeat since it was started; it loads its model"):
        gate()


class Beside:
    """An engine whose gateway is so at one look, and so at the next; the last one stays."""

    def __init__(self, *looks: dict[str, Any] | None) -> None:
        self._looks = list(looks)

    def container(self, name: str) -> dict[str, Any] | None:
        assert name == "sage-serve-1"
        return self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]


def look(health: str, **state: object) -> dict[str, Any]:
    return {"Image": NEW[0].image, "State": {"Running": True, "Health": {"Status": health}, **state}}


def served(tmp_path: Path, *looks: dict[str, Any] | None) -> str:
    return Docker(Places(tmp_path), cast(LocalEngine, Beside(*looks))).served()


def test_where_nothing_is_served_nothing_is_asked(tmp_path: Path) -> None:
    assert served(tmp_path, None) == ""


def test_a_gateway_that_loads_its_model_is_waited_for_and_then_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_PAUSE_S", 0)
    monkeypatch.setattr(served_model, "ask", lambda places, box: f"asked when {box['State']['Health']['Status']}")
    assert served(tmp_path, look("starting"), look("starting"), look("healthy")) == "asked when healthy"


@pytest.mark.parametrize(
    ("looks", "described"),
    [
        ([look("starting"), look("unhealthy")], "running, unhealthy"),
        ([look("starting", Restarting=True)], "not running, starting"),
        ([look("healthy", Running=False)], "not running, healthy"),
    ],
)
def test_one_that_does_not_come_up_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks: list[dict[str, Any]], described: str
) -> None:
    monkeypatch.setattr(service, "_PAUSE_S", 0)
    monkeypatch.setattr(machine, "run", lambda *words, **options: Ran(0, "no room", ""))
    with pytest.raises(Refusal, match=f"what serves its model is not healthy: image .*, {described}; no room"):
        served(tmp_path, *looks)


def test_one_that_loads_for_ever_is_not_waited_for_as_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "CANARY_S", 0.2)
    monkeypatch.setattr(machine, "run", lambda *words, **options: Ran(0, "", ""))
    with pytest.raises(Refusal, match="running, starting; it said nothing"):
        served(tmp_path, look("starting"))


def test_every_beat_has_another_mark(tmp_path: Path, gate: Callable[[], None]) -> None:
    """Even one with the same words at the same time, as a clock that stands still has it."""
    marks = set()
    for _ in range(5):
        beaten(tmp_path, OWN, 0.0)
        newest = beat.read(tmp_path / "srv/sage/state") or pytest.fail("no heartbeat")
        marks.add(newest.mark)
    assert len(marks) == 5
