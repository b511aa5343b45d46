"""One command each, on a board that is reached over ssh: enrol, rotate, lost, revoke; and what readers then read."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from sage_edge.exchange.errors import ForeignCommits
from sage_edge.exchange.post import Post, Sender, Signing
from sage_edge.inventory import load
from sage_edge.inventory.signers import Signer
from sage_edge.names import HostName
from tests.deploy import loopback
from tests.deploy.boards import Board, needs_ssh
from tests.deploy.loopback import Loopback
from tests.exchange.world import FOLDERS, SPROUT, THOR, StillClock, World, decision, git
from tests.keys import public_half

pytestmark = [needs_ssh, pytest.mark.slow]
DESK = HostName("desk")


@dataclass
class Fleet:
    """A workstation, sprout's board behind sshd, a hub, and thor who reads."""

    here: Loopback
    world: World
    written: int = 0

    @property
    def key(self) -> Path:
        return self.here.board / "srv/sage/keys/exchange"

    @property
    def signers(self) -> tuple[Signer, ...]:
        return load.load(self.here.fleet).signers

    def post(self, host: HostName, key: Path | None) -> Post:
        """A host's exchange, as its container opens it: with the declarations of now."""
        state = self.here.board / "srv/sage/state" if host == SPROUT else self.world.state(host)
        sender = Sender(host, FOLDERS, Signing(self.signers, key))
        places = (state / "papers", state / "exchange.git", state / "locks")
        post = Post(*places, str(self.world.hub), sender, StillClock())
        post.open()
        return post

    def writes(self) -> str:
        """Sprout publishes a decision with the key that its board has; its commit."""
        self.written += 1
        post = self.post(SPROUT, self.key)
        post.put(decision(self.written))
        commit = post.publish(f"decision {self.written}").commit
        post.receive()
        assert commit
        return commit

    def read(self) -> tuple[int, str]:
        """How many of its decisions thor reads, and what is wrong."""
        thor = self.post(THOR, None)
        quarantined = thor.receive().quarantined
        return len(thor.names(SPROUT, "decisions")), ", ".join(f"{q.rule} {q.commit}" for q in quarantined)

    def typed(self, words: str) -> str:
        """Type a task that works; what it printed."""
        done = self.here.typed(words)
        assert done.code == 0, done
        return done.out + done.err


@pytest.fixture
def fleet(tmp_path: Path, sprout: Board, identity: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    here = loopback.with_board(tmp_path / "work", sprout, identity, monkeypatch)
    monkeypatch.setattr("sage_edge.deploy.provision.AGENT", os.getuid())
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (here.board / "srv/sage/keys").mkdir(parents=True)
    (here.board / "bin/ssh-keygen").symlink_to(str(shutil.which("ssh-keygen")))
    world = World(tmp_path / "world")
    world.open_hub()
    said = (here.fleet / "fleet.yaml").read_text()
    remote = next(line for line in said.splitlines() if line.strip().startswith("remote:"))
    (here.fleet / "fleet.yaml").write_text(said.replace(remote, f"  remote: {world.hub}"))
    return Fleet(here, world)


def test_a_host_is_enrolled_and_gets_other_keys(fleet: Fleet) -> None:
    old = fleet.writes()
    out = fleet.typed("key.enrol --host sprout")
    assert fleet.signers == (Signer(SPROUT, ("git",), public_half(fleet.key), old),)
    assert f"sprout signs behind {old[:12]}" in out
    assert "invoke deploy --all" in out
    assert "PRIVATE" not in out
    fleet.typed("key.enrol --host sprout")
    assert len(fleet.signers) == 1, "enrolled once"
    tip = fleet.writes()
    assert fleet.read() == (2, "")

    before = public_half(fleet.key)
    fleet.typed("key.rotate --host sprout")
    assert [signer.after for signer in fleet.signers] == [old, tip]
    assert [signer.key for signer in fleet.signers] == [before, public_half(fleet.key)]
    tip = fleet.writes()
    assert fleet.read() == (3, "")

    fleet.key.unlink()
    fleet.typed("key.lost --host sprout")
    assert [signer.until for signer in fleet.signers] == [tip, tip, None]
    fleet.writes()
    assert fleet.read() == (4, "")


def test_what_a_stolen_key_signed_is_not_read(fleet: Fleet) -> None:
    fleet.typed("key.enrol --host sprout")
    own, _ = fleet.writes(), fleet.writes()
    assert fleet.read() == (2, "")
    assert fleet.here.typed("key.revoke --host sprout").code == 2
    stolen = git(fleet.world.hub, "rev-parse", "host/sprout")
    fleet.typed(f"key.revoke --host sprout --until {own}")
    assert fleet.read() == (1, f"foreign-key {stolen}")
    assert fleet.signers[-1].after == own, "what is passed over begins nothing"
    sprout = fleet.post(SPROUT, fleet.key)
    with pytest.raises(ForeignCommits):
        sprout.receive()
    sprout.repair("the key was stolen")
    fleet.writes()
    assert fleet.read() == (3, "")


def test_an_operator_has_a_key_here(fleet: Fleet, tmp_path: Path) -> None:
    out = fleet.typed("key.enrol --host desk")
    path = tmp_path / "config/sage-edge/key"
    assert fleet.signers == (Signer(DESK, ("git", "sage-release"), public_half(path), "start", counters=(0, None)),)
    assert "invoke provision --all" in out
    assert path.stat().st_mode & 0o777 == 0o600
    fleet.typed("key.rotate --host desk")
    assert [signer.counters for signer in fleet.signers] == [(0, 0), (0, None)]
    assert [signer.key for signer in fleet.signers][1:] == [public_half(path)]
    fleet.typed("key.lost --host desk")
    assert [signer.until for signer in fleet.signers] == ["start", "start", None]


def test_a_line_is_ended_also_where_the_board_does_not_answer(fleet: Fleet) -> None:
    """Whoever has stolen the board has the key, too."""
    fleet.typed("key.enrol --host sprout")
    own = fleet.writes()
    config = fleet.here.fleet / "ssh_config"
    config.write_text(config.read_text().replace(f"Port {fleet.here.port}", "Port 1"))
    assert fleet.here.typed(f"key.revoke --host sprout --until {own}").code == 4
    assert [signer.until for signer in fleet.signers] == [own]
