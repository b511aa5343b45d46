"""An overlay says where the same hosts run elsewhere; it gives nobody another role."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge.errors import DeclarationError
from sage_edge.inventory import load
from tests import fault_lines

from .conftest import Edit, Faults
from .machines import FLEET


def _write(fleet: Path, body: str, name: str = "other") -> None:
    (fleet / "overlays" / f"{name}.yaml").write_text(f"format: 1\nname: {name}\nsummary: x\n{body}", encoding="utf-8")


def test_the_cpu_overlay_changes_only_what_it_names() -> None:
    plain, laptop = load.load(FLEET), load.load(FLEET, "cpu")
    assert laptop.overlay == "cpu"
    sprout = laptop.host("sprout")
    assert {str(laptop.host(name).board) for name in laptop.hosts} == {"cpu"}
    assert sprout.model == "smollm2-135m/instruct:q4_1"
    assert sprout.engine is not None
    assert (sprout.engine.context_tokens, sprout.engine.threads, sprout.engine.gpu_layers) == (2048, 1, 0)
    assert sprout.engine.batch_tokens == 128, "a key that the overlay leaves out stays"
    declared = plain.host("sprout").sampling
    assert declared is not None
    recommended = {"temperature": 0.2, "top_p": 0.9, "max_tokens": 120}
    assert sprout.sampling == declared.model_copy(update=recommended)
    assert sprout.policy == plain.host("sprout").policy
    assert laptop.owners("conduct") == plain.owners("conduct")


@pytest.mark.parametrize("name", ["laptop", "sim"])
def test_every_overlay_of_the_real_model_draws_alike(name: str) -> None:
    here, there = load.load(FLEET, "cpu").host("sprout"), load.load(FLEET, name).host("sprout")
    assert (there.model, there.engine, there.sampling) == (here.model, here.engine, here.sampling)


def test_the_toy_is_asked_for_by_an_overlay_of_its_own() -> None:
    toy, real = load.load(FLEET, "seedling").host("sprout"), load.load(FLEET, "cpu").host("sprout")
    assert toy.model == "sage/seedling:q8_0"
    assert toy.engine is not None
    assert (toy.engine.context_tokens, toy.engine.threads) == (1024, 1)
    assert (toy.board, toy.policy) == (real.board, real.policy)


def test_an_overlay_may_change_the_fleet_file(fleet: Path) -> None:
    _write(fleet, "fleet: {wake_every: 1s, exchange: {remote: /tmp/exchange.git}}\n")
    loaded = load.load(fleet, "other")
    assert (str(loaded.wake_every), loaded.remote) == ("1s", "/tmp/exchange.git")  # noqa: S108 - a name only
    assert load.load(fleet).remote.startswith("ssh://")


def test_the_machines_of_an_overlay_may_stand_elsewhere(fleet: Path) -> None:
    _write(fleet, "addresses: .sage/other\n")
    assert load.load(fleet, "other").addresses == fleet.parent / ".sage" / "other"
    assert load.load(fleet, "cpu").addresses == load.load(fleet).addresses == fleet


def test_a_stand_in_is_the_real_board_but_for_its_processor() -> None:
    real, stand_ins = load.load(FLEET), load.load(FLEET, "sim")
    assert stand_ins.owners("conduct") == real.owners("conduct")
    free = {"name", "summary", "arch", "compute_capability", "source", "part_numbers", "clock"}
    for host in ("sprout", "thor"):
        card, standing = real.board_of(host), stand_ins.board_of(host)
        assert standing.model_dump(exclude=free) == card.model_dump(exclude=free)
        assert set(standing.part_numbers) <= set(card.part_numbers)
        assert (standing.arch, standing.compute_capability) == (("x86_64",), None)
        assert (standing.clock, card.clock) == ("shared", "kept")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("hosts: {sprout: {board: tpu}}", "hosts.sprout.board: no board named 'tpu'; did you mean 'cpu'?"),
        ("hosts: {sprout: {engine: {threads: 0}}}", "hosts.sprout.engine.threads: input should be greater than or"),
        ("hosts: {sprout: {colour: red}}", "hosts.sprout.colour: unknown key"),
        ("hosts: {sprout: {mind: null}}", "hosts.sprout.mind: is missing; a practitioner conducts sessions"),
        ("hosts: {thor: {model: a/b:c}}", "hosts.thor.model: is only for a host that conducts sessions"),
        ("hosts: {thor: {role: practitioner}}", "hosts.thor.role: an overlay may not change this"),
        ("hosts: {thor: {name: sprout}}", "hosts.thor.name: an overlay may not change this"),
        ("hosts: {odin: {board: cpu}}", "hosts.odin: no host of that name to lay this over"),
        ("fleet: {wake_every: often}", "fleet.wake_every: expected a duration like 6h, got 'often'"),
        ("fleet: {cadence: {jitter: 7h}}", "fleet.cadence.jitter: expected less than primary.every (6h), got '7h'"),
        ("colour: red", "colour: unknown key"),
        ("addresses: ../elsewhere", "addresses: expected a folder below the repository's root like .sage/sim"),
        ("addresses: /etc/ssh", "addresses: expected a folder below the repository's root"),
    ],
)
def test_an_overlays_fault_is_found_in_its_own_file(fleet: Path, faults: Faults, body: str, expected: str) -> None:
    _write(fleet, body)
    (only,) = faults()
    assert only.startswith("fleet/overlays/other.yaml: ")
    assert expected in only


def test_a_fault_below_an_overlay_is_said_once(edit: Edit, faults: Faults) -> None:
    edit("hosts/sprout.yaml", "mind: Sage", "mind: [Sage]")
    edit("overlays/cpu.yaml", "threads: 1  ", "threads: one  ")
    assert list(map(fault_lines.without, faults())) == [
        "fleet/hosts/sprout.yaml: mind: expected text, got ['Sage']",
        "fleet/overlays/cpu.yaml: hosts.sprout.engine.threads: expected a whole number, got one",
    ]


def test_an_overlay_under_a_wrong_name(fleet: Path, faults: Faults) -> None:
    _write(fleet, "", name="other")
    (fleet / "overlays" / "other.yaml").rename(fleet / "overlays" / "another.yaml")
    assert faults() == [
        "fleet/overlays/another.yaml: name: expected another, as the file is named, got 'other' (line 2)"
    ]


@pytest.mark.parametrize("name", ["gpu", "../fleet"])
def test_an_unknown_overlay(name: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        load.load(FLEET, name)
    assert (
        str(refused.value) == f"fleet/overlays/{name}.yaml: the file is missing; overlays: cpu, laptop, seedling, sim"
    )


def test_no_overlays_are_needed(fleet: Path) -> None:
    for path in (fleet / "overlays").iterdir():
        path.unlink()
    (fleet / "overlays").rmdir()
    assert load.load(fleet).overlay is None
