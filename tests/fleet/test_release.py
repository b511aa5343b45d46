"""What runs on a host: the engine, the release that `current` names, its container, image and models."""

from __future__ import annotations

import json
from collections.abc import Callable

from testinfra.host import Host

from sage_edge.models import manifest as manifests
from sage_edge.verify.wants import FactValue
from tests.fleet import asking
from tests.fleet.asking import Container

Rule = Callable[[FactValue], None]


def test_retired(host: Host, rule: Rule) -> None:
    mark = json.loads(asking.text(host, "/srv/sage/deploy/retired.json") or "null")
    rule(frozenset([f"{mark['at']} by {mark['who']}"] if mark else ()))


def test_engine(host: Host, rule: Rule) -> None:
    ran = host.run("docker version --format '{{.Server.Version}}'")
    rule(ran.stdout.strip() or None if ran.succeeded else None)


def test_compose(host: Host, rule: Rule) -> None:
    ran = host.run("docker info >/dev/null && docker compose version --short")
    rule(ran.stdout.strip() if ran.succeeded else None)


def test_runtimes(host: Host, rule: Rule) -> None:
    ran = host.run("docker info --format '{{json .Runtimes}}'")
    rule(frozenset(json.loads(ran.stdout)) if ran.succeeded else None)


def test_release(host: Host, rule: Rule) -> None:
    rule(asking.digest(host, "/srv/sage/current/release.json"))


def test_adrift(host: Host, agent: Container, rule: Rule) -> None:
    """Where `current` names nothing: whether the journal ends in a release that should serve, or one runs."""
    journal = host.file("/srv/sage/deploy/journal.jsonl")
    newest = json.loads(journal.content_string.splitlines()[-1]) if journal.exists else {"state": "none"}
    is_over = newest["state"] == "none" or (newest["state"] == "reverted" and not newest["previous"])
    runs = agent.says("Id")
    rule(frozenset([*([] if is_over else [newest["state"]]), *([runs] if runs else [])]))


def test_files(host: Host, rule: Rule) -> None:
    """By `find` and `sha256sum`: names, rights and bytes of every file, against the listing."""
    folder = "/srv/sage/current"
    listing = asking.text(host, f"{folder}/.listing.json")
    if listing is None:
        rule(None)
        return
    modes = host.run("find -H %s ! -type d ! -name .listing.json -printf '%%P %%04m\\n'", folder).stdout
    there = dict(line.rsplit(" ", 1) for line in modes.splitlines())
    sums = host.run("cd %s && find . -type f ! -name .listing.json -exec sha256sum '{}' +", folder).stdout
    bytes_of = {line[66:].removeprefix("./"): line[:64] for line in sums.splitlines()}
    listed = {name: (entry["sha256"], entry["mode"]) for name, entry in json.loads(listing)["files"].items()}
    names = listed.keys() | there.keys()
    rule(frozenset(name for name in names if listed.get(name) != (bytes_of.get(name), there.get(name))))


def test_lock(host: Host, rule: Rule) -> None:
    path = "/srv/sage/deploy/lock.json"
    try:
        held = json.loads(asking.text(host, path) or "") if host.run("test -e %s", path).succeeded else {"token": ""}
        rule(frozenset() if "token" in held else frozenset({"no lock"}))
    except (ValueError, TypeError):
        rule(frozenset({"damaged"}))


def test_journal(host: Host, rule: Rule) -> None:
    journal = host.file("/srv/sage/deploy/journal.jsonl")
    rule(json.loads(journal.content_string.splitlines()[-1])["state"] if journal.exists else None)


def test_settled(host: Host, rule: Rule) -> None:
    journal = host.file("/srv/sage/deploy/journal.jsonl")
    newest = json.loads(journal.content_string.splitlines()[-1]) if journal.exists else {"state": "none"}
    serves = {"committed": newest.get("release"), "reverted": newest.get("previous")}
    rule(serves.get(newest["state"]))


def test_status(agent: Container, rule: Rule) -> None:
    rule(agent.says("State", "Status"))


def test_health(agent: Container, rule: Rule) -> None:
    rule(agent.says("State", "Health", "Status"))


def test_image(agent: Container, rule: Rule) -> None:
    rule(agent.says("Image"))


def test_runs_as(agent: Container, rule: Rule) -> None:
    rule(agent.says("Config", "User"))


def test_serves(agent: Container, rule: Rule) -> None:
    variables = agent.says("Config", "Env") or ()
    rule(dict(pair.partition("=")[::2] for pair in variables).get("SAGE_RELEASE"))


def test_differences(host: Host, agent: Container, rule: Rule) -> None:
    rule(asking.differences(host, agent))


def test_foreigners(host: Host, rule: Rule) -> None:
    ran = host.run("docker ps --all --quiet | xargs --no-run-if-empty docker inspect")
    containers = json.loads(ran.stdout or "[]")
    ours = json.loads(asking.text(host, "/srv/sage/deploy/started.json") or "{}").get("containers", {})
    strong = (box["Name"].lstrip("/") for box in containers if asking.is_strong(box))
    rule(frozenset(name for name in strong if name not in ours))


def test_label(agent: Container, of: str, rule: Rule) -> None:
    rule(agent.says("Config", "Labels", of))


def test_manifest(host: Host, of: str, rule: Rule) -> None:
    family, _, rest = of.partition("/")
    name, _, variant = rest.partition(":")
    listing = host.file(f"/srv/sage/models/manifests/{family}/{name}/{variant}.json")
    if not listing.exists:
        return rule(None)
    try:
        rule(manifests.parse(listing.content).digest())
    except ValueError:
        rule("no manifest")


def test_blobs(host: Host, rule: Rule) -> None:
    root, wrong = "/srv/sage/models", set[str]()
    for path in sorted(host.run("find %s/manifests -type f -name '*.json'", root).stdout.split()):
        try:
            listed = [(f["path"], f["size_bytes"], f["digest"]) for f in json.loads(host.file(path).content)["files"]]
        except (ValueError, KeyError, TypeError):
            continue
        for name, size, digest in listed:
            blob = host.file(f"{root}/blobs/{digest.replace(':', '-')}")
            if not (blob.is_file and blob.size == size):
                wrong.add(f"{path.removeprefix(f'{root}/manifests/')}: {name}")
    rule(frozenset(wrong))
