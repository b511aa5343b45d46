"""fleet/ is read eagerly and completely; every fault names its file and key path."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge.declared import Reader
from sage_edge.deploy import checkout
from sage_edge.errors import DeclarationError, UsageError
from sage_edge.inventory import load
from tests import fault_lines

from .conftest import Edit, Faults
from .machines import FLEET


def test_the_real_fleet_says_what_the_project_says() -> None:
    fleet = load.load(FLEET)
    assert set(fleet.hosts) == {"sprout", "thor", "desk"}
    assert fleet.owners("conduct") == ("sprout",)
    assert fleet.owners("direct") == ("desk", "thor")
    assert fleet.owners("bench") == ("sprout", "thor")
    assert fleet.role_of("thor").name == "researcher"
    assert fleet.board_of("sprout").compute_capability == "8.7"
    assert fleet.board_of("thor").memory_bytes > 64 * 2**30
    sprout = fleet.host("sprout")
    assert (sprout.mind, sprout.model) == ("Sage", "qwen2.5-0.5b/introspective:v2.1-q8_0")
    assert fleet.host("thor").model is None
    assert fleet.overlay is None
    assert fleet.remote.startswith("ssh://")
    schedule = fleet.schedule_of("sprout")
    assert schedule == fleet.cadence
    assert schedule.cadences["training"].offset - schedule.cadences["primary"].offset == timedelta(hours=3)
    (rule,) = fleet.role_of("thor").rules
    assert (rule.scorer, rule.quantity, rule.threshold, rule.minimum_n) == ("identity", "rate", 0.3, 5)
    assert rule.recommend.parameters == {"memory": True, "exemplars": 2}


def test_an_unknown_host_is_refused_with_the_known_ones() -> None:
    fleet = load.load(FLEET)
    for ask in (fleet.host, fleet.role_of, fleet.board_of, fleet.schedule_of):
        with pytest.raises(UsageError, match="no host named 'sprut'; there are: desk, sprout, thor"):
            ask("sprut")


def test_what_macos_keeps_beside_declarations_changes_nothing(fleet: Path) -> None:
    hosts, overlays = set(load.load(fleet).hosts), load.overlays(fleet)
    for path in [*fleet.rglob("*.yaml"), fleet / "hosts" / "old.yml", fleet / "overlays" / "new.yaml"]:
        (path.parent / f"._{path.name}").write_bytes(bytes.fromhex("00051607b0"))
    assert set(load.load(fleet).hosts) == hosts
    assert load.overlays(fleet) == overlays
    assert not [name for name in checkout.declared(fleet) if "._" in name]


def test_the_message_of_the_issue(edit: Edit, faults: Faults) -> None:
    edit("hosts/sprout.yaml", "turn_deadline: 2m", "turn_deadline: 2m\nschedule: {primary: {every: six}}")
    (only,) = map(fault_lines.without, faults())
    assert only == "fleet/hosts/sprout.yaml: schedule.primary.every: expected a duration like 6h, got 'six'"


@pytest.mark.parametrize(
    ("written", "got"),
    [("'Sage '", "'Sage '"), ("|\n  Sage", "'Sage\\n'"), ('"Sa\\nge"', "'Sa\\nge'"), ("' '", "' '")],
)
def test_the_name_of_a_mind_is_what_people_see_of_it(written: str, got: str, edit: Edit, faults: Faults) -> None:
    edit("hosts/sprout.yaml", "mind: Sage", f"mind: {written}")
    (only,) = map(fault_lines.without, faults())
    wanted = "expected a name in one line, without white space around it"
    assert only.startswith(f"fleet/hosts/sprout.yaml: mind: {wanted}, got {got}")


def test_all_faults_of_all_files_at_once(edit: Edit, faults: Faults, fleet: Path) -> None:
    edit("fleet.yaml", "wake_every: 5m", "wake_every: 0s")
    edit("hosts/thor.yaml", "board: agx-thor", "board: agx-tor")
    edit("hosts/desk.yaml", "role: operator", "role: king")
    edit("roles/practitioner.yaml", "[conduct,", "[conduct, conduct,")
    edit("boards/cpu.yaml", "arch: [x86_64, aarch64]", "arch: [x86_64, sparc]")
    (fleet / "boards" / "orin-nano.yaml").unlink()
    assert list(map(fault_lines.without, faults())) == [
        "fleet/boards/cpu.yaml: arch[1]: expected 'aarch64' or 'x86_64', got sparc",
        "fleet/fleet.yaml: wake_every: expected more than 0s, got '0s'",
        "fleet/hosts/desk.yaml: role: no role named 'king'; there are: operator, practitioner, researcher",
        "fleet/hosts/sprout.yaml: board: no board named 'orin-nano'; did you mean 'sim-orin-nano'?",
        "fleet/hosts/thor.yaml: board: no board named 'agx-tor'; did you mean 'agx-thor'?",
        "fleet/roles/practitioner.yaml: abilities: 'conduct' is given twice",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("hosts/thor.yaml", "board: agx", "rolle: x\nboard: agx", "rolle: unknown key; did you mean 'role'?"),
        ("hosts/thor.yaml", "format: 1", "format: 2", "format: expected 1, got 2"),
        ("hosts/thor.yaml", "name: thor", "name: Thor", "name: expected a host name like sprout, got 'Thor'"),
        ("hosts/thor.yaml", "name: thor", "name: odin", "name: expected thor, as the file is named, got 'odin'"),
        ("hosts/thor.yaml", "name: thor", "name: thor\nname: thor", "line 5: key 'name' is given twice"),
        (
            "hosts/thor.yaml",
            "name: thor",
            "name: thor\nmind: Sage",
            "mind: is only for a host that conducts sessions; a researcher does not",
        ),
        ("hosts/sprout.yaml", "mind: Sage", "", "mind: is missing; a practitioner conducts sessions"),
        ("hosts/sprout.yaml", "context_tokens: 4096", "context_tokens: '4096'", "expected a whole number, got '4096'"),
        ("hosts/sprout.yaml", "context_tokens: 4096", "context_tokens: 300", "greater than or equal to 512, got 300"),
        ("hosts/sprout.yaml", "turn_deadline: 2m", "turn_deadline: 120", "expected a duration like 6h, got 120"),
        (
            "hosts/sprout.yaml",
            "turn_deadline: 2m",
            "turn_deadline: 2m\nschedule: {training: {every: 2h}}",
            "schedule.training.offset: expected less than every (2h), got '3h'",
        ),
        (
            "hosts/sprout.yaml",
            "turn_deadline: 2m",
            "turn_deadline: 2m\nschedule: {jitter: 6h}",
            "schedule.jitter: expected less than primary.every (6h), got '6h'",
        ),
        ("fleet.yaml", "primary: {every: 6h", "primary: {every: 0h", "cadence.primary.every: expected more than 0s"),
        ("fleet.yaml", "remote: ssh:", "remote: --upload-pack=ssh:", "exchange.remote: expected an address that git"),
        ("boards/cpu.yaml", "name: cpu", "name: gpu", "name: expected cpu, as the file is named, got 'gpu'"),
        ("boards/orin-nano.yaml", 'from: "36.4"', "from: 36.4", "l4t.from: expected text, got 36.4"),
        ("boards/orin-nano.yaml", 'below: "37"', 'below: "36.4"', "l4t.below: expected a release after from (36.4)"),
        ("roles/researcher.yaml", "recommend, ", "", "rules: are for a role with the ability 'recommend'"),
        (
            "roles/researcher.yaml",
            "exemplars: 2",
            "exemplars: .nan",
            "rules[0].recommend.parameters.exemplars: .nan is no finite number",
        ),
        ("roles/operator.yaml", "deploy,", "deploi,", "abilities[0]: expected 'conduct', 'decide'"),
    ],
)
def test_one_fault_is_said_once(edit: Edit, faults: Faults, file: str, old: str, new: str, expected: str) -> None:
    edit(file, old, new)
    (only,) = faults()
    assert only.startswith(f"fleet/{file}: ")
    assert expected in only


def test_two_rules_of_one_name(fleet: Path, faults: Faults) -> None:
    path = fleet / "roles" / "researcher.yaml"
    head, rule = path.read_text(encoding="utf-8").split("rules:\n")
    path.write_text(f"{head}rules:\n{rule}{rule}", encoding="utf-8")
    assert list(map(fault_lines.without, faults())) == [
        "fleet/roles/researcher.yaml: rules: two rules are named 'identity-fades'"
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "expected keys and values, got NoneType"),
        (b"- sprout\n", "expected keys and values, got list"),
        (b"\x80\x81", "cannot be read: 'utf-8' codec"),
        (b"name: \x00", "special characters are not allowed"),
        (b"name: [sprout\n", "line 2: "),
        (b"name: " + b"[" * 5000, "is nested too deeply"),
        (
            b"name: !!python/object:os.system x",
            "name: the tag tag:yaml.org,2002:python/object:os.system is not known here",
        ),
        (b"name: *nowhere", "line 1: *nowhere names nothing that was read before it"),
    ],
)
def test_a_file_that_is_no_declaration(fleet: Path, faults: Faults, content: bytes, expected: str) -> None:
    (fleet / "hosts" / "thor.yaml").write_bytes(content)
    (only,) = faults()
    assert only.startswith("fleet/hosts/thor.yaml: ")
    assert expected in only


def test_what_lies_where_a_file_should_be(fleet: Path, faults: Faults) -> None:
    (fleet / "hosts" / "thor.yml").write_bytes((fleet / "hosts" / "thor.yaml").read_bytes())
    (fleet / "hosts" / "folder.yaml").mkdir()
    first, second = faults()
    assert first.startswith("fleet/hosts/folder.yaml: cannot be read")
    assert second == "fleet/hosts/thor.yml: expected the ending .yaml"


@pytest.mark.parametrize("place", ["roles/x.yml", "overlays/x.yml", "theories.yml"])
def test_a_declaration_with_another_ending_is_named(fleet: Path, faults: Faults, place: str) -> None:
    (fleet / place).write_text("format: 1\n")
    assert faults() == [f"fleet/{place}: expected the ending .yaml"]


def test_no_fleet_at_all(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError) as refused:
        load.load(tmp_path / "fleet")
    assert refused.value.message.splitlines() == [
        "fleet/boards: the folder is missing",
        "fleet/fleet.yaml: the file is missing",
        "fleet/hosts: the folder is missing",
        "fleet/roles: the folder is missing",
    ]


def test_a_single_override_keeps_the_rest_of_the_cadence(edit: Edit, fleet: Path) -> None:
    edit("hosts/sprout.yaml", "turn_deadline: 2m", "turn_deadline: 2m\nschedule: {primary: {every: 12h}, jitter: null}")
    loaded = load.load(fleet)
    schedule = loaded.schedule_of("sprout")
    assert str(schedule.cadences["primary"].every) == "12h"
    assert schedule.cadences["primary"].offset == loaded.cadence.cadences["primary"].offset
    assert schedule.cadences["training"] == loaded.cadence.cadences["training"]
    assert schedule.jitter == loaded.cadence.jitter


def test_two_hosts_may_conduct(fleet: Path) -> None:
    content = (fleet / "hosts" / "sprout.yaml").read_text(encoding="utf-8")
    (fleet / "hosts" / "twig.yaml").write_text(content.replace("name: sprout", "name: twig"), encoding="utf-8")
    assert load.load(fleet).owners("conduct") == ("sprout", "twig")


def test_faults_are_left_in_a_reader_that_others_use_too(edit: Edit, fleet: Path) -> None:
    reader = Reader(fleet)
    reader.fault(fleet / "curriculum" / "a.yaml", "steps", "is missing")
    assert load.read(reader) is not None, "faults of others are not the inventory's"
    edit("hosts/desk.yaml", "board: cpu", "board: gpu")
    assert load.read(reader) is None
    assert [fault.file for fault in reader.faults] == ["fleet/curriculum/a.yaml", "fleet/hosts/desk.yaml"]
