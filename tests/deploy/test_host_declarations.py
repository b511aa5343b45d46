"""Which host gets a new release when a declaration changes: the one that it concerns, and nobody for a comment."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import pytest

from sage_edge.deploy import host_declarations, release_differences
from sage_edge.deploy.release_differences import ReleaseMeaning
from sage_edge.inventory import load
from tests.deploy import fleetfacts

SAID = {
    # file: (before, after, whom it concerns)
    "hosts/sprout.yaml": ("temperature: 0.7", "temperature: 0.8", {"sprout"}),
    "hosts/thor.yaml": ("board: agx-thor", "board: cpu", {"thor"}),
    "roles/practitioner.yaml": ("delegate]", "delegate, answer]", {"sprout", "thor"}),  # what a branch may hold
    "roles/researcher.yaml": ("threshold: 0.3", "threshold: 0.4", {"thor"}),
    "roles/operator.yaml": ("direct]", "direct, answer]", {"sprout", "thor"}),
    "boards/orin-nano.yaml": ("memory_bytes: 6_500_000_000", "memory_bytes: 6_400_000_000", {"sprout"}),
    "boards/cpu.yaml": ("name: cpu", "name: cpu", set()),
    "fleet.yaml": ("wake_every: 5m", "wake_every: 6m", {"sprout", "thor"}),
    "curriculum/phases/grounding.yaml": ("goals:", "goals:\n  - another goal", {"sprout"}),
    "curriculum/interventions/observe.yaml": ("summary: ", "summary: more ", {"sprout", "thor"}),
    "claims.yaml": ("seed: 20260117", "seed: 20260118", {"thor"}),
    "trials/name-anchoring.yaml": ("sessions: 50", "sessions: 52", {"thor"}),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(fleetfacts.ROOT / "fleet", tmp_path / "fleet"))


def concerning(folder: Path, overlay: str | None = None) -> dict[str, ReleaseMeaning]:
    fleet = load.load(folder, overlay)
    return {name: host_declarations.concerning(fleet, fleet.host(name)) for name in ("sprout", "thor")}


def changed(before: dict[str, ReleaseMeaning], after: dict[str, ReleaseMeaning]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_a_comment_anywhere_concerns_nobody(folder: Path) -> None:
    before = concerning(folder)
    for path in folder.rglob("*.yaml"):
        path.write_text("# a word to whoever reads this\n\n" + path.read_text("utf-8"), "utf-8")
    assert concerning(folder) == before


@pytest.mark.parametrize("name", SAID)
def test_a_value_concerns_those_who_use_it(folder: Path, name: str) -> None:
    old, new, whom = SAID[name]
    path, before = folder / name, concerning(folder)
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    assert changed(before, concerning(folder)) == whom


@pytest.mark.parametrize("line", ["clock_ahead: 400d", "clock_slack: 1h"])
def test_how_a_clock_is_judged_concerns_every_board(folder: Path, line: str) -> None:
    path, before = folder / "fleet.yaml", concerning(folder)
    path.write_text(path.read_text("utf-8").replace(line, line.replace(": ", ": 2").replace("2400d", "200d")), "utf-8")
    assert changed(before, concerning(folder)) == {"sprout", "thor"}


def test_a_model_concerns_whoever_runs_it_and_whoever_makes_models(folder: Path) -> None:
    before = concerning(folder)
    for name in ("qwen2.5-0.5b_instruct_bf16", "phi-2_base_fp16"):
        path = folder / "models" / f"{name}.yaml"
        text = path.read_text("utf-8").replace("minimum_memory_bytes: ", "minimum_memory_bytes: 1")
        path.write_text(text, "utf-8")
        mine = {"sprout", "thor"} if name.startswith("qwen") else {"thor"}  # the base of Sprout's
        after = concerning(folder)
        assert changed(before, after) == mine
        before = after


def test_a_new_peer_concerns_everybody_and_its_sampling_nobody(folder: Path) -> None:
    before = concerning(folder)
    twin = (folder / "hosts/sprout.yaml").read_text("utf-8").replace("name: sprout", "name: twin")
    (folder / "hosts/twin.yaml").write_text(twin, "utf-8")
    joined = concerning(folder)
    assert changed(before, joined) == {"sprout", "thor"}
    (folder / "hosts/twin.yaml").write_text(twin.replace("temperature: 0.7", "temperature: 0.9"), "utf-8")
    assert concerning(folder) == joined


def test_by_whose_key_commits_are_known_concerns_everybody_and_who_releases_nobody(folder: Path) -> None:
    key = (
        f"ssh-ed25519 {base64.b64encode(len(b'ssh-ed25519').to_bytes(4, 'big') + b'ssh-ed25519' + bytes(36)).decode()}"
    )
    before, path = concerning(folder), folder / "allowed_signers"
    path.write_text(f'desk namespaces="sage-release" {key} after=start counters=0-\n', "utf-8")
    assert concerning(folder) == before
    path.write_text(f'# sprout\nsprout namespaces="git" {key} after=start\n', "utf-8")
    assert changed(before, concerning(folder)) == {"sprout", "thor"}


def test_a_default_that_is_written_out_changes_nothing(folder: Path) -> None:
    before, path = concerning(folder), folder / "hosts/sprout.yaml"
    text = path.read_text("utf-8").replace("  gpu_layers: -1 ", "  options: {}\n  gpu_layers: -1 ")
    path.write_text(text, "utf-8")
    assert concerning(folder) == before


def test_a_difference_is_told_by_key_with_both_values(folder: Path) -> None:
    before = concerning(folder)["sprout"]
    path = folder / "hosts/sprout.yaml"
    path.write_text(path.read_text("utf-8").replace("temperature: 0.7", "temperature: 0.8"), "utf-8")
    schedule = "\nschedule:\n  late_after: 20m\n"
    path.write_text(path.read_text("utf-8") + schedule, "utf-8")
    assert list(release_differences.differences(before, concerning(folder)["sprout"])) == [
        "host.sampling.temperature: 0.7 becomes 0.8",
        "host.schedule.late_after: not declared becomes 20m",
        "schedule.late_after: 15m becomes 20m",
    ]


def test_the_files_of_a_release_say_what_the_checkout_said(folder: Path) -> None:
    texts = {f"fleet/{p.relative_to(folder)}": p.read_text("utf-8") for p in folder.rglob("*") if p.is_file()}
    composes = {"compose.yaml": "services: {agent: {mem_limit: 3g}}"}
    said = release_differences.meaning_of_texts({**texts, **composes}, "sim", "sprout")
    assert said == release_differences.whole_meaning(concerning(folder, "sim")["sprout"], composes)
    other = release_differences.whole_meaning(
        concerning(folder, "sim")["sprout"], {"compose.yaml": "services: {agent: {mem_limit: 4g, user: !reset 7}}"}
    )
    assert said is not None
    assert list(release_differences.differences(said, other)) == [
        "compose.services.agent.mem_limit: 3g becomes 4g",
        "compose.services.agent.user.!reset: not declared becomes 7",
    ]


@pytest.mark.parametrize(
    "texts", [{}, {"fleet/fleet.yaml": "format: 99\n"}, {"../out": "x"}, {"/etc/out": "x"}, {"compose.yaml": "a: ["}]
)
def test_files_that_this_version_cannot_read_say_nothing(texts: dict[str, str]) -> None:
    assert release_differences.meaning_of_texts(texts, None, "sprout") is None
