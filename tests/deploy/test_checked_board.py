"""What a probe answers, judged: a sound board is green, and whatever it does not say does not hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sage_edge import hints
from sage_edge.deploy import checked_board, provision
from sage_edge.host import probe as host_probe
from sage_edge.inventory.fleet import Fleet
from sage_edge.models.lock import LockedModel, write_lock
from sage_edge.names import Digest, ModelRef
from sage_edge.remote.board import helper_zipapp
from sage_edge.remote.board import probe as facts
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.verify import board_checks
from sage_edge.verify.board_target import BoardTarget
from sage_edge.verify.check import CheckResult
from tests.deploy import fleetfacts
from tests.deploy.fleetfacts import NOW, ROOT, SEEDLING, SPROUT

OWN = helper_zipapp.packed().short


def target(seen: BoardProbe, fleet: Fleet | None = None) -> BoardTarget:
    """The board of a probe, checked against this checkout."""
    return checked_board.target(ROOT, ROOT / "nowhere", fleet or fleetfacts.fleet(), seen)


def laid(facts: BoardProbe) -> dict[str, Any]:
    """What a probe tells of a board on which everything was provisioned that its facts ask for."""
    told: dict[str, Any] = {"files": {}, "texts": {}, "units": {}, "users": {}, "groups": {}}
    told |= {"secrets_open": [], "bytes_missing": [], "foreign_state": []}
    for case in board_checks.cases(target(facts)):
        kind, of, wants = case.fact.kind, case.of, case.wants
        if kind == "place":
            mode, _, owner = str(wants).partition(" ")
            uid, _, gid = owner.partition(":")
            told["files"][of] = {"mode": mode, "uid": int(uid), "gid": int(gid), "size": 1}
        elif kind == "text":
            told["texts"][of] = getattr(wants, "value", "").removeprefix("sha256:")
        elif kind == "unit":
            told["units"][of] = True
        elif kind == "user":
            told["users"][of] = {"uid": 10001, "gid": 10001, "groups": ["render", "video"]}
        elif kind == "group":
            told["groups"][of] = 10001
    return told


def probe(**changes: Any) -> dict[str, Any]:
    """What a sound Sprout tells."""
    labels = {
        "com.docker.compose.project": "sage",
        "com.docker.compose.service": "agent",
        "sage.role": "practitioner",
        "sage.board": "orin-nano",
        "sage.platform": "l4t",
        "sage.model": str(SEEDLING),
        "sage.model.digest": f"sha256:{'2' * 64}",
    }
    found = fleetfacts.wanted()
    serving = fleetfacts.serving(found, labels=labels)
    store = {"sage/seedling/q8_0.json": "2" * 64}
    card = "format: 1\nhost: sprout\nfleet: sage\n"
    base = fleetfacts.told(
        **serving, helper=OWN, heartbeat_age_s=3.0, failing=[], quarantined=[], models=store, card=card, **changes
    )
    whole = laid(facts.parse(SPROUT, base, NOW))
    return {**base, **whole, "groups": {**base["groups"], **whole["groups"]}}


def results(told: dict[str, Any]) -> dict[str, CheckResult]:
    return {result.check: result for result in board_checks.examine(target(facts.parse(SPROUT, told, NOW)))}


@pytest.fixture(autouse=True)
def trusted_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real fleet leaves it to its owner to add the exchange's key."""
    monkeypatch.setattr("sage_edge.deploy.provision._exchange_keys", lambda fleet: "exchange ssh-ed25519 AAAA\n")


def test_a_sound_board_is_green() -> None:
    told = results(probe())
    assert [result for result in told.values() if not result.holds] == []
    assert len(told) > 35
    assert "exchange" not in told, "no probe reaches another machine"


BROKEN: list[tuple[dict[str, Any], set[str]]] = [
    (
        {"docker": None},
        {
            "docker",
            "docker compose",
            "runtime",
            "agent",
            "health of the agent",
            "agent's user",
            "image",
            "agent's release",
            "agent as it was started",
            "heartbeat's writer",
            "image's role",
            "image's platform",
            "image's board",
        },
    ),
    ({"card": None}, {"host card"}),
    ({"heartbeat_age_s": None}, {"heartbeat"}),
    ({"failing": ["the disk is full"]}, {"last wake"}),
    ({"failing": None}, {"last wake"}),
    ({"quarantined": ["thor: merge at 0a1b2c3d4e5f"]}, {"quarantine"}),
    ({"quarantined": None}, {"quarantine"}),
    ({"epoch": NOW + 3600}, {"clock"}),
    ({"clock": {"synchronized": False, "kept_by": []}}, {"clock is kept"}),
    ({"memory": {"total": 1}}, {"free memory"}),
    ({"models": {}}, {f"model {SEEDLING}"}),
    ({"foreign_state": ["papers/status.json"]}, {"rights below /srv/sage/state"}),
    ({"foreign_state": None}, {"rights below /srv/sage/state"}),
    ({"secrets_open": ["srv/sage/keys/exchange"]}, {"secrets open to anybody"}),
    ({"bytes_missing": ["sage/seedling/q8_0.json: model.gguf"]}, {"bytes of the models"}),
    ({"bytes_missing": None}, {"bytes of the models"}),
    ({"arch": "x86_64"}, {"board is orin-nano"}),
    ({"users": {}}, {"user sage-agent", "groups of sage-agent"}),
    ({"units": {}}, {"sage-release.service at boot", "sage-watch.timer at boot"}),
]


