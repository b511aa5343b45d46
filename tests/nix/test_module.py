"""A board without containers: the card that its module writes is one of ours, and its key reaches git's ssh."""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from sage_edge import __version__, shell
from sage_edge.exchange import commands, hub, repository
from sage_edge.exchange.commands import Clone
from sage_edge.inventory import board_facts, host_card, identity
from sage_edge.inventory.board_card import L4TVersion
from sage_edge.inventory.errors import IdentityConflict
from sage_edge.inventory.load import load
from sage_edge.names import HostName
from tests.deploy import boards
from tests.deploy.boards import Board, needs_ssh
from tests.inventory.machines import AGX_THOR, ORIN_NANO, paths_in
from tests.nix.asking import ROOT, Asked

pytestmark = pytest.mark.slow

BOARDS = {"practitioner": ("sprout", ORIN_NANO), "researcher": ("thor", AGX_THOR)}
FLEET = load(ROOT / "fleet")


def variables(unit: str) -> dict[str, str]:
    """The environment that a unit's text gives."""
    said = (json.loads(word) for word in re.findall("^Environment=(.*)$", unit, re.MULTILINE))
    return dict(word.split("=", 1) for word in said)


def setting(unit: str, key: str) -> str:
    """The value of a unit's key that stands once."""
    (value,) = re.findall(f"^{key}=(.*)$", unit, re.MULTILINE)
    return str(value)


@pytest.mark.parametrize("role", BOARDS)
def test_the_card_is_accepted_on_its_board_alone(here: Asked, role: str, tmp_path: Path) -> None:
    host, facts = BOARDS[role]
    text = here.of_system(f"checks.units.cards.{role}")
    ours = host_card.text(HostName(host), FLEET.name, None)
    assert host_card.parse(text) == host_card.parse(ours)
    paths = paths_in(tmp_path)
    paths.card.write_text(text, "utf-8")
    fleet, claimed, card = identity.claim(paths)
    me = identity.confirm(paths, fleet, claimed, card, facts)
    assert (me.host.name, me.role.name) == (host, role)
    with pytest.raises(IdentityConflict):
        identity.confirm(paths, fleet, claimed, card, replace(facts, soc="tegra194"))


@pytest.mark.parametrize("role", BOARDS)
def test_the_program_finds_the_paths_that_the_unit_gives_it(units: dict[str, str], role: str) -> None:
    unit = units[f"sage-{role}.service"]
    env = variables(unit)
    assert setting(unit, "ExecStart").endswith("/bin/sage-edge agent once")
    assert env["SAGE_STATE"] == f"/var/lib/{setting(unit, 'StateDirectory')}"
    assert env["HOME"] == env["SAGE_STATE"]
    assert env["SAGE_CARD"] == "/etc/sage/host.yaml"
    assert env["SAGE_FLEET"].startswith("/nix/store/")
    assert setting(unit, "User") == "sage"
    assert re.fullmatch("[0-9]{10}", env["SAGE_COMMITTED"])
    commit = env["SAGE_RELEASE"].removeprefix(f"unreleased-{__version__}+")
    assert re.fullmatch("unknown|[0-9a-f]{12}(-dirty)?", commit), "tests/nix/test_image.py says when it is which"


@pytest.mark.parametrize("role", BOARDS)
def test_ssh_is_as_careful_as_in_a_container(units: dict[str, str], role: str) -> None:
    env = variables(units[f"sage-{role}.service"])
    compose = yaml.safe_load((ROOT / "compose" / f"{BOARDS[role][0]}.yaml").read_text("utf-8"))
    theirs = compose["services"]["agent"]["environment"]["GIT_SSH_COMMAND"]
    ours = env["GIT_SSH_COMMAND"].replace("%d", "/run/sage").replace(env["SAGE_FLEET"], "/run/sage")
    assert ours == theirs
    for name in ("XDG_CACHE_HOME", "CUDA_CACHE_PATH"):
        theirs = compose["services"]["agent"]["environment"][name]
        assert env[name].removeprefix(env["SAGE_STATE"]) == theirs.removeprefix("/srv/sage/state")


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[tuple[Board, Path]]:
    """A hub behind a real sshd, and the key that it knows."""
    key = tmp_path / "given" / "secret"
    key.parent.mkdir()
    boards.keygen(key)
    hub.init(tmp_path / "hub.git", {"sprout": frozenset({"sessions"})})
    with boards.board("hub", tmp_path / "hub", key.with_suffix(".pub").read_text("utf-8"), bare=False) as running:
        yield running, key


