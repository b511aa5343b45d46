"""rsync gets a strict ssh, and what it complains of becomes our error."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from sage_edge.errors import CommandFailed, SageError, StorageError, Unreachable
from sage_edge.model_sync import rsync
from sage_edge.model_sync.errors import NoRsync
from sage_edge.model_sync.rsync import Side
from sage_edge.names import HostName
from sage_edge.remote.errors import ShellInTheWay


def test_rsync_gets_a_strict_ssh(tmp_path: Path) -> None:
    fleet = tmp_path / "it's a fleet"
    folder = PurePosixPath("/srv/sage/models/partial/sync")
    words = rsync.push(Side(HostName("thor"), folder, fleet), tmp_path, 500_000)
    shell = words[words.index("--rsh") + 1]
    for option in ("StrictHostKeyChecking=yes", "BatchMode=yes", "GlobalKnownHostsFile=/dev/null", "ProxyCommand=none"):
        assert f"'-o' '{option}'" in shell
    assert f"'-F' '{tmp_path}/it''s a fleet/ssh_config'" in shell
    assert "--bwlimit=488" in words
    assert words[-1] == "thor:/srv/sage/models/partial/sync/"


@pytest.mark.parametrize(
    ("code", "complaint", "kind"),
    [
        (255, "Connection closed", Unreachable),
        (12, "rsync error: error in rsync protocol data stream", Unreachable),
        (30, "[sender] io timeout after 60 seconds", Unreachable),
        (11, "rsync: [receiver] write failed: No space left on device (28)", StorageError),
        (127, "sh: 1: rsync: not found", NoRsync),
        (2, "protocol version mismatch -- is your shell clean?\n(see the manual)", ShellInTheWay),
        (12, "Invalid remote-shell\nis your shell clean?", ShellInTheWay),
        (23, "rsync: change_dir failed", CommandFailed),
    ],
)
def test_what_rsync_complains_of_becomes_our_error(code: int, complaint: str, kind: type[SageError]) -> None:
    assert type(rsync._refusal(code, complaint, ("rsync",), HostName("thor"))) is kind
