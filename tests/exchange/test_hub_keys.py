"""authorized_keys after a key was bound: one line a host, nobody else's line touched."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.exchange import hub, hub_address, hub_gate, hub_keys
from sage_edge.exchange.hub_address import HubAddress

from .world import FOLDERS

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOne"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAITwo"
PROGRAM = "/srv/git/x.git/sage-hub"
BOUND = f'restrict,command="{PROGRAM} sprout" {KEY} sprout'


def test_a_key_is_bound_once() -> None:
    first = hub_keys.admit("", PROGRAM, "sprout", f"{KEY} sprout of sage\n")
    assert (first.text, first.changed, first.unbound) == (f"{BOUND}\n", True, 0)
    again = hub_keys.admit(first.text, PROGRAM, "sprout", KEY)
    assert (again.text, again.changed) == (first.text, False)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"restrict {KEY} sprout", BOUND),  # as hubs were told before keys were bound
        (f"{KEY} somebody", BOUND),
        (f'restrict,command="{PROGRAM} sprout" {OTHER} sprout', BOUND),  # a new key in the place of the old one
        (f'command="/elsewhere/sage-hub thor" {KEY} thor', BOUND),  # the same key cannot be two hosts
        (f"# keys\n\n{OTHER} me", f"# keys\n\n{OTHER} me\n{BOUND}"),
        (
            f'{KEY} a\nrestrict,command="{PROGRAM} thor" {OTHER} thor\n{KEY} b',
            f'{BOUND}\nrestrict,command="{PROGRAM} thor" {OTHER} thor',
        ),
    ],
)
def test_what_becomes_of_other_lines(before: str, after: str) -> None:
    assert hub_keys.admit(before + "\n", PROGRAM, "sprout", KEY).text == after + "\n"


def test_keys_that_are_bound_to_nobody_are_counted() -> None:
    lines = f'# a comment\n{OTHER} me\nrestrict,command="/x/sage-hub thor" {OTHER}x thor\n'
    assert hub_keys.admit(lines, PROGRAM, "sprout", KEY).unbound == 1


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_nothing_but_a_key_and_a_name_enters_the_file(program: str, host: str, key: str) -> None:
    try:
        line = hub_keys.line(f"/srv/{program}", host, key)
    except ValueError:
        return
    assert "\n" not in line
    assert line.count('"') == 2


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("ssh://git@hub/srv/git/x.git", HubAddress("git", "hub", "/srv/git/x.git")),
        ("ssh://hub:2222/~/x.git", HubAddress(None, "hub", "x.git")),
        ("git@hub:x.git", HubAddress("git", "hub", "x.git")),
        ("git@[::1]:/x.git", HubAddress("git", "::1", "/x.git")),
        ("/srv/x.git", None),
        ("./a:b", None),
        ("file:///srv/x.git", None),
        ("https://hub/x.git", None),
    ],
)
def test_where_a_hub_is_reached(remote: str, address: HubAddress | None) -> None:
    assert hub_address.over_ssh(remote) == address


def test_the_file_runs_alone_and_says_what_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a hub that has nothing of ours but sage-hub: this source on the stdin of its own Python."""
    login = pwd.getpwuid(os.geteuid()).pw_name
    hub.init(tmp_path / "hub.git", FOLDERS)
    account = f"('x', 'x', {os.geteuid()}, 0, '', {str(tmp_path)!r}, SHELL)"
    told = f"import pwd\npwd.getpwnam = lambda _: pwd.struct_passwd({account})\n"

    def run(shell: str, repository: str, verb: str = "admit") -> subprocess.CompletedProcess[str]:
        source = told.replace("SHELL", repr(shell)) + Path(hub_keys.__file__).read_text().replace(
            "from __future__ import annotations", ""
        )
        words = (sys.executable, "-I", "-S", "-", verb, login, repository, "sprout", KEY)
        return subprocess.run(words, input=source, capture_output=True, text=True)

    missing = run("/bin/sh", str(tmp_path / "other.git"))
    assert (missing.returncode, "sage-edge exchange init" in missing.stderr) == (1, True)
    gate = tmp_path / ".ssh" / "authorized_keys"
    assert not gate.exists()
    done = run("/bin/sh", "hub.git")  # below the login's folder
    assert (done.returncode, json.loads(done.stdout)) == (0, {"changed": True, "unbound": 0}), done.stderr
    assert gate.read_text() == f'restrict,command="{tmp_path}/hub.git/{hub_gate.NAME} sprout" {KEY} sprout\n'
    assert gate.stat().st_mode & 0o777 == 0o600
    assert json.loads(run("/bin/sh", "hub.git").stdout)["changed"] is False
    assert json.loads(run("/usr/bin/git-shell", "hub.git").stdout)["changed"] is True
    assert gate.read_text() == f'restrict,command="sage-hub sprout" {KEY} sprout\n'
    assert (tmp_path / "git-shell-commands" / "sage-hub").resolve() == tmp_path / "hub.git" / "sage-hub"
    assert (run("/bin/sh", "hub.git", "dance").returncode, gate.read_text().count(KEY)) == (1, 1)
    assert json.loads(run("/bin/sh", "hub.git", "drop").stdout) == {"changed": True, "unbound": 0}
    assert (gate.read_text(), gate.stat().st_mode & 0o777) == ("", 0o600)
    assert json.loads(run("/bin/sh", "hub.git", "drop").stdout)["changed"] is False


def test_a_host_that_is_dropped_leaves_the_lines_of_others_as_they_are() -> None:
    others = f'# keys\n\n{OTHER} me\nrestrict,command="{PROGRAM} thor" {OTHER} thor\n'
    assert hub_keys.drop(others, "sprout") == hub_keys.Admission(others, changed=False, unbound=0)
    new = f'restrict,command="{PROGRAM} sprout" {OTHER}New sprout'
    assert hub_keys.drop(f"{others}{BOUND}\n{new}\n", "sprout").text == others
    unbound = f"{KEY} from before keys were bound\n"
    assert hub_keys.drop(others + unbound, "sprout").text == others + unbound, "nobody knows whose it is"
    assert hub_keys.drop(others + unbound, "sprout", KEY).text == others
    with pytest.raises(ValueError, match="the name of a host"):
        hub_keys.drop(others, "spr out")
