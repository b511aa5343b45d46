"""Card, claim and board must agree; what disagrees is named."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.errors import DeclarationError, UsageError
from sage_edge.inventory import host_card, identity
from sage_edge.inventory.errors import IdentityConflict, NoIdentity

from .machines import AGX_THOR, LAPTOP, ORIN_NANO, paths_in


def _card(folder: Path, content: str) -> None:
    (folder / "host.yaml").write_text(content, encoding="utf-8")


def test_a_card_on_its_own_board(tmp_path: Path) -> None:
    _card(tmp_path, "format: 1\nhost: thor\n")
    me = identity.whoami(paths_in(tmp_path), facts=AGX_THOR)
    assert (me.host.name, me.role.name, me.board.name, me.overlay) == ("thor", "researcher", "agx-thor", None)
    assert me.facts is AGX_THOR
    assert identity.whoami(paths_in(tmp_path), as_host="thor", facts=AGX_THOR).host == me.host


def test_a_claim_without_a_card(tmp_path: Path) -> None:
    me = identity.whoami(paths_in(tmp_path), as_host="desk", facts=LAPTOP)
    assert (me.host.name, me.board.name) == ("desk", "cpu")


def test_only_a_card_with_an_overlay_makes_a_laptop_a_sprout(tmp_path: Path) -> None:
    with pytest.raises(IdentityConflict, match=r"is not sprout, whose board is orin-nano: .*x86_64") as refused:
        identity.whoami(paths_in(tmp_path), as_host="sprout", facts=LAPTOP)
    assert refused.value.code == 3
    assert "invoke demo" in hints.text(refused.value.hint)
    _card(tmp_path, "format: 1\nhost: sprout\noverlay: seedling\n")
    me = identity.whoami(paths_in(tmp_path), facts=LAPTOP)
    assert (me.host.model, me.overlay, me.board.name) == ("sage/seedling:q8_0", "seedling", "cpu")
    with pytest.raises(IdentityConflict, match="cpu is no Tegra"):
        identity.whoami(paths_in(tmp_path), facts=ORIN_NANO)


def test_card_and_claim_differ(tmp_path: Path) -> None:
    _card(tmp_path, "format: 1\nhost: sprout\n")
    with pytest.raises(IdentityConflict, match=r"host\.yaml says that this machine is sprout, not thor") as refused:
        identity.whoami(paths_in(tmp_path), as_host="thor", facts=AGX_THOR)
    assert refused.value.code == 3


def test_every_contradiction_is_named(tmp_path: Path) -> None:
    _card(tmp_path, "format: 1\nhost: thor\n")
    facts = replace(AGX_THOR, soc="tegra234", memory_bytes=64_000_000_000)
    with pytest.raises(IdentityConflict) as refused:
        identity.whoami(paths_in(tmp_path), facts=facts)
    assert "/proc/device-tree/compatible says 'tegra234'" in refused.value.message
    assert "/proc/meminfo says 64.0 GB" in refused.value.message
    assert "host.yaml" in hints.text(refused.value.hint)
    assert "boards/agx-thor.yaml" in hints.text(refused.value.hint)


def test_neither_card_nor_claim(tmp_path: Path) -> None:
    with pytest.raises(NoIdentity, match=r"host\.yaml is missing") as refused:
        identity.whoami(paths_in(tmp_path), facts=LAPTOP)
    assert refused.value.code == 3
    assert "--as HOST" in hints.text(refused.value.hint)
    assert "sage-edge fleet show" in hints.text(refused.value.hint)


def test_an_unknown_claim_lists_the_hosts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no host named 'thro'; there are: desk, sprout, thor"):
        identity.claim(paths_in(tmp_path), as_host="thro")


def test_without_given_facts_the_root_is_measured(tmp_path: Path) -> None:
    with pytest.raises(IdentityConflict, match=r"root/proc/meminfo tells no MemTotal"):
        identity.whoami(paths_in(tmp_path), as_host="desk")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "expected keys and values, got NoneType"),
        ("format: 1\n", "host: is missing"),
        ("format: 1\nhost: [sprout]\n", "host: expected text, got ['sprout']"),
        ("format: 1\nhost: Sprout\n", "host: expected a host name like sprout, got 'Sprout'"),
        ("format: 1\nhost: twig\n", "host: no host named twig; there are: desk, sprout, thor"),
        ("format: 1\nhost: sprout\noverlay: gpu\n", "overlay: no overlay named gpu; there are: cpu"),
        ("format: 1\nhost: sprout\noverlay: ../cpu\n", "overlay: expected a name of lower-case letters"),
        ("format: 1\nhost: sprout\nrole: practitioner\n", "role: unknown key"),
        ("host: 'sprout\n", "line 2: "),
    ],
)
def test_a_bad_card_is_a_declaration_fault_of_that_file(tmp_path: Path, content: str, expected: str) -> None:
    _card(tmp_path, content)
    with pytest.raises(DeclarationError) as refused:
        identity.whoami(paths_in(tmp_path), facts=LAPTOP)
    assert refused.value.code == 2
    assert refused.value.hint
    for line in refused.value.message.splitlines():
        assert line.startswith(str(tmp_path / "host.yaml"))
    assert expected in refused.value.message


def test_a_card_that_is_there_but_unreadable_is_not_absent(tmp_path: Path) -> None:
    card = tmp_path / "host.yaml"
    assert host_card.read(card) is None
    assert host_card.read(tmp_path / "nowhere" / "host.yaml") is None
    card.symlink_to(tmp_path / "gone.yaml")
    with pytest.raises(DeclarationError, match=r"host\.yaml: the file is missing"):
        host_card.read(card)
    card.unlink()
    card.mkdir()
    with pytest.raises(DeclarationError, match=r"host\.yaml: cannot be read"):
        host_card.read(card)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_card_in_a_closed_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    with pytest.raises(DeclarationError, match="cannot be read"):
        host_card.read(closed / "host.yaml")
