"""Provisioning steps: looked at first, done once, and only where we may write."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sage_edge.host import provision
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import Refusal

ME = {"uid": os.getuid(), "gid": os.getgid()}
STEPS = [
    {"kind": "folder", "path": "srv/sage/state", "mode": "0750", **ME},
    {"kind": "file", "path": "etc/sage/host.yaml", "text": "format: 1\nhost: sprout\n", "mode": "0644", **ME},
]


def apply(root: Path, *steps: dict[str, object]) -> list[bool]:
    return [bool(one["changed"]) for one in provision.apply(Places(root), steps, lambda line: None)]


def test_the_second_time_nothing_changes(tmp_path: Path) -> None:
    assert apply(tmp_path, *STEPS) == [True, True]
    assert apply(tmp_path, *STEPS) == [False, False]
    assert (tmp_path / "srv/sage/state").stat().st_mode & 0o777 == 0o750


def test_what_was_changed_by_hand_is_set_right(tmp_path: Path) -> None:
    apply(tmp_path, *STEPS)
    (tmp_path / "etc/sage/host.yaml").write_text("format: 1\nhost: thor\n", "utf-8")
    (tmp_path / "srv/sage/state").chmod(0o777)
    assert apply(tmp_path, *STEPS) == [True, True]
    assert (tmp_path / "etc/sage/host.yaml").read_text("utf-8") == STEPS[1]["text"]


def test_each_change_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    done = provision.apply(Places(tmp_path), STEPS, told.append)
    assert ([step["step"] for step in done], told) == (["folder srv/sage/state", "file etc/sage/host.yaml"], [])


def test_what_was_changed_before_a_refusal_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(Refusal):
        provision.apply(Places(tmp_path), [*STEPS, {"kind": "dance"}], told.append)
    assert told == ["changed: folder srv/sage/state", "changed: file etc/sage/host.yaml"]


def test_what_the_system_refuses_is_told_in_words_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "srv/sage").mkdir(parents=True)
    (tmp_path / "srv/sage/state").write_text("in the way", "utf-8")
    with pytest.raises(Refusal, match=r"^folder srv/sage/state: File exists: .*/srv/sage/state$") as refused:
        apply(tmp_path, *STEPS)
    assert refused.value.hint[0] == f"on the board: ls -ld {tmp_path}/srv/sage/state; once it is out of the way: "


def test_a_group_that_the_board_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provision, "pwd", SimpleNamespace(getpwnam=lambda name: name))
    step: dict[str, object] = {"kind": "user", "name": "sage-agent", "uid": 1, "gid": 1, "groups": ["no-such-group"]}
    with pytest.raises(Refusal, match="this board has no group no-such-group") as refused:
        apply(tmp_path, step)
    assert refused.value.kind == "no-group"


@pytest.mark.parametrize("step", [{"kind": "file", "path": "srv/sage/x"}, {"kind": "folder", "mode": "0755"}, {}])
def test_a_step_that_lacks_something_is_no_python_error(tmp_path: Path, step: dict[str, object]) -> None:
    with pytest.raises(Refusal) as refused:
        apply(tmp_path, step)
    assert "Error" not in refused.value.message


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "etc/passwd", "srv/sage/../../etc/passwd", "etc/sudoers", "srv/sagex/a"]
)
@pytest.mark.parametrize("kind", ["file", "folder", "key"])
def test_nothing_is_written_elsewhere(tmp_path: Path, kind: str, path: str) -> None:
    with pytest.raises(Refusal, match="expected a path below srv/sage") as told:
        apply(tmp_path, {"kind": kind, "path": path, "mode": "0644", "text": "", "comment": "", **ME})
    assert told.value.code == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "step",
    [
        {"kind": "dance"},
        {"kind": "packages", "names": ["rsync; reboot"]},
        {"kind": "group", "name": "--help"},
        {"kind": "user", "name": "Root Root"},
        {"kind": "unit", "name": "ssh.service", "text": ""},
        {"kind": "service", "name": "cron"},
    ],
)
def test_what_is_no_step_is_refused(tmp_path: Path, step: dict[str, object]) -> None:
    with pytest.raises(Refusal) as told:
        apply(tmp_path, step)
    assert told.value.code == 2


def test_a_key_is_made_once_and_stays_private(tmp_path: Path) -> None:
    step: dict[str, object] = {"kind": "key", "path": "srv/sage/keys/exchange", "comment": "sprout", **ME}
    (tmp_path / "srv/sage/keys").mkdir(parents=True)
    first, second = (provision.apply(Places(tmp_path), [step], lambda line: None)[0] for _ in range(2))
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["public"] == second["public"]
    assert str(first["public"]).startswith("ssh-ed25519 ")
    assert (tmp_path / "srv/sage/keys/exchange").stat().st_mode & 0o777 == 0o400
    assert "PRIVATE" not in str(first)


def made(root: Path, step: dict[str, object]) -> dict[str, Any]:
    """What one step did."""
    return provision.apply(Places(root), [step], lambda line: None)[0]


def test_a_key_is_renewed_when_asked_and_read_when_half_is_lost(tmp_path: Path) -> None:
    step: dict[str, object] = {"kind": "key", "path": "srv/sage/keys/exchange", "comment": "sprout", **ME}
    keys = tmp_path / "srv/sage/keys"
    keys.mkdir(parents=True)
    first = made(tmp_path, step)["public"]
    (keys / "exchange.pub").unlink()
    again = made(tmp_path, step)
    assert (again["changed"], str(again["public"]).split()[:2]) == (False, str(first).split()[:2])
    (keys / "exchange.next").write_text("what a killed helper left")
    renewed = made(tmp_path, {**step, "renew": True})
    assert renewed["changed"]
    assert renewed["public"] != first
    assert sorted(path.name for path in keys.iterdir()) == ["exchange", "exchange.pub"]
    assert (keys / "exchange").stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize("packed", [False, True])
def test_a_key_comes_with_the_last_commit_that_the_exchange_has(tmp_path: Path, packed: bool) -> None:
    step: dict[str, object] = {"kind": "key", "path": "srv/sage/keys/exchange", "comment": "sprout", **ME}
    (tmp_path / "srv/sage/keys").mkdir(parents=True)
    assert made(tmp_path, {**step, "branch": "sprout"})["tip"] is None
    clone = tmp_path / "srv/sage/state/exchange.git"
    (clone / "refs/incoming").mkdir(parents=True)
    if packed:
        lines = (f"{'ab' * 20} refs/incoming/sprouts", f"{'cd' * 20} refs/incoming/sprout", f"^{'ef' * 20}")
        (clone / "packed-refs").write_text("\n".join(("# pack-refs with: peeled", *lines, "")))
    else:
        (clone / "refs/incoming/sprout").write_text(f"{'cd' * 20}\n")
    assert made(tmp_path, {**step, "branch": "sprout"})["tip"] == "cd" * 20
    with pytest.raises(Refusal, match="expected a host"):
        made(tmp_path, {**step, "branch": "../sprout"})


@pytest.mark.skipif(
    not Path("/usr/sbin/visudo").exists(), reason="sudo is not installed here, so nobody checks sudoers files"
)
def test_a_broken_sudoers_file_never_gets_there(tmp_path: Path) -> None:
    step: dict[str, object] = {
        "kind": "file",
        "path": "etc/sudoers.d/sage-host",
        "text": "sage ALL=(\n",
        "mode": "0440",
        **ME,
    }
    with pytest.raises(Refusal, match="visudo refuses"):
        apply(tmp_path, step)
    assert not (tmp_path / "etc/sudoers.d/sage-host").exists()
