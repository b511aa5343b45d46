"""One probe and testinfra come to the same verdicts: on a sound host, and on one that is broken in every known way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sage_edge import hints
from sage_edge.image.built import BuiltImage
from sage_edge.inventory import load
from sage_edge.models.lock import LockedModel, write_lock
from sage_edge.models.manifest import ListedFile, Manifest
from sage_edge.names import Digest, ModelRef
from sage_edge.workstation import verify_service
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.errors import NotTrusted
from sage_edge.workstation.report import Report
from sage_edge.workstation.verify_service import VerifyAsked
from tests.deploy.breaks import BREAKS, HEALTHY, Break
from tests.deploy.ground import SPROUT, THOR, Ground
from tests.deploy.understudy import derived
from tests.drawn import by_commit

pytestmark = pytest.mark.docker
LISTED = ModelRef("sage/listed:q8_0")
_GIT = """\
COPY --chmod=0755 <<'EOF' /usr/local/bin/git
#!/bin/sh
test "$1 $2 $3" = "ls-remote -- ssh://git@hub/srv/git/exchange.git" && test -r /run/sage/exchange-key
EOF"""
"""The understudy's git: the exchange answers whoever has the board's key."""


@pytest.fixture(scope="module")
def locked(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> FleetContext:
    """A desk whose fleet locks a model that lies in sprout's store, beside what its image carries."""
    root = tmp_path_factory.mktemp("locked")
    shutil.copytree(ground.desk.fleet.folder, root / "fleet")
    for name in (".sage", "images"):
        (root / name).symlink_to(ground.desk.root / name)
    manifest = Manifest(
        ref=LISTED,
        container="gguf",
        source="a test",
        created="2026-11-20T06:00:00+00:00",
        architecture="qwen2",
        files=(ListedFile(path="m.gguf", size_bytes=1000, digest=Digest(f"sha256:{'5' * 64}"), role="weights"),),
        minimum_memory_bytes=1,
    )
    write_lock(root / "fleet", {LISTED: LockedModel(manifest.digest())})
    place = "/srv/sage/models/manifests/sage/listed"
    ground.boards.inside("sprout", f"mkdir -p {place} && cat > {place}/q8_0.json", manifest.pretty())
    blob = f"/srv/sage/models/blobs/sha256-{'5' * 64}"
    ground.boards.inside("sprout", f"mkdir -p {blob.rpartition('/')[0]} && head -c 1000 /dev/zero > {blob}")
    return FleetContext(root, load.load(root / "fleet", "sim"))


@pytest.fixture
def sound(ground: Ground, sprout_image: BuiltImage, locked: FleetContext) -> Iterator[FleetContext]:
    """Sprout serves, and everything about it is as it must be, before and after."""
    ground.pretend(derived(sprout_image, _GIT))
    ground.deploy()
    ground.boards.inside("sprout", HEALTHY)
    assert failed(verify_service.quick(locked, SPROUT)) == set()
    yield locked
    assert failed(verify_service.quick(locked, SPROUT)) == set(), "it is not mended"


def failed(report: Report) -> set[str]:
    return {one.check for one in report.failed}


def verdicts(report: Report) -> dict[str, bool]:
    return {result.check: result.holds for result in report.results if result.check != "exchange"}


def test_a_sound_host_is_green_either_way(sound: FleetContext) -> None:
    quick, full = verify_service.quick(sound, SPROUT), verify_service.full(sound, SPROUT)
    assert [one.check for one in full.results] == [*(one.check for one in quick.results), "exchange"]
    assert failed(full) == set(), [one for one in full.results if not one.holds]
    assert f"manifest of {LISTED}" in {one.check for one in full.results}


@pytest.mark.parametrize("broken", by_commit(BREAKS, 8, "breaks"), ids=[one.name for one in BREAKS])
def test_both_say_what_is_broken(ground: Ground, sound: FleetContext, broken: Break) -> None:
    assert len(BREAKS) >= 10
    done = ground.boards.inside("sprout", f"set -e; {broken.how}")
    assert done.code == 0, done.complaint
    try:
        quick, full = verify_service.quick(sound, SPROUT), verify_service.full(sound, SPROUT)
    finally:
        mended = ground.boards.inside("sprout", broken.mended_by)
    assert mended.code == 0, mended.complaint
    assert verdicts(quick) == verdicts(full)
    assert broken.checks <= failed(quick)
    assert broken.checks <= failed(full)
    assert all(one.remedy for one in (*quick.failed, *full.failed))


