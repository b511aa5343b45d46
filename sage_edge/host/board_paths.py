"""The paths on a board.

/etc/sage/host.yaml                  who this board is
/etc/sage/facts-root                 where board facts lie, one line; absent on a real board: `/`
/srv/sage/host/sage-host             this helper, a link to sage-host-<12 hex>.pyz
/srv/sage/releases/<12 hex>/         release.json, compose.yaml, .env, fleet/, .listing.json
/srv/sage/current                    -> releases/<12 hex>
/srv/sage/models/                    blobs by digest, names as small files
/srv/sage/keys/                      exchange: the board's key; serve/: token, certificate and key of what it serves
/srv/sage/state/                     the container's only writable volume
/srv/sage/deploy/                    journal.jsonl, lock.json, audit.jsonl, started.json, retired.json, work.guard
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Places(NamedTuple):
    """Every path, below `root`: `/` on a board, a folder in a test."""

    root: Path = Path("/")

    @property
    def base(self) -> Path:
        return self.root / "srv/sage"

    @property
    def card(self) -> Path:
        return self.root / "etc/sage/host.yaml"

    @property
    def facts_root(self) -> Path:
        """Where board facts are measured."""
        named = self.root / "etc/sage/facts-root"
        return Path(named.read_text("utf-8").strip()) if named.is_file() else self.root

    @property
    def releases(self) -> Path:
        return self.base / "releases"

    @property
    def current(self) -> Path:
        return self.base / "current"

    @property
    def models(self) -> Path:
        return self.base / "models"

    @property
    def state(self) -> Path:
        return self.base / "state"

    @property
    def gateway(self) -> Path:
        """What the model's gateway opens by, and is known by (host.gateway_secrets)."""
        return self.base / "keys/serve"

    @property
    def session_lock(self) -> Path:
        """The lock that a running session holds (sage_edge.locks: flock)."""
        return self.state / "locks/session.lock"

    @property
    def journal(self) -> Path:
        return self.base / "deploy/journal.jsonl"

    @property
    def lock(self) -> Path:
        return self.base / "deploy/lock.json"

    @property
    def guard(self) -> Path:
        """The lock of the helper that works (host.file_lock)."""
        return self.base / "deploy/work.guard"

    @property
    def audit(self) -> Path:
        return self.base / "deploy/audit.jsonl"

    @property
    def started(self) -> Path:
        """How compose made the containers that were started last (host.started)."""
        return self.base / "deploy/started.json"

    @property
    def retired(self) -> Path:
        """The mark of a board that is out of service (host.retirement)."""
        return self.base / "deploy/retired.json"

    @property
    def helpers(self) -> Path:
        return self.base / "host"
