"""How a board's key comes to the exchange: over the administrator's ssh, or as the line that a person adds."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge.errors import SageError
from sage_edge.exchange import hub, hub_gate
from sage_edge.inventory import load
from sage_edge.names import HostName
from sage_edge.workstation import hub_admission
from sage_edge.workstation.errors import NotAdmitted
from tests.deploy import boards
from tests.deploy.boards import needs_ssh

FLEET = load.load(Path(__file__).parents[2] / "fleet")
SPROUT, ADMIN = HostName("sprout"), HostName("hub-admin")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOne sprout of sage"
_HOME = """#!/bin/sh
# python3 as the hub has it, but the login's own folder is the test's
shift 3
exec {python} -c 'import pwd, sys
pwd.getpwnam = lambda _: pwd.struct_passwd(("git", "x", {uid}, 0, "", "{home}", "/bin/sh"))
exec(compile(sys.stdin.read(), "-", "exec"), {{"__name__": "__main__"}})' "$@"
"""


def test_without_an_administrator_the_line_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    hub_admission.admit(FLEET, tmp_path, SPROUT, KEY, told.append)
    key = KEY.removesuffix(" of sage")
    line = f'restrict,command="/srv/git/exchange.git/sage-hub sprout" {key}'
    assert told == [f"let the exchange know it by its key; in authorized_keys of git on exchange.sage.internal: {line}"]
    told.clear()
    hub_admission.admit(replace(FLEET, remote="https://code.example/x.git"), tmp_path, SPROUT, KEY, told.append)
    assert told == [f"let the exchange accept its key: {KEY}"]


def test_without_an_administrator_the_line_to_remove_is_named(tmp_path: Path) -> None:
    def left(remote: str = FLEET.remote, public: str = KEY) -> str:
        return hub_admission.dismiss(replace(FLEET, remote=remote), tmp_path, SPROUT, public, print)

    key = KEY.removesuffix(" of sage")
    place = "remove from authorized_keys of git on exchange.sage.internal: "
    assert left() == f'{place}restrict,command="/srv/git/exchange.git/sage-hub sprout" {key}'
    assert left(public="") == f"{place}the line of `sage-hub sprout`"
    assert left("https://code.example/x.git") == (
        f"let the exchange https://code.example/x.git forget the key {KEY}, where it was told one"
    )


@pytest.mark.parametrize("remote", ["/srv/x.git", "ssh://hub/srv/x.git"])
def test_an_administrator_of_what_no_login_reaches(remote: str, tmp_path: Path) -> None:
    fleet = replace(FLEET, remote=remote, hub_administrator=ADMIN)
    with pytest.raises(NotAdmitted, match="does not say as whom"):
        hub_admission.admit(fleet, tmp_path, SPROUT, KEY, print)


@needs_ssh
def test_the_administrator_binds_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.init(tmp_path / "git" / "x.git", {"sprout": frozenset({"sessions"})})
    boards.keygen(tmp_path / "admin")
    public = (tmp_path / "admin.pub").read_text("utf-8")
    with boards.board(str(ADMIN), tmp_path / "sshd", public, bare=False) as running:
        python = tmp_path / "python3"
        python.write_text(_HOME.format(python=shutil.which("python3"), uid=os.geteuid(), home=str(tmp_path / "git")))
        python.chmod(0o755)
        monkeypatch.setattr(hub_admission, "PYTHON", str(python))
        addresses = boards.fleet(tmp_path / "fleet", (running,), tmp_path / "admin")
        fleet = replace(FLEET, remote="ssh://git@hub/~/x.git", hub_administrator=ADMIN)

        def admitted(key: str = KEY, path: str = "x.git") -> list[str] | SageError:
            told: list[str] = []
            try:
                hub_admission.admit(replace(fleet, remote=f"git@hub:{path}"), addresses, SPROUT, key, told.append)
            except SageError as refused:
                return refused
            return told

        gate = tmp_path / "git" / ".ssh" / "authorized_keys"
        absent = admitted(path="other.git")
        assert isinstance(absent, NotAdmitted)
        assert "sage-edge exchange init other.git" in absent.message
        assert admitted() == ["its key is bound to sprout at the exchange"]
        program = f"{tmp_path}/git/x.git/{hub_gate.NAME}"
        assert gate.read_text() == f'restrict,command="{program} sprout" {KEY.removesuffix(" of sage")}\n'
        assert admitted() == []
        gate.write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAITwo me\n" + gate.read_text())
        told = admitted(KEY.replace("One", "New"))
        assert isinstance(told, list)
        assert told[0] == "its key is bound to sprout at the exchange"
        assert told[1].startswith("look at the exchange: 1 key there may push any branch")
        told.clear()
        host_fleet = replace(fleet, remote="git@hub:x.git")
        for _ in range(2):
            assert hub_admission.dismiss(host_fleet, addresses, SPROUT, KEY, told.append) == ""
        assert told == ["its key is let in at the exchange no more", "the exchange lets no key of it in"]
        assert gate.read_text() == "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAITwo me\n"
        python.write_text("#!/bin/sh\ncat >/dev/null; echo welcome\n")
        silent = admitted()
        assert isinstance(silent, NotAdmitted)
        assert "welcome" in silent.message
