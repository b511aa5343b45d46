"""All outputs can be computed for both systems, and what is wrong stops that by its name."""

from __future__ import annotations

import json
import shutil

import pytest

from sage_edge.shell import Result
from tests.nix.asking import ROOT, Asked

pytestmark = pytest.mark.slow

SYSTEMS = ("aarch64-linux", "x86_64-linux")
OUTPUTS = {
    "packages": {"default", "sage-edge", "host-helper", "image-practitioner-cpu", "image-researcher-cpu"},
    "apps": {"default", "demo"},
    "devShells": {"default", "fleet"},
    "checks": {"pytest", "ruff", "mypy", "house", "fleet-declarations", "compose", "units", "demo"},
}
WRONG = {
    "a misspelt requirement": (
        "pyproject.toml", '"pydantic>=2.11"', '"pydantik>=2.11"', "pyproject.toml asks for 'pydantik'",
    ),
    "a requirement without a name": ("pyproject.toml", '"pydantic>=2.11"', '">=2.11"', "'>=2.11' begins with no name"),
    "a program that nobody can start": (
        "nix/package.nix", 'mainProgram = "sage-edge";', "", "sage-edge-0.1.0 declares no meta.mainProgram",
    ),
    "a package that is not there": ("nix/image.nix", "  tini,\n", "  tini,\n  tiny,\n", "nixpkgs has no 'tiny'"),
    "an argument that no builder knows": ("nix/package.nix", "doCheck = ", "doChek = ", "unexpected argument 'doChek'"),
    "a set of shells that holds more than shells": (
        "flake.nix", "callPackages ./nix/dev", "callPackage ./nix/dev", "override' is not a derivation",
    ),
    "an attribute that no build knows": ("nix/host-helper.nix", "nativeBuildInputs", "nativeInputs", "nativeInputs is"),
    "an option of systemd's that NixOS lacks": ("nix/module.nix", "timerConfig =", "timerConf =", "timers.sage-p"),
    "an option of nobody": ("nix/module.nix", "users.groups.sage", "user.groups.sage", "there is no option user"),
    "an option of ours that is not declared": ("nix/units.nix", "exchangeKey =", "exchangeKeys =", "exchangeKeys"),
    "a value of another type": ("nix/units.nix", "fleet = ../fleet;", "fleet = true;", "fleet is no path"),
    "a key that everybody could read": (
        "nix/units.nix", '"/var/lib/secrets/exchange"', '"${../fleet/ssh_config}"', "where everybody can read it",
    ),
    "a setting that no image has": ("nix/image.nix", "Labels = {", "Label = {", "configuration has no Label"),
    "a card of another shape": ("images/sprout/image.yaml", "role: practi", "role : practi", "can read as role"),
    "a Dockerfile of another shape": ("images/thor/Dockerfile", "--retries=3 ", "", "read as HEALTHCHECK"),
}  # fmt: skip


def checked(asked: Asked) -> Result:
    """Compute every output for both systems."""
    return asked.flake.ask("flake check", "", "--no-build", "--all-systems")


def test_both_systems_have_all_that_was_promised(here: Asked) -> None:
    packages = OUTPUTS["packages"]
    for kind, names in OUTPUTS.items():
        by_system = here.value(kind, "--apply", "builtins.mapAttrs (_: builtins.attrNames)")
        wanted = names | ({f"package-{name}" for name in packages} if kind == "checks" else set())
        assert {system: set(found) for system, found in by_system.items()} == dict.fromkeys(SYSTEMS, wanted)
    assert here.value("formatter", "--apply", "builtins.attrNames") == list(SYSTEMS)
    assert here.value("nixosModules", "--apply", "builtins.attrNames") == ["practitioner", "researcher"]
    assert here.value("templates", "--apply", "builtins.attrNames") == ["default"]
    done = checked(here)
    assert done.code == 0, done.complaint


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named(changed: Asked, what: str) -> None:
    name, before, after, says = WRONG[what]
    path = changed.flake.folder / name
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")
    done = checked(changed)
    assert done.code == 1
    assert says in done.complaint.partition("error:")[2], done.complaint


@pytest.mark.parametrize("gone", ["tools", "README.md", "sage_edge", "requirements"])
def test_a_path_that_vanished_is_named(changed: Asked, gone: str) -> None:
    path = changed.flake.folder / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = checked(changed)
    assert done.code == 1
    assert f"/{gone} does not exist" in done.complaint, done.complaint


def test_what_lies_beside_the_sources_changes_nothing(changed: Asked) -> None:
    """The filtered source of the wheel is another only where the wheel would be."""
    folder = changed.flake.folder

    def program() -> str:
        return str(changed.of_system("packages.sage-edge.drvPath"))

    before = program()
    (folder / "docs" / "operations.md").write_text("changed\n", "utf-8")
    (folder / "fleet" / "fleet.yaml").write_text("changed\n", "utf-8")
    assert program() == before
    (folder / "sage_edge" / "clock.py").write_text("changed\n", "utf-8")
    assert program() != before


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("som", "orin-nono", "hardware.nvidia-jetpack.som is no one of"),
        ("majorVersion", "8", "hardware.nvidia-jetpack.majorVersion is no one of"),
    ],
)
def test_a_template_with_a_board_that_jetpack_does_not_know(changed: Asked, option: str, value: str, says: str) -> None:
    folder = changed.flake.folder
    path = folder / "nix" / "template" / "flake.nix"
    known = {"som": "orin-nano", "majorVersion": "6"}[option]
    path.write_text(path.read_text("utf-8").replace(f'{option} = "{known}"', f'{option} = "{value}"'), "utf-8")
    inputs = {"nixpkgs": changed.standin, "jetpack-nixos": str(folder / "tests/nix/jetpack"), "sage-edge": str(folder)}
    words = [word for name, place in inputs.items() for word in ("--override-input", name, f"path:{place}")]
    what = "board: builtins.deepSeq board.config.hardware (board.config.hardware == null)"
    done = changed.flake.nix.ask(
        "eval", f"path:{folder}/nix/template#nixosConfigurations.sprout", "--offline", "--no-write-lock-file",
        *words, "--apply", what,
    )  # fmt: skip
    assert done.code == 1
    assert says in done.complaint, done.complaint


def test_the_lock_names_the_release_that_the_flake_asks_for() -> None:
    lock = json.loads((ROOT / "flake.lock").read_text("utf-8"))
    (node,) = (node for name, node in lock["nodes"].items() if name != "root")
    asked = "/".join(node["original"][key] for key in ("owner", "repo", "ref"))
    assert f'"github:{asked}"' in (ROOT / "flake.nix").read_text("utf-8")
    assert f'"github:{asked}"' in (ROOT / "nix" / "template" / "flake.nix").read_text("utf-8")
