"""Stand-in boards for real: what a board of the fleet can do, they can."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge import shell, sim
from sage_edge.errors import UsageError
from sage_edge.image import engine
from sage_edge.inventory.board_facts import contradictions, measure
from sage_edge.names import HostName
from sage_edge.remote.ssh.client import connect
from sage_edge.shell import Command
from sage_edge.sim import SimPlace, containers
from sage_edge.sim.errors import PortTaken
from tests import standins
from tests.standins import Boards

pytestmark = pytest.mark.docker

BOTH = ("sprout", "thor")
TINY = (
    "tar -hc -P -f - /bin/sh /usr/bin/getent /lib64/ld-linux-x86-64.so.2 /lib/x86_64-linux-gnu/libc.so.6 "
    "| docker import - tiny >/dev/null"
)
"""An image that every board can make of itself, without a registry."""


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boards]:
    """A set of its own: what is renewed here would be missed by tests that deploy to the one of the run."""
    with standins.standing(tmp_path_factory.mktemp("standing"), apart="standing") as both:
        yield both


def test_both_boards_and_the_hub_are_up(boards: Boards) -> None:
    assert {seen.machine.host: seen.system for seen in sim.status(boards.place)} == {
        "hub": "running",
        "sprout": "running",
        "thor": "running",
    }
    state = json.loads(boards.place.state.read_text())
    assert {host: row["port"] for host, row in state["hosts"].items()} == {
        host: boards.machine(host).port for host in ("hub", *BOTH)
    }
    assert boards.place.key.stat().st_mode & 0o077 == 0


def test_a_second_up_changes_nothing(boards: Boards) -> None:
    words = Command(("docker", "ps", "-q", "--no-trunc", "--filter", f"label={containers.LABEL}={boards.place.name}"))
    before = (shell.run(words).text, boards.place.known_hosts.read_bytes(), boards.place.config.read_bytes())
    lines: list[str] = []
    sim.up(boards.fleet, boards.place, lines.append)
    assert (shell.run(words).text, boards.place.known_hosts.read_bytes(), boards.place.config.read_bytes()) == before
    assert lines == []


@pytest.mark.parametrize("host", BOTH)
def test_a_board_lets_us_in_and_makes_us_root(boards: Boards, host: str) -> None:
    with connect(boards.fleet.addresses, HostName(host)) as remote:
        came = remote.run(
            "id -un; sudo -n id -un; hostname; python3 -c 'import sys; print(sys.version_info >= (3, 10))'"
        )
    assert came.text.split() == ["sage", "root", host, "True"]


def test_a_swapped_key_is_refused(boards: Boards, tmp_path: Path) -> None:
    swapped = tmp_path / "known_hosts"
    keys = dict(line.split(" ", 1) for line in boards.place.known_hosts.read_text().splitlines())
    swapped.write_text(f"sprout {keys['thor']}\n")
    words = ("ssh", "-F", str(boards.place.config), "-o", f"UserKnownHostsFile={swapped}", "sprout", "true")
    came = shell.attempt(Command(words))
    assert came.code == 255
    assert "Host key verification failed" in came.complaint


@pytest.mark.parametrize("host", BOTH)
def test_a_board_says_of_itself_what_its_card_expects(boards: Boards, host: str, tmp_path: Path) -> None:
    root = boards.ssh(host, "cat /etc/sage/facts-root").text
    packed = boards.ssh(host, f"tar -C {root} -cf - .")
    subprocess.run(("tar", "-C", tmp_path, "-xf", "-"), input=packed.out, check=True)
    arch = boards.ssh(host, "uname -m").text
    assert contradictions(measure(tmp_path, arch), boards.fleet.board_of(host)) == ()
    other = next(name for name in BOTH if name != host)
    assert contradictions(measure(tmp_path, arch), boards.fleet.board_of(other)) != ()


def test_an_engine_inside_runs_containers_that_know_the_hub(boards: Boards) -> None:
    made = boards.inside("sprout", TINY)
    assert made.code == 0, made.complaint
    strict = (
        "--read-only --cap-drop ALL --security-opt no-new-privileges --memory 64m --pids-limit 20 --user 10001:10001"
    )
    ran = boards.inside("sprout", f"docker run --rm {strict} tiny /bin/sh -c 'echo it runs'")
    assert (ran.text, ran.code) == ("it runs", 0), ran.complaint
    service = {"services": {"asks": {"image": "tiny", "command": ["getent", "hosts", "hub"]}}}
    asked = boards.inside(
        "sprout",
        "cat >/run/compose.yaml; cd /run; docker compose up --no-color; docker compose down",
        json.dumps(service).encode(),
    )
    assert "hub" in asked.text.split(), asked.complaint


def test_a_board_pushes_to_the_hub_which_refuses_what_breaks_the_rules(boards: Boards) -> None:
    known = {line.split()[0]: line for line in boards.place.known_hosts.read_text().splitlines()}
    boards.inside("sprout", "mkdir -p /srv/sage/keys; ssh-keygen -q -t ed25519 -N '' -f /srv/sage/keys/exchange")
    boards.inside("sprout", "cat >/srv/sage/keys/known_hosts", known["hub"].encode() + b"\n")
    push = (
        "export GIT_SSH_COMMAND='ssh -i /srv/sage/keys/exchange -o UserKnownHostsFile=/srv/sage/keys/known_hosts "
        "-o StrictHostKeyChecking=yes -o BatchMode=yes'; rm -rf /root/p; git init -q /root/p; cd /root/p; "
        "git config user.name sprout; git config user.email sprout@sage-edge.invalid; "
        "mkdir -p {0}; echo x >{0}/x.jsonl; git add .; git commit -qm x -m 'Sage-Host: sprout'; "
        "git push -q {1} HEAD:host/sprout"
    )
    remote = boards.fleet.remote
    assert remote == "ssh://git@hub/srv/git/exchange.git"
    stranger = boards.inside("sprout", push.format("worklog", remote))
    assert "Permission denied" in stranger.complaint
    assert sim.admit(boards.place) == ("desk", "sprout")
    refused = boards.inside("sprout", push.format("findings", remote))
    assert "sage: host/sprout" in refused.complaint
    assert refused.code != 0
    reading = Command(("git", "ls-remote", remote), env={"GIT_SSH_COMMAND": f"ssh -F '{boards.place.config}'"})
    assert (shell.run(reading).text, shell.attempt(reading).code) == ("", 0)
    elsewhere = boards.inside(
        "sprout", push.format("worklog", remote).replace("HEAD:host/sprout", "HEAD:refs/heads/notes")
    )
    assert "which may push refs/heads/host/sprout alone" in elsewhere.complaint
    boards.renew("hub")
    assert shell.run(reading).text == ""


def test_the_hub_is_for_git_alone(boards: Boards) -> None:
    assert boards.ssh("hub", "id").code != 0


def test_a_reboot_ends_in_the_same_board(boards: Boards) -> None:
    before = boards.ssh("thor", "cat /proc/sys/kernel/random/boot_id; cat /etc/sage/facts-root")
    service = "--restart unless-stopped --stop-timeout 1 --name stays tiny /bin/sh -c 'read x </dev/zero'"
    boards.inside("thor", f"{TINY}; docker run -d {service}")
    boards.inside("thor", "sync; touch /srv/kept; touch /run/gone")
    seen = boards.restart("thor")
    assert (seen.system, seen.failed) == ("running", ())
    assert f"thor {' '.join(seen.key.split()[:2])}" in boards.place.known_hosts.read_text().splitlines()
    after = boards.ssh("thor", "cat /proc/sys/kernel/random/boot_id; cat /etc/sage/facts-root")
    assert before.text.split()[1:] == after.text.split()[1:]
    assert before.text.split()[0] != after.text.split()[0], "a reboot shows in the boot id"
    assert boards.inside("thor", "test -e /srv/kept && ! test -e /run/gone").code == 0
    assert boards.inside("thor", "docker inspect -f '{{.State.Running}}' stays").text == "true"
    for unit in ("ssh", "docker"):
        assert boards.inside("thor", f"systemctl is-active {unit}").text == "active"


def test_the_workstation_s_kernel_is_left_alone(boards: Boards) -> None:
    for host in BOTH:
        units = boards.inside(host, "systemctl list-units --all --plain --no-legend --type=service").text
        assert "systemd-sysctl.service" not in [line.split()[0] for line in units.splitlines() if "masked" not in line]


def test_a_renewed_board_is_nobody_s_past(boards: Boards) -> None:
    boards.inside("thor", "touch /srv/kept")
    old = {line for line in boards.place.known_hosts.read_text().splitlines() if line.startswith("thor ")}
    machine = boards.renew("thor")
    assert machine.state == "running"
    assert boards.inside("thor", "ls /srv; docker images -q").text == "git"
    new = {line for line in boards.place.known_hosts.read_text().splitlines() if line.startswith("thor ")}
    assert len(new) == 1
    assert new != old
    assert boards.ssh("thor", "hostname").text == "thor"
    with pytest.raises(UsageError, match="no stand-in named odin"):
        boards.renew("odin")


def test_a_killed_up_goes_on_and_down_leaves_nothing(boards: Boards, tmp_path: Path) -> None:
    """A set of its own: made by hand as far as a killed `up` came, finished, its folder lost, and taken away."""
    place = SimPlace(tmp_path / ".sage" / "sim", f"{boards.place.name}-cut")
    with socket.create_server(("127.0.0.1", 0)) as taken, engine.connect() as docker:
        docker.create_network(place.name, {containers.LABEL: place.name})
        port = taken.getsockname()[1]
        docker.create(containers.describe(place, "hub", port, boards.machine("hub").image))
        try:
            with pytest.raises(PortTaken) as refused:
                sim.up(boards.fleet, place, _silent)
            assert (refused.value.host, refused.value.port, refused.value.code) == ("hub", port, 5)
            assert "hub" not in containers.machines(docker, place)
            sim.up(boards.fleet, place, _silent)
            shell.run(Command(("docker", "stop", "--time", "0", place.container("hub"))))
            place.key.unlink()
            lines: list[str] = []
            sim.up(boards.fleet, place, lines.append)
            assert lines == ["starting hub"]
            came = shell.attempt(Command(("ssh", "-F", str(place.config), "sprout", "echo in")))
            assert came.text == "in", came.complaint
        finally:
            assert sim.down(place) == 3
    for kind in (("ps", "-aq"), ("network", "ls", "-q")):
        assert shell.run(Command(("docker", *kind, "--filter", f"label={containers.LABEL}={place.name}"))).text == ""
    assert not place.folder.exists()
    assert sim.down(place) == 0


def test_down_takes_the_volumes_along(boards: Boards) -> None:
    words = ("docker", "inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", boards.place.container("sprout"))
    (volume,) = shell.run(Command(words)).text.split()
    boards.renew("sprout")
    assert shell.attempt(Command(("docker", "volume", "inspect", volume))).code != 0


def _silent(line: str) -> None:
    """Hear nothing."""