def test_a_container_is_reached_without_ssh(ground: Ground, sound: FleetContext) -> None:
    container = ground.boards.machine("sprout").container
    report = verify_service.full(sound, SPROUT, f"docker://sage@{container}")
    assert failed(report) == set()
    assert len(report.results) > 30


def test_a_machine_that_was_never_provisioned_is_examined_where_it_stands(sound: FleetContext) -> None:
    """testinfra's `local://`: this one, which has no helper to say who it is."""
    first = verify_service.full(sound, SPROUT, "local://").results[0]
    assert (first.check, first.holds) == ("helper", False)
    assert first.remedy == hints.invoke("provision", host="sprout")


def test_an_exchange_that_does_not_answer_is_said_by_the_one_that_asks_it(ground: Ground, sound: FleetContext) -> None:
    ground.boards.inside("sprout", "chmod 0000 /srv/sage/keys/exchange")
    try:
        quick, full = verify_service.quick(sound, SPROUT), verify_service.full(sound, SPROUT)
    finally:
        ground.boards.inside("sprout", "chmod 0400 /srv/sage/keys/exchange")
    assert failed(full) - failed(quick) == {"exchange"}
    (said,) = (one for one in full.results if one.check == "exchange")
    assert said.remedy[-1] == hints.invoke("logs", host="sprout")  # type: ignore[index]


def test_a_host_that_was_only_provisioned_is_green_either_way(ground: Ground, sound: FleetContext) -> None:
    ground.boards.inside("thor", "docker rm --force sage-agent-1")
    ground.boards.inside("thor", "rm -f /srv/sage/current /srv/sage/deploy/journal.jsonl")
    quick, full = verify_service.quick(sound, THOR), verify_service.full(sound, THOR)
    assert failed(quick) == failed(full) == set()
    assert {one.answer for one in full.results if one.check == "release"} == {"none"}


def test_a_release_that_is_gone_is_missed_and_nothing_else(ground: Ground, sound: FleetContext) -> None:
    ground.boards.inside("sprout", "mv -T /srv/sage/current /srv/sage/away")
    try:
        quick, full = verify_service.quick(sound, SPROUT), verify_service.full(sound, SPROUT)
    finally:
        ground.boards.inside("sprout", "mv -T /srv/sage/away /srv/sage/current")
    assert failed(quick) == failed(full) == {"release"}


def test_several_hosts_one_of_them_silent(
    ground: Ground, sound: FleetContext, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ground.boards.inside("thor", "systemctl stop ssh ssh.socket")
    try:
        for quick in (True, False):
            asked = VerifyAsked(quick, as_json=True, junit=tmp_path / "junit.xml")
            assert verify_service.verified(sound, [SPROUT, THOR], asked) == 4
            sprout, thor = json.loads(capsys.readouterr().out)["content"]
            assert (sprout["ok"], thor["ok"], thor["code"]) == (True, False, 4)
            assert thor["error"].startswith("thor (sage@127.0.0.1 port")
            suites = ElementTree.parse(tmp_path / "junit.xml").getroot()  # noqa: S314 - we wrote it
            assert [suite.get("errors") for suite in suites] == ["0", "1"]
    finally:
        ground.boards.inside("thor", "systemctl start ssh")


def test_a_host_with_another_key_is_not_asked(ground: Ground, sound: FleetContext) -> None:
    known = ground.boards.place.known_hosts
    before = known.read_text("utf-8")
    lines = dict(line.split(maxsplit=1) for line in before.splitlines())
    try:
        known.write_text(f"sprout {lines['thor']}\nthor {lines['sprout']}\nhub {lines['hub']}\n", "utf-8")
        with pytest.raises(NotTrusted, match="nothing was sent"):
            verify_service.full(sound, SPROUT)
    finally:
        known.write_text(before, "utf-8")
