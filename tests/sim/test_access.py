"""The two files by which the workstation finds the stand-ins, read by OpenSSH itself."""

from __future__ import annotations

import shutil

import pytest

from sage_edge import shell
from sage_edge.names import HostName
from sage_edge.remote.ssh import config, known_keys
from sage_edge.shell import Command
from sage_edge.sim import Machine, SimPlace, access

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f root@sprout"
MACHINES = (Machine("hub", "set-hub", 4000, "running", ""), Machine("sprout", "set-sprout", 4001, "running", ""))

needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh not installed: apt-get install openssh-client")


def written(place: SimPlace) -> None:
    place.folder.mkdir(parents=True)
    access.ensure_key(place)
    place.config.write_text(access.config(place, MACHINES))
    place.known_hosts.write_text(access.known_hosts({"sprout": KEY, "hub": KEY}))


@needs_ssh
def test_our_own_commands_find_a_board_in_a_folder_with_a_blank(place: SimPlace) -> None:
    written(place)
    address = config.find(place.folder, HostName("sprout"))
    assert (address.hostname, address.port, address.user, address.key_name) == ("127.0.0.1", 4001, "sage", "sprout")
    assert address.identities == (place.key,)
    assert address.identities_only
    assert known_keys.pinned(address.known_hosts, "sprout").own[0].text == f"sprout {' '.join(KEY.split()[:2])}"


@needs_ssh
def test_a_person_s_ssh_trusts_nothing_else_either(place: SimPlace) -> None:
    written(place)
    told = shell.run(Command(("ssh", "-F", str(place.config), "-G", "hub"))).text.splitlines()
    says = dict(line.partition(" ")[::2] for line in told)
    assert (says["user"], says["port"]) == ("git", "4000")
    assert says["stricthostkeychecking"] == "true"
    assert says["userknownhostsfile"] == str(place.known_hosts)


@needs_ssh
def test_the_key_pair_is_made_once_and_is_nobody_else_s(place: SimPlace) -> None:
    place.folder.mkdir(parents=True)
    first = access.ensure_key(place)
    assert access.ensure_key(place) == first
    assert first.startswith("ssh-ed25519 ")
    assert place.key.stat().st_mode & 0o777 == 0o600
    place.key.with_suffix(".pub").unlink()
    assert access.ensure_key(place) != first, "half a pair is no pair"
