"""A stand-in board from its key at the exchange to its end: let in by an administrator, retired, and down for good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge.image.built import BuiltImage
from sage_edge.inventory import load, signers
from sage_edge.names import HostName
from sage_edge.workstation import backup_service, deploy_service, hub_admission, packed_state, retire_service
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.hub_admission import admit as over_ssh
from sage_edge.workstation.retire_service import RetireAsked
from tests.deploy.ground import SPROUT, Ground
from tests.deploy.hub_papers import GIT, pushed

pytestmark = pytest.mark.docker
ADMIN = HostName("hub-admin")
PAPER = "papers/sessions/primary/000/P001.json"
LET_IN = """\
install -d -m 0700 -o sage -g sage /home/sage/.ssh
cat >/home/sage/.ssh/authorized_keys && chown sage:sage /home/sage/.ssh/authorized_keys
"""
FORGET = "sed -i '/ sprout$/d' /srv/git/.ssh/authorized_keys"
BRANCH = "refs/heads/host/sprout"


@pytest.fixture
def desk(ground: Ground, served: BuiltImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FleetContext]:
    """The workstation of a fleet that names an administrator of its hub; afterwards Sprout serves as before."""
    boards, place = ground.boards, ground.boards.place
    kept = {path: path.read_bytes() for path in (place.config, place.folder / signers.FILE)}
    tip = boards.inside("hub", f"{GIT} rev-parse -q --verify {BRANCH} || echo").text.strip()
    boards.inside("hub", LET_IN, place.key.with_suffix(".pub").read_bytes())
    block = place.config.read_text("utf-8").partition("\nHost hub\n")[2].partition("\nHost ")[0]
    with place.config.open("a") as config:
        config.write(f"\nHost {ADMIN}\n{block.replace('User git', 'User sage')}")
    root = tmp_path / "desk"
    root.mkdir()
    (root / "fleet").symlink_to(ground.desk.fleet.folder)
    with monkeypatch.context() as patch:
        patch.setattr(hub_admission, "admit", over_ssh)  # the real one, which `ground` has replaced
        fleet = load.load(ground.desk.fleet.folder, "sim")
        yield FleetContext(root, replace(fleet, hub_administrator=ADMIN))
    for path, content in kept.items():
        path.write_bytes(content)
    boards.inside("hub", f"{GIT} update-ref {BRANCH} {tip}" if tip else f"{GIT} update-ref -d {BRANCH}")
    boards.inside("sprout", f"rm -f /srv/sage/state/{PAPER}")
    deploy_service.provisioned(ground.desk, SPROUT, lambda line: None)
    ground.deploy()


def containers(ground: Ground) -> str:
    return ground.boards.inside("sprout", "docker ps --all --quiet --filter label=com.docker.compose.project=sage").text


def test_a_host_is_let_in_publishes_is_retired_and_stays_down(ground: Ground, desk: FleetContext) -> None:
    boards = ground.boards
    boards.inside("hub", FORGET)
    assert "Permission denied" in pushed(ground, SPROUT).complaint
    told: list[str] = []
    deploy_service.provisioned(desk, SPROUT, told.append)
    assert "its key is bound to sprout at the exchange" in told
    done = pushed(ground, SPROUT)
    assert done.code == 0, done.complaint
    tip = boards.inside("hub", f"{GIT} rev-parse {BRANCH}").text.strip()

    laid = f"cd /srv/sage/state && mkdir -p {PAPER.rpartition('/')[0]} && echo one >{PAPER} && chown -R 10001:10001 ."
    boards.inside("sprout", laid)
    assert containers(ground)
    assert retire_service.retire(desk, RetireAsked(SPROUT, sure=True)) == 0
    assert containers(ground) == ""
    (archive,) = (desk.root / ".sage" / "backups").iterdir()
    assert PAPER in packed_state.read(archive).files
    lines = [signers.parse(line) for _, line in signers.lines(signers.read(boards.place.folder))]
    ends = [signer.until for signer in lines if signer.host == SPROUT]
    assert (ends[-1], None in ends) == (tip, False), "those of keys before it stay as they are"
    assert "Permission denied" in pushed(ground, SPROUT).complaint
    assert boards.inside("hub", f"{GIT} rev-parse {BRANCH}").text.strip() == tip

    assert boards.restart("sprout").system in ("running", "degraded")
    for unit in ("sage-watch.service", "sage-release.service"):
        boards.inside("sprout", f"systemctl start {unit}")
    assert containers(ground) == ""
    assert ground.facts().deployed.retired

    boards.inside("sprout", "rm -r /srv/sage/state/papers")
    backup_service.restored(desk, SPROUT, str(archive), replace=True)
    assert boards.inside("sprout", f"cat /srv/sage/state/{PAPER}").text == "one"
