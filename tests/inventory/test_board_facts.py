"""Boards as files: what lies below a root, what is measured there, and what the board's card says to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from sage_edge.inventory import board_facts, load

from .machines import AGX_THOR, CASES, FLEET, LAPTOP, ORIN_NANO


def _lay_out(case: dict[str, Any], root: Path) -> None:
    for name, content in case["root"].items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8"))


@pytest.mark.parametrize("file", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_case(file: Path, tmp_path: Path) -> None:
    case = yaml.safe_load(file.read_text(encoding="utf-8"))
    _lay_out(case, tmp_path)
    facts = board_facts.measure(tmp_path, arch=case["arch"])
    for name, expected in case.get("facts", {}).items():
        assert getattr(facts, name) == expected, name
    said = board_facts.contradictions(facts, load.load(FLEET).boards[case["board"]])
    assert len(said) == len(case["refused"]), said
    for sentence, expected in zip(said, case["refused"], strict=True):
        assert expected in sentence
        if not sentence.startswith("the processor"):
            assert sentence.startswith(str(tmp_path)), "the place where it was read"


def test_each_board_is_itself_and_no_other() -> None:
    boards = load.load(FLEET).boards
    machines = {
        "orin-nano": ORIN_NANO,
        "agx-thor": AGX_THOR,
        "cpu": LAPTOP,
        "sim-orin-nano": replace(ORIN_NANO, arch="x86_64"),
        "sim-agx-thor": replace(AGX_THOR, arch="x86_64"),
    }
    for name, card in boards.items():
        fitting = [machine for machine, facts in machines.items() if not board_facts.contradictions(facts, card)]
        assert fitting == [name]


def test_a_part_number_without_its_source_counts_too() -> None:
    card = load.load(FLEET).boards["orin-nano"]
    (said,) = board_facts.contradictions(replace(ORIN_NANO, part_number="p3767-0001"), card)
    assert said == "/proc/device-tree says p3767-0001, orin-nano is p3767-0005 or p3767-0003"


def test_this_machine_can_be_measured() -> None:
    facts = board_facts.measure(Path("/"))
    assert facts.arch
    assert facts.memory_bytes > 0


def test_a_release_file_that_cannot_be_opened_is_not_absent(tmp_path: Path) -> None:
    (tmp_path / board_facts.RELEASE).mkdir(parents=True)
    facts = board_facts.measure(tmp_path, arch="aarch64")
    assert (facts.l4t, facts.l4t_unreadable) == (None, "Is a directory")


def test_binary_rubbish_is_unknown_and_does_not_crash(tmp_path: Path) -> None:
    for name in (
        board_facts.RELEASE,
        board_facts.MEMORY,
        f"{board_facts.TREE}/model",
        f"{board_facts.TREE}/compatible",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(range(256)) * 40)
    facts = board_facts.measure(tmp_path, arch="aarch64")
    assert facts.l4t is None
    assert facts.l4t_unreadable
    for card in load.load(FLEET).boards.values():
        assert board_facts.contradictions(facts, card)


def test_releases_compare_by_number_not_by_letter() -> None:
    card = load.load(FLEET).boards["orin-nano"]
    assert not board_facts.contradictions(replace(ORIN_NANO, l4t="36.10.0"), card)
    assert board_facts.contradictions(replace(ORIN_NANO, l4t="4.36.0"), card)
