"""An image that was never built is built by a deploy: once, however many hosts want it."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sage_edge.image import build_record
from sage_edge.image.built import BuiltImage
from sage_edge.image.errors import NotBuilt
from sage_edge.workstation import deploy_service
from sage_edge.workstation.context import FleetContext
from tests.deploy import fleetfacts


@pytest.fixture
def desk(tmp_path: Path) -> FleetContext:
    """A checkout in which nothing was built."""
    (tmp_path / "images").symlink_to(fleetfacts.ROOT / "images")
    return FleetContext(tmp_path, fleetfacts.fleet("sim"))


def building(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Let builds take a moment, and note them."""
    asked: list[tuple[str, str]] = []

    def build(here: FleetContext, host: Any, platform: str, base: str | None) -> BuiltImage:
        asked.append((host.name, platform))
        time.sleep(0.05)
        image = replace(fleetfacts.wanted().image, name=host.name, platform=platform)
        build_record.keep(here.root, image)
        return image

    monkeypatch.setattr(deploy_service, "built", build)
    return asked


def test_what_was_never_built_is_built_once(desk: FleetContext, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, sprout = building(monkeypatch), desk.fleet.host("sprout")
    with pytest.raises(NotBuilt):
        deploy_service.image_of(desk, sprout)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: deploy_service.ready(desk, sprout), range(4)))
    assert found == [found[0]] * 4
    assert asked == [("sprout", "cpu")]


def test_what_was_built_is_taken_as_it_is(desk: FleetContext, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, sprout = building(monkeypatch), desk.fleet.host("sprout")
    before = replace(fleetfacts.wanted().image, platform="cpu")
    build_record.keep(desk.root, before)
    assert deploy_service.ready(desk, sprout) == before
    assert asked == []


def test_what_is_older_than_its_sources_is_shipped_and_said(
    desk: FleetContext, capsys: pytest.CaptureFixture[str]
) -> None:
    sprout = desk.fleet.host("sprout")
    build_record.keep(desk.root, replace(fleetfacts.wanted().image, platform="cpu"))
    (desk.root / "sage_edge" / "agent" / "__pycache__").mkdir(parents=True)
    code, cache = desk.root / "sage_edge" / "agent" / "loop.py", desk.root / "sage_edge" / "agent" / "__pycache__" / "x"
    for path, age_s in ((code, -60), (cache, 60)):
        path.write_text("")
        os.utime(path, (time.time() + age_s,) * 2)
    deploy_service.wanting(desk, sprout)
    assert "note:" not in capsys.readouterr().err
    os.utime(code, (time.time() + 60,) * 2)
    deploy_service.wanting(desk, sprout)
    assert capsys.readouterr().err == ""  # all hosts of one command are deployed to from the same sources
    deploy_service.wanting(FleetContext(desk.root, desk.fleet), sprout)
    assert capsys.readouterr().err == (
        "sprout       note: sage_edge/agent/loop.py was changed after its image was built; "
        "to ship it: invoke image.build --host sprout --fleet sim\n"
    )