@pytest.mark.parametrize(("change", "checks"), BROKEN, ids=[",".join(change) for change, _ in BROKEN])
def test_what_is_not_told_or_not_so_does_not_hold(change: dict[str, Any], checks: set[str]) -> None:
    told = results({**probe(), **change})
    assert {name for name, result in told.items() if not result.holds} == checks


def test_what_provisioning_lays_is_what_a_probe_looks_at() -> None:
    """Else a board is told as not provisioned for ever."""
    steps = provision.steps(fleetfacts.fleet(), SPROUT, facts.parse(SPROUT, probe(), NOW))
    files = {step["path"] for step in steps if step["kind"] == "file"}
    units = {step["name"] for step in steps if step["kind"] == "unit"}
    places = {step["path"] for step in steps if step["kind"] in ("folder", "key")}
    assert files | {f"etc/systemd/system/{unit}" for unit in units} == set(host_probe.LAID)
    assert units == set(host_probe.UNITS)
    assert places <= set(host_probe.WATCHED)


def test_an_edited_release_is_not_the_one_that_its_folder_names() -> None:
    told = probe()
    told["deploy"]["release_sha256"] = "f" * 64
    result = results(told)["release"]
    assert (result.holds, result.answer, result.wanted) == (False, "f" * 12, fleetfacts.wanted().short)


def test_another_helper_is_the_first_thing_said_and_what_it_cannot_tell_is_not_held_against_the_board() -> None:
    older = {key: value for key, value in probe().items() if key not in ("users", "texts", "units", "secrets_open")}
    told = results({**older, "helper": "0123456789ab"})
    assert next(iter(told)) == "helper"
    renew = hints.invoke("provision", host="sprout")
    assert told["helper"] == CheckResult("helper", "fail", OWN, "0123456789ab", renew)
    unsaid = told["content of /etc/sudoers.d/sage-host"]
    assert unsaid.answer == "nothing: its helper, another than ours, does not say"
    assert unsaid.remedy == renew
    assert told["docker"].holds


def test_a_release_that_is_none_is_told_by_its_digest_alone() -> None:
    told = probe()
    told["deploy"]["release"] = {"format": 1, "host": "sprout"}
    assert "image" not in results(told)
    assert results(told)["agent"].holds


def test_a_lock_of_the_fleet_is_held_against_the_store(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fleet")
    for path in (ROOT / "fleet").iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "models.lock").unlink()
    spare = ModelRef("sage/spare:q8_0")
    write_lock(folder, {spare: LockedModel(Digest(f"sha256:{'6' * 64}"))})
    fleet = replace(fleetfacts.fleet(), folder=folder)
    for store, holds in (
        ({}, True),
        ({"sage/spare/q8_0.json": "6" * 64}, True),
        ({"sage/spare/q8_0.json": "7"}, False),
    ):
        seen = facts.parse(SPROUT, {**probe(), "models": store}, NOW)
        told = {result.check: result.holds for result in board_checks.examine(target(seen, fleet))}
        assert told[f"manifest of {spare}"] is holds


def test_a_disk_that_is_not_told_is_nothing() -> None:
    told = probe()
    del told["disk"]["docker"]
    assert results(told)["room for docker"].answer == "nothing"
    assert results(told)["room for sage"].answer == "50.0 GB"


def test_the_helper_alone_is_wanted_of_a_board_that_says_nothing() -> None:
    result = checked_board.without_probe(SPROUT).unasked("it has no helper yet")
    renew = hints.invoke("provision", host="sprout")
    assert result == CheckResult("helper", "fail", OWN, "nothing: it has no helper yet", renew)


def test_a_model_in_the_image_is_known_by_its_label() -> None:
    """Under the overlay sim the seedling is in the image, and everybody who has the code has it."""
    fleet = fleetfacts.fleet("sim")
    told = probe()
    release = {**told["deploy"]["release"], "models": {SEEDLING: f"sha256:{'2' * 64}"}}
    seen = facts.parse(SPROUT, {**told, "deploy": {**told["deploy"], "release": release}}, NOW)
    wanted = {case.name: case for case in board_checks.cases(target(seen, fleet))}
    weights = wanted[f"model {SEEDLING}"]
    assert (weights.fact.kind, weights.of) == ("label", "sage.model.digest")
    assert len(str(wanted[f"model {SEEDLING}"].wants)) == 12
    assert wanted["image's model"].judge(str(SEEDLING)).holds
