"""Where a set of stand-ins keeps what belongs to it on the workstation, and what is known of each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.signers import FILE as SIGNERS
from sage_edge.inventory.signers import OPERATOR_KEY
from sage_edge.remote.ssh.config import CONFIG, KEYS

HUB = "hub"
OVERLAY = "sim"


@dataclass(frozen=True)
class SimPlace:
    """One set of stand-ins: its folder, and the name that every container, volume and network of it carries."""

    folder: Path
    name: str

    @classmethod
    def of(cls, fleet: Fleet) -> SimPlace:
        """The set that belongs to a checkout; two checkouts on one machine have one each."""
        folder = fleet.addresses.absolute()
        return cls(folder, f"sage-sim-{hashlib.sha256(str(folder).encode()).hexdigest()[:6]}")

    @property
    def key(self) -> Path:
        """The workstation's private key."""
        return self.folder / "id_ed25519"

    @property
    def config(self) -> Path:
        return self.folder / CONFIG

    @property
    def known_hosts(self) -> Path:
        return self.folder / KEYS

    @property
    def state(self) -> Path:
        return self.folder / "sim.json"

    @property
    def operator_key(self) -> Path:
        """The private key that signs what stand-ins run."""
        return self.folder / OPERATOR_KEY

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that a set leaves on the workstation, but for its lock."""
        keys = [half for key in (self.key, self.operator_key) for half in (key, key.with_suffix(".pub"))]
        return (self.state, self.config, self.known_hosts, self.folder / SIGNERS, *keys)

    @property
    def lock(self) -> Path:
        """Held by whoever changes the set; beside the folder, so that `down` can remove that whole."""
        return self.folder.with_suffix(".lock")

    def container(self, host: str) -> str:
        """The name of a host's container."""
        return f"{self.name}-{host}"


@dataclass(frozen=True)
class Machine:
    """One stand-in as the engine knows it. port: of its sshd, on 127.0.0.1; state: Docker's word, like `running`."""

    host: str
    container: str
    port: int
    state: str
    image: str

    @property
    def is_board(self) -> bool:
        return self.host != HUB

    @property
    def user(self) -> str:
        """Whom we come in as."""
        return "sage" if self.is_board else "git"
