"""A remote is taken apart as git takes it apart."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sage_edge.exchange.hub_address import place_of

REMOTES = (
    "ssh://hub/post.git",
    "ssh://git@hub:2222/srv/po%20st.git",
    "ssh://git@[::1]:2222/post.git",
    "ssh://git@[::1]/post.git",
    "git+ssh://hub/~git/post.git",
    "ssh://hub/~/it's.git",
    "git@hub:post.git",
    "hub:/srv/post.git",
    "git@[::1]:post.git",
    "[hub:2222]:post.git",
    "git@hub:a:b",
)


@pytest.mark.parametrize("remote", REMOTES)
def test_a_remote_over_ssh_is_called_as_git_calls_it(remote: str, tmp_path: Path) -> None:
    (tmp_path / "ssh").write_text('#!/bin/sh\nprintf "%s\\n" "$@" >&2\n')
    (tmp_path / "ssh").chmod(0o755)
    env = {"GIT_SSH_COMMAND": str(tmp_path / "ssh"), "PATH": "/usr/bin:/bin", "GIT_PROTOCOL_FROM_USER": "1"}
    done = subprocess.run(
        ("git", "-c", "protocol.version=0", "ls-remote", remote), capture_output=True, env=env, check=False
    )
    place = place_of(remote)
    assert place is not None
    quoted = "'" + place.path.replace("'", "'\\''") + "'"
    expected = [*place.options, place.destination, f"git-upload-pack {quoted}"]
    assert done.stderr.decode().splitlines()[: len(expected)] == expected


@pytest.mark.parametrize("remote", ["/srv/post.git", "./a:b", "file:///srv/post.git", "https://hub/post.git", "hub"])
def test_what_is_not_reached_over_ssh_is_not_looked_at(remote: str) -> None:
    assert place_of(remote) is None
