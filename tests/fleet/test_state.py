"""How a host is doing now: which board it is, whether its agent lives, its clock, its room, whom it reaches."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from testinfra.host import Host

from sage_edge.inventory.board_card import Board
from sage_edge.inventory.board_facts import SOURCES, contradictions, measured
from sage_edge.verify.wants import FactValue
from tests.fleet import asking
from tests.fleet.asking import Container

Rule = Callable[[FactValue], None]
EXCHANGE_S = 20


def test_board(host: Host, card: Board, rule: Rule) -> None:
    root = asking.facts_root(host)
    texts = {name: asking.text(host, f"{root}/{name}") for name in SOURCES}
    seen = measured(texts, host.check_output("uname -m"))
    rule(frozenset(contradictions(seen, card)))


def test_heartbeat(host: Host, rule: Rule) -> None:
    path = "/srv/sage/state/heartbeat.json"
    content = asking.text(host, path)
    if content is None:
        rule(None)
        return
    told = json.loads(content)
    if told.get("boot") == host.check_output("cat /proc/sys/kernel/random/boot_id"):
        rule(float(host.check_output("python3 -c 'import time; print(time.clock_gettime(7))'")) - told["awake_s"])
    else:
        rule(float(host.check_output("date +%s")) - host.file(path).mtime.timestamp())


def test_writer(host: Host, agent: Container, rule: Rule) -> None:
    beat = json.loads(asking.text(host, "/srv/sage/state/heartbeat.json") or "{}")
    if agent.says("Id") is None:
        rule(None)
    else:
        rule("running" if beat.get("container") == agent.says("Config", "Hostname") else "another")


def test_wakes(host: Host, rule: Rule) -> None:
    beat = json.loads(asking.text(host, "/srv/sage/state/heartbeat.json") or "{}")
    rule(frozenset(filter(None, [beat["failing"]])) if "failing" in beat else None)


def test_doubt(host: Host, rule: Rule) -> None:
    beat = json.loads(asking.text(host, "/srv/sage/state/heartbeat.json") or "{}")
    rule(frozenset(filter(None, [beat["clock_doubt"]])) if "clock_doubt" in beat else None)


def test_quarantine(host: Host, rule: Rule) -> None:
    page = json.loads(asking.text(host, "/srv/sage/state/papers/status.json") or '{"quarantined": []}')
    cases = page.get("quarantined")
    shown = [f"{case['host']}: {case['rule']} at {case['commit'][:12]}" for case in cases or ()]
    rule(None if cases is None else frozenset(shown))


def test_offset(host: Host, rule: Rule) -> None:
    before = time.time()
    there = float(host.check_output("date +%s.%N"))
    rule(there - (before + time.time()) / 2)


def test_kept(host: Host, rule: Rule) -> None:
    rule(host.check_output("timedatectl show --property=NTPSynchronized --value"))


def test_disk(host: Host, of: str, rule: Rule) -> None:
    engine = host.run("docker info --format '{{.DockerRootDir}}'")
    ours = {"sage": "/srv/sage", "state": "/srv/sage/state"}
    place = ours.get(of) or (engine.stdout.strip() if engine.succeeded else "/var/lib/docker")
    rule(int(host.check_output("df --output=avail --block-size=1 %s", place).splitlines()[-1]))


def test_memory(host: Host, rule: Rule) -> None:
    rows = dict(line.split(":", 1) for line in host.file("/proc/meminfo").content_string.splitlines())
    rule(int(rows["MemAvailable"].split()[0]) * 1024)


def test_exchange(host: Host, of: str, rule: Rule) -> None:
    """Asked where the agent asks: in its container, with its key and its network."""
    ran = host.run("docker exec sage-agent-1 timeout %s git ls-remote -- %s", str(EXCHANGE_S), of)
    said = (ran.stderr.strip().splitlines() or [f"git ended with {ran.rc}"])[0]
    rule("answers" if ran.succeeded else said[:200])