@needs_ssh
def test_the_credential_is_what_opens_the_exchange(
    units: dict[str, str], exchange: tuple[Board, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As systemd does it: the file of LoadCredential= under its name, in a folder that %d names."""
    running, key = exchange
    unit = units["sage-practitioner.service"]
    name, _, source = setting(unit, "LoadCredential").partition(":")
    assert source == "/var/lib/secrets/exchange"
    fleet, credentials = tmp_path / "fleet", tmp_path / "credentials"
    fleet.mkdir()
    (fleet / "known_hosts").write_text(f"[127.0.0.1]:{running.port} {running.public_key}\n", "utf-8")
    credentials.mkdir()
    env = variables(unit)
    command = env["GIT_SSH_COMMAND"].replace("%d", str(credentials)).replace(env["SAGE_FLEET"], str(fleet))
    monkeypatch.setenv("GIT_SSH_COMMAND", command)
    address = f"ssh://{getpass.getuser()}@127.0.0.1:{running.port}{tmp_path}/hub.git"
    clone = Clone(HostName("sprout"), tmp_path / "exchange.git", tmp_path / "papers", tmp_path / "locks", address)
    repository.make(clone)
    refused = shell.attempt(commands.list_hub(clone))
    assert (refused.code, "Permission denied" in refused.complaint) == (128, True), refused.complaint
    (credentials / name).write_bytes(key.read_bytes())
    (credentials / name).chmod(0o400)
    opened = shell.attempt(commands.list_hub(clone))
    assert opened.code == 0, opened.complaint


@pytest.mark.parametrize(
    ("role", "host", "release"), [("practitioner", "sprout", "36.4.4"), ("researcher", "thor", "38.2.1")]
)
def test_the_template_makes_boards_that_know_who_they_are(
    template: dict[str, dict[str, str]], role: str, host: str, release: str
) -> None:
    """On the options of jetpack-nixos, which a stand-in declares; its release is what a board's guard reads."""
    board = template[host]
    card = host_card.parse(board["card"])
    assert (card.host, card.fleet) == (host, "example")
    facts = board_facts.measured({board_facts.RELEASE: board["release"]}, "aarch64")
    assert (facts.l4t, facts.l4t_unreadable) == (release, None)
    needed = load(ROOT / "fleet").board_of(host).l4t
    assert needed is not None
    assert facts.l4t is not None
    assert needed.holds(L4TVersion(facts.l4t))
    assert f"sage-{role}.timer" in board["units"]


_BOARDS = """boards: builtins.mapAttrs (_: board: {
  card = board.config.environment.etc."sage/host.yaml".text;
  release = board.config.environment.etc."nv_tegra_release".text;
  units = builtins.concatStringsSep " " (builtins.attrNames board.config.systemd.units);
}) boards"""


@pytest.fixture(scope="module")
def template(here: Asked) -> dict[str, dict[str, str]]:
    """The boards of the template, with this flake and stand-ins for its other inputs."""
    folder = here.flake.folder
    inputs = {"nixpkgs": here.standin, "jetpack-nixos": str(folder / "tests/nix/jetpack")}
    words = [word for name, path in inputs.items() for word in ("--override-input", name, f"path:{path}")]
    said = here.flake.nix.ask(
        "eval", f"path:{folder}/nix/template#nixosConfigurations", "--json", "--offline", "--no-write-lock-file",
        *words, "--override-input", "sage-edge", here.flake.address, "--apply", _BOARDS,
    )  # fmt: skip
    assert said.code == 0, said.complaint
    made: dict[str, dict[str, str]] = json.loads(said.text)
    return made
