"""What `docker compose` makes of our files, in all combinations: read by Compose itself, no engine is needed."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sage_edge.deploy import desired_release
from sage_edge.deploy.checkout import Checkout
from sage_edge.inventory.serve_settings import ServeSettings
from tests.compose.composed import COMPOSE, Composed, demand
from tests.deploy import fleetfacts

COMBINATIONS = [
    (host, cpu, profile)
    for host, profile in (("sprout", None), ("thor", None), ("thor", "serve"), ("thor", "omni"))
    for cpu in (False, True)
]
NEVER = {"gpus", "deploy", "post_start", "ports", "privileged", "devices", "pid", "ipc"}
"""What older Compose drops without a word (facts §2.4), or what opens the host."""

LEFT_TO_PEOPLE = {"SAGE_OMNI_FROM", "SAGE_EXCHANGE_VOLUME"}
"""Variables that no release fills: of a server that is started by hand, and of a laptop."""


@pytest.fixture(scope="module", autouse=True)
def compose_is_here() -> None:
    """Skip where Compose cannot be asked; it is looked for once."""
    demand()


def read(host: str, cpu: bool = False, profile: str | None = None) -> dict[str, Any]:
    """What Compose has read."""
    return Composed((host, "cpu") if cpu else (host,), profile=profile).config()


@pytest.mark.parametrize(("host", "cpu", "profile"), COMBINATIONS)
def test_what_holds_in_every_combination(host: str, cpu: bool, profile: str | None) -> None:
    told = read(host, cpu, profile)
    agent = told["services"]["agent"]
    assert told["name"] == host
    assert set(told["services"]) == {"agent", *([profile] if profile else []), *(["exchange"] if cpu else [])}
    assert (agent["user"], agent["read_only"], agent["cap_drop"]) == ("10001:10001", True, ["ALL"])
    assert agent["security_opt"] == ["no-new-privileges:true"]
    assert agent["restart"] == "unless-stopped"
    assert agent["healthcheck"]["test"] == ["CMD", "sage-healthy"]
    assert agent["runtime"] == ("runc" if cpu else "nvidia")
    assert agent["environment"]["NVIDIA_VISIBLE_DEVICES"] == ("void" if cpu else "all")
    assert "init" not in agent, "tini is in the image"
    for name, service in told["services"].items():
        assert not NEVER - ({"ports"} if name == "serve" else set()) & set(service), name
        assert service.get("network_mode", "none") == "none"
        made = [mount["target"] for mount in service["volumes"] if mount.get("bind", {}).get("create_host_path")]
        assert made == [], f"{name}: Docker would make a folder where a path is wrong"
    writable = {mount["target"] for mount in agent["volumes"] if not mount.get("read_only")}
    assert writable == {"/srv/sage/state", *(["/srv/sage/exchange"] if cpu else [])}


@pytest.mark.parametrize("cpu", [False, True])
def test_a_gateway_has_no_more_rights_than_the_agent_and_is_published_on_loopback(cpu: bool) -> None:
    agent, gateway = (read("thor", cpu, "serve")["services"][name] for name in ("agent", "serve"))
    alike = ("user", "read_only", "cap_drop", "security_opt", "restart", "pull_policy", "logging", "image")
    assert [gateway[key] for key in alike] == [agent[key] for key in alike]
    assert not {"runtime", "group_add", "shm_size", "ulimits"} & set(gateway), "it reaches no GPU"
    assert (int(gateway["mem_limit"]), gateway["pids_limit"], gateway["stop_grace_period"]) == (2 << 30, 128, "1m0s")
    assert all(mount.get("read_only") for mount in gateway["volumes"])
    secrets = [mount["target"] for mount in gateway["volumes"] if "keys" in mount["source"]]
    assert secrets == ["/run/sage/serving"], "and not the key of the exchange"
    assert not any("keys/serve" in str(mount["source"]) for mount in agent["volumes"])
    (port,) = gateway["ports"]
    assert (port["host_ip"], port["published"], port["target"]) == ("127.0.0.1", "8080", 8080)
    assert gateway["environment"]["SAGE_FACTS_ROOT"] == ("/" if cpu else "/run/sage/facts")


@pytest.mark.parametrize(("host", "cpu", "profile"), COMBINATIONS)
def test_an_image_of_ours_that_is_not_here_is_asked_of_nobody(host: str, cpu: bool, profile: str | None) -> None:
    ours = {name: service for name, service in read(host, cpu, profile)["services"].items() if name != "omni"}
    assert {name: service.get("pull_policy") for name, service in ours.items()} == dict.fromkeys(ours, "never")
    assert all(service["image"].startswith("sage/") for service in ours.values())


@pytest.mark.docker
def test_by_hand_an_image_that_was_not_built_is_missed_and_not_pulled() -> None:
    """The engine would ask the public registry for a name like this."""
    apart = {"SAGE_IMAGE": "sage/never-built:cpu", "SAGE_EXCHANGE_VOLUME": "sage-test-never-built"}
    by_hand = Composed(("sprout", "cpu"), apart, project="sage-test-never-built")
    try:
        said = by_hand("up", "--detach", ok=False, timeout_s=20)
    finally:
        by_hand("down", "--volumes", ok=False)
    assert said.returncode != 0
    assert "No such image: sage/never-built:cpu" in said.stderr
    assert not any(word in said.stderr.lower() for word in ("pull", "registry", "lookup", "denied"))


def test_each_board_has_the_limits_that_it_can_bear() -> None:
    sprout, thor = (read(host)["services"]["agent"] for host in ("sprout", "thor"))
    assert int(sprout["mem_limit"]) == 3 << 30
    assert int(thor["mem_limit"]) == 48 << 30
    assert (sprout["stop_grace_period"], thor["stop_grace_period"]) == ("2m30s", "1m0s")
    assert (sprout["healthcheck"]["start_period"], thor["healthcheck"]["start_period"]) == ("1m0s", "5m0s")
    assert sprout["group_add"] == thor["group_add"] == ["44", "104"]
    assert "shm_size" not in sprout, "llama.cpp needs none (facts §2.4)"
    assert thor["ulimits"] == {"memlock": -1}
    assert "ulimits" not in read("thor", cpu=True)["services"]["agent"], "not every machine grants it"


def test_a_turn_is_let_finish_when_the_container_is_stopped() -> None:
    fleet = fleetfacts.fleet()
    deadline = fleet.host("sprout").turn_deadline
    assert deadline is not None
    assert deadline.total_seconds() < 150


def test_the_board_is_known_by_its_own_files() -> None:
    mounts = {mount["target"]: mount["source"] for mount in read("sprout")["services"]["agent"]["volumes"]}
    assert mounts["/etc/sage/host.yaml"] == "/etc/sage/host.yaml"
    assert mounts["/run/sage/facts/etc/nv_tegra_release"] == "/etc/nv_tegra_release"
    assert mounts["/run/sage/facts/proc/device-tree"] == "/sys/firmware/devicetree/base"
    assert mounts["/srv/sage/fleet"] == str(COMPOSE.parent / "fleet")


def test_a_laptop_brings_along_what_a_board_gets_by_provisioning() -> None:
    told = read("sprout", cpu=True)
    agent = told["services"]["agent"]
    mounts = {mount["target"]: mount["source"] for mount in agent["volumes"]}
    assert agent["image"] == "sage/sprout:cpu"
    assert mounts["/etc/sage/host.yaml"] == str(COMPOSE / "laptop" / "sprout.yaml")
    assert mounts["/run/sage/exchange-key"] == "/dev/null", "there is no key where there is no other machine"
    assert agent["environment"]["SAGE_FACTS_ROOT"] == "/"
    assert agent["depends_on"]["exchange"]["condition"] == "service_completed_successfully"
    assert told["volumes"]["exchange"]["name"] == "sage-exchange"
    assert read("thor", cpu=True)["volumes"]["exchange"]["name"] == "sage-exchange", "that is where they meet"


def test_an_image_with_a_model_inside_is_not_covered_by_the_store() -> None:
    def store(**env: str) -> list[str]:
        mounts = Composed(("thor",), env).config()["services"]["agent"]["volumes"]
        return [mount["target"] for mount in mounts if mount["source"] == "/srv/sage/models"]

    assert store() == ["/srv/sage/models"]
    assert store(SAGE_MODELS_AT="/srv/sage/store") == ["/srv/sage/store"]


@pytest.mark.parametrize(("name", "platform"), [("sprout", "cpu"), ("sprout", "l4t"), ("thor", "cpu"), ("thor", "l4t")])
@pytest.mark.parametrize("model", [None, "sage/seedling:q8_0"])
def test_a_release_leaves_no_variable_to_chance(name: str, platform: str, model: str | None, tmp_path: Path) -> None:
    """What deploy writes beside the files fills every variable of theirs, and Compose reads the folder as it lies."""
    fleet, found = fleetfacts.fleet(), fleetfacts.wanted()
    image = replace(found.image, name=name, platform=platform, model=model)
    host = fleet.host(name).model_copy(update={"model": None})  # the real one is locked nowhere yet
    release = desired_release.desired(Checkout(COMPOSE.parent, fleet), host, image, fleetfacts.probed())
    for path, text in release.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    filled = {line.partition("=")[0] for line in release.files[".env"].splitlines()}
    asked = {v for key, text in release.files.items() if "/" not in key for v in re.findall(r"\$\{(\w+)", text)}
    assert asked - filled <= LEFT_TO_PEOPLE
    words = ("docker", "compose", "config", "--format", "json")
    told = json.loads(subprocess.run(words, cwd=tmp_path, check=True, capture_output=True).stdout)
    agent = told["services"]["agent"]
    assert (told["name"], agent["image"]) == ("sage", image.id)
    assert (agent["environment"]["SAGE_IMAGE"], agent["environment"]["SAGE_RELEASE"]) == (image.id, release.short)
    mounts = {mount["target"]: mount["source"] for mount in agent["volumes"]}
    assert mounts["/srv/sage/state"] == "/srv/sage/state"
    assert mounts["/srv/sage/fleet"] == str(tmp_path / "fleet")
    if name == "thor" or platform == "cpu":
        assert mounts["/srv/sage/store" if model else "/srv/sage/models"] == "/srv/sage/models"
    assert agent["runtime"] == ("runc" if platform == "cpu" else "nvidia")
    assert told["services"].get("exchange", {}).get("scale", 0) == 0, "a board has no exchange of its own"


@pytest.mark.parametrize(
    ("serve", "profiles", "services", "published"),
    [
        (None, "", {"agent"}, None),
        ({"kind": "llamacpp-server"}, "serve", {"agent", "serve"}, ("127.0.0.1", "8080")),
        (
            {"kind": "llamacpp-server", "address": "fd00::7", "port": 9443},
            "serve",
            {"agent", "serve"},
            ("fd00::7", "9443"),
        ),
        (
            {"kind": "vllm", "upstream": "http://omni:8000", "address": "10.0.0.7"},
            "serve,omni",
            {"agent", "serve", "omni"},
            ("10.0.0.7", "8080"),
        ),
    ],
)
def test_a_release_turns_the_gateway_on_where_one_is_declared(
    serve: dict[str, Any] | None, profiles: str, services: set[str], published: tuple[str, str] | None, tmp_path: Path
) -> None:
    fleet, found = fleetfacts.fleet(), fleetfacts.wanted()
    settings = ServeSettings(model=fleetfacts.SEEDLING, **serve) if serve else None
    host = fleet.host("thor").model_copy(update={"serve": settings})
    image = replace(found.image, name="thor", platform="l4t", model=None)
    release = desired_release.desired(Checkout(COMPOSE.parent, fleet), host, image, fleetfacts.probed())
    assert release.is_serving == bool(serve)
    assert release.shipped == (frozenset({fleetfacts.SEEDLING}) if serve else frozenset())
    assert f"COMPOSE_PROFILES={profiles}\n" in release.files[".env"]
    for name in ("compose.yaml", ".env"):
        (tmp_path / name).write_text(release.files[name], "utf-8")
    (tmp_path / "fleet").mkdir()
    words = ("docker", "compose", "config", "--format", "json")
    told = json.loads(subprocess.run(words, cwd=tmp_path, check=True, capture_output=True).stdout)["services"]
    assert set(told) == services
    if published:
        (port,) = told["serve"]["ports"]
        assert ((port["host_ip"], port["published"]), str(port["target"])) == (published, published[1])


def test_a_file_that_does_not_parse_is_named() -> None:
    done = Composed(("sprout", "laptop/sprout"))("config", ok=False)
    assert done.returncode != 0
    assert "laptop/sprout.yaml" in done.stderr
