"""What is laid inside a stand-in before it first starts."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge.exchange import hub_program
from sage_edge.exchange.doorkeeper import HOSTS
from sage_edge.inventory import board_facts, load
from sage_edge.sim import container_files
from sage_edge.sim.container_files import GIT, SAGE, Piece

FLEET = load.load(Path(__file__).parents[2] / "fleet", "sim")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOne"
FOLDERS = {"sprout": frozenset({"sessions"}), "thor": frozenset({"findings"})}


def unpacked(pieces: list[Piece], into: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(container_files.packed(pieces))) as tar:
        tar.extractall(into, filter="data")


@pytest.mark.parametrize("host", ["sprout", "thor"])
def test_each_stand_in_has_the_facts_of_its_card(host: str, tmp_path: Path) -> None:
    card = FLEET.board_of(host)
    unpacked(container_files.of_board(container_files.all_facts()[card.name], KEY), tmp_path)
    root = tmp_path / (tmp_path / "etc/sage/facts-root").read_text().strip().lstrip("/")
    measured = board_facts.measure(root, "x86_64")
    assert board_facts.contradictions(measured, card) == ()
    real = replace(measured, arch="aarch64")
    plain = load.load(FLEET.folder).board_of(host)
    assert board_facts.contradictions(real, plain) == (), "but for its processor it is the real board"
    assert (tmp_path / board_facts.RELEASE).read_bytes() == (root / board_facts.RELEASE).read_bytes()


def test_every_board_with_facts_is_declared() -> None:
    assert set(container_files.all_facts()) == {name for name in FLEET.boards if name.startswith("sim-")}


def test_the_way_in_belongs_to_whom_it_lets_in() -> None:
    pieces = {
        piece.path: piece for piece in container_files.of_board(container_files.all_facts()["sim-orin-nano"], KEY)
    }
    gate = pieces["home/sage/.ssh/authorized_keys"]
    assert (gate.owner, gate.mode, gate.content) == (SAGE, 0o600, f"{KEY}\n".encode())
    with tarfile.open(fileobj=io.BytesIO(container_files.packed([gate, pieces["home/sage/.ssh"]]))) as tar:
        assert [(m.uid, m.gid, m.mode, m.isdir()) for m in tar] == [
            (SAGE, SAGE, 0o600, False),
            (SAGE, SAGE, 0o700, True),
        ]


def test_the_hub_is_one_with_its_doorkeeper(tmp_path: Path) -> None:
    pieces = container_files.of_hub(FOLDERS, KEY)
    assert {piece.owner for piece in pieces} == {GIT}
    unpacked(pieces, tmp_path)
    repository = tmp_path / container_files.REPOSITORY
    words = ("git", "-C", repository, "rev-parse", "--is-bare-repository")
    assert subprocess.run(words, check=True, capture_output=True, text=True).stdout == "true\n"
    hook = repository / "hooks" / "pre-receive"
    assert os.access(hook, os.X_OK)
    assert hook.read_bytes() == hub_program.packed()
    assert "thor" in (repository / HOSTS).read_text()


def test_a_key_at_the_hub_is_that_of_one_host() -> None:
    other = KEY.replace("One", "Two")
    pieces = {piece.path: piece for piece in container_files.gate({"thor": f"{other} somebody@else", "desk": KEY})}
    gate = pieces[container_files.GATE]
    assert gate.content is not None
    assert gate.content.decode() == (
        f'restrict,command="sage-hub desk" {KEY} desk\nrestrict,command="sage-hub thor" {other} thor\n'
    )
    assert gate.mode == 0o600
    assert container_files.admitted(gate.content.decode()) == {"desk": KEY, "thor": other}
    assert container_files.admitted(f"restrict {KEY} desk\n") == {"desk": KEY}
    assert pieces[f"{container_files.REPOSITORY}/sage-hub"].mode == 0o755
