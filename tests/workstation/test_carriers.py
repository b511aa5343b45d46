"""Ten hosts that need one image push it one after the other: their registries share one store."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sage_edge.deploy.transport import layer_checkpoints, registry
from sage_edge.workstation import deploy_service
from sage_edge.workstation.context import FleetContext
from tests.deploy import fleetfacts


class Board:
    """Stands in for a board that reaches back."""

    host = fleetfacts.SPROUT

    @contextlib.contextmanager
    def reached_back(self, port: int) -> Iterator[int]:
        yield port + 1


def test_hosts_push_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pushing = threading.Semaphore(0)
    at_once: list[int] = []
    names: list[tuple[str, ...]] = []

    @contextlib.contextmanager
    def serving(store: Path, host: str) -> Iterator[int]:
        store.mkdir(parents=True, exist_ok=True)
        yield 5000

    def push(image: object, address: str) -> str:
        pushing.release()
        time.sleep(0.01)
        at_once.append(pushing._value)
        return f"{address}/sage/sprout:1"

    def build(port: int, name: str) -> tuple[str, ...]:
        time.sleep(0.01)
        at_once.append(pushing._value)
        pushing.acquire()
        return ("sage/sprout:1",)

    for name, stand_in in (("serving", serving), ("push", push)):
        monkeypatch.setattr(registry, name, stand_in)
    monkeypatch.setattr(layer_checkpoints, "build", build)
    release = cast(Any, SimpleNamespace(image=None))

    def deploy(_: int) -> None:
        here = FleetContext(tmp_path, fleetfacts.fleet())  # as a command of its own
        with deploy_service.by_registry(here)(cast(Any, Board()), release) as carried:
            names.append(carried)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(deploy, range(5)))
    assert at_once == [1] * 10
    assert names == [("localhost:5001/sage/sprout:1",)] * 5
