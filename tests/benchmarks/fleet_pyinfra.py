"""The peer: pyinfra, from PyPI, in an environment of its own, asking four things that our probe asks, too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sage_edge.names import HostName
from sage_edge.remote.ssh import config
from tests.benchmarks.fleet_ground import Fleet

VERSION = "3.10"
ROOT = Path(__file__).parents[2]

_CHECKS = """\
from pyinfra import host
from pyinfra.operations import files, systemd

files.link(path="/srv/sage/current", target=host.data.release, _sudo=True)
files.file(path="/etc/sage/host.yaml", user="root", group="root", mode="644", _sudo=True)
files.directory(path="/srv/sage/state", user="sage-agent", mode="750", _sudo=True)
systemd.service(service="sage-release.service", enabled=True, running=None, _sudo=True)
"""


@dataclass(frozen=True)
class Peer:
    """A prepared run. folder: holds inventory and checks."""

    program: Path
    folder: Path
    count: int


def prepared(fleet: Fleet, hosts: Sequence[HostName]) -> Peer:
    """Write what pyinfra needs to ask these boards."""
    folder = fleet.ground.desk.root / f"pyinfra-{len(hosts)}"
    folder.mkdir(exist_ok=True)
    known, inventory = [], []
    for host in hosts:
        found = config.find(fleet.ground.desk.fleet.addresses, host)
        known.append(f"[{found.hostname}]:{found.port} {fleet.key(host)}\n")
        data = {
            "ssh_hostname": found.hostname,
            "ssh_port": found.port,
            "ssh_user": found.user,
            "ssh_key": str(found.identities[0]),
            "ssh_known_hosts_file": str(folder / "known_hosts"),
            "ssh_strict_host_key_checking": "yes",
            "ssh_allow_agent": False,
            "ssh_look_for_keys": False,
            "release": f"releases/{fleet.ground.facts(host).deployed.current}",
        }
        inventory.append((str(host), data))
    (folder / "known_hosts").write_text("".join(known))
    (folder / "inventory.py").write_text(f"boards = {inventory!r}\n")
    (folder / "checks.py").write_text(_CHECKS)
    return Peer(_installed(), folder, len(hosts))


def nothing_to_do(peer: Peer) -> None:
    """Ask, and see that every board was reached and nothing was changed."""
    words = (str(peer.program), "-y", "inventory.py", "checks.py")
    done = subprocess.run(words, cwd=peer.folder, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    if done.returncode != 0 or said.count("No changes") < 4 * peer.count:
        raise RuntimeError(f"pyinfra did something else than ours: {said[-2000:]}")


def _installed() -> Path:
    """Install it where nothing of ours is."""
    folder = ROOT / ".sage" / "bench" / f"pyinfra-{VERSION}"
    program = folder / "bin" / "pyinfra"
    if not program.exists():
        subprocess.run((sys.executable, "-m", "venv", str(folder)), check=True)
        subprocess.run((str(folder / "bin" / "pip"), "install", "-q", f"pyinfra=={VERSION}.*"), check=True)
    return program
