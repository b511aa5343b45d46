"""What must be true of a host: every expectation holds on a sound one, can fail, and says what to do then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.verify import board_checks
from sage_edge.verify.board import state
from sage_edge.verify.wants import FactValue, Young
from tests.deploy import fleetfacts
from tests.verify.hosts import BAKED, FOUND, OTHER, RELEASE, STORED, case, on_a_stand_in, target, that_serves

ROOT = Path(__file__).parents[2]
DEPLOY, PROVISION = "invoke deploy --host sprout", "invoke provision --host sprout"
ROOM = "on the board: docker image prune; df -h /srv/sage/state"
LOGS, BUILD = "see: invoke logs --host sprout", f"invoke image.build --host sprout, then {DEPLOY}"

TOLD_ONLY = "containers that are not ours"
BAD: list[tuple[str, FactValue, str, str, str]] = [
    ("helper", "ba9876543210", "0123456789ab", "ba9876543210", PROVISION),
    (
        "board is orin-nano",
        frozenset({"it is a toaster"}),
        "no contradiction",
        "it is a toaster",
        "is the address right? ssh -F fleet/ssh_config sprout hostname; if so, mend fleet/boards",
    ),
    ("group sage-agent", None, "10001", "nothing", PROVISION),
    ("user sage-agent", "10001:100", "10001:10001", "10001:100", PROVISION),
    ("groups of sage-agent", frozenset({"render"}), "video", "render", PROVISION),
    ("rights of /srv/sage/state", "0777 10001:10001", "0750 10001:10001", "0777 10001:10001", PROVISION),
    ("rights of /etc/sage/host.yaml", "0644 1000:0", "0644 0:0", "0644 1000:0", PROVISION),
    ("host card", "host: thor", "host: sprout", "host: thor", PROVISION),
    ("rights of /etc/sudoers.d/sage-host", None, "0440 0:0", "nothing", PROVISION),
    ("content of /etc/sudoers.d/sage-host", str(OTHER), "as provisioned", "444444444444", PROVISION),
    ("rights of /srv/sage/keys/exchange", "0444 10001:10001", "0400 10001:10001", "0444 10001:10001", PROVISION),
    ("content of sage-release.service", None, "as provisioned", "nothing", PROVISION),
    ("content of sage-watch.service", str(OTHER), "as provisioned", "444444444444", PROVISION),
    ("sage-release.service at boot", "disabled", "enabled", "disabled", PROVISION),
    ("rights below /srv/sage/state", frozenset({"papers"}), "all its owner's", "papers", PROVISION),
    ("secrets open to anybody", frozenset({"srv/x"}), "none", "srv/x", "on the board: sudo chmod o-r FILE"),
    (
        "docker",
        None,
        "20.10 or newer",
        "nothing",
        f"on the board: sudo systemctl start docker; not installed: {PROVISION}",
    ),
    (
        "docker compose",
        None,
        "there",
        "nothing",
        f"{PROVISION}; where that has no package for it, install docker compose by hand",
    ),
    (
        "runtime",
        frozenset({"runc"}),
        "nvidia",
        "runc",
        "on the board: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker",
    ),
    ("in service", frozenset({"2026-11-20 by ada"}), "not retired", "2026-11-20 by ada", DEPLOY),
    (
        "release",
        str(OTHER),
        RELEASE.id.short,
        "444444444444",
        f"{DEPLOY}; or take another one that is whole: invoke rollback --host sprout --list",
    ),
    ("files of the release", frozenset({"compose.yaml"}), "all as they were staged", "compose.yaml", DEPLOY),
    (
        "deploy lock",
        frozenset({"lock.json cannot be read"}),
        "free, or held by somebody",
        "lock.json cannot be read",
        "once nobody deploys: invoke lock.release --host sprout --yes",
    ),
    ("newest deployment", "gated", "committed or reverted", "gated", f"see: invoke audit --host sprout; then {DEPLOY}"),
    (
        "release by the journal",
        "0123456789ab",
        RELEASE.id.short,
        "0123456789ab",
        f"{DEPLOY}; or take another one that is whole: invoke rollback --host sprout --list",
    ),
    ("agent", "exited", "running", "exited", DEPLOY),
    ("health of the agent", "unhealthy", "healthy", "unhealthy", f"{LOGS}; then {DEPLOY}"),
    ("agent's user", "", "10001:10001", "", DEPLOY),
    ("agent's release", None, RELEASE.id.short, "nothing", DEPLOY),
    (
        "agent as it was started",
        frozenset({"Privileged: nothing became yes"}),
        "as compose made it",
        "Privileged: nothing became yes",
        DEPLOY,
    ),
    ("image", str(OTHER), "111111111111", "444444444444", DEPLOY),
    ("image's role", "researcher", "practitioner", "researcher", BUILD),
    ("image's platform", "cpu", "l4t", "cpu", BUILD),
    ("image's board", "agx-thor", "orin-nano", "agx-thor", BUILD),
    ("image's model", None, str(BAKED), "nothing", BUILD),
    (f"model {BAKED}", str(OTHER), "333333333333", "444444444444", BUILD),
    (f"model {STORED}", None, "444444444444", "nothing", DEPLOY),
    (
        "bytes of the models",
        frozenset({"sage/spare/q8_0.json: model.gguf"}),
        "all that is listed",
        "sage/spare/q8_0.json: model.gguf",
        "invoke sync --host sprout --model REF, or on the board: sage-edge model verify --deep",
    ),
    (
        "manifest of sage/spare:q8_0",
        str(RELEASE.image),
        "444444444444 or nothing",
        "111111111111",
        "invoke sync --host sprout --model sage/spare:q8_0",
    ),
    ("heartbeat", 601.0, "at most 600.0 s", "601.0 s", LOGS),
    ("heartbeat's writer", "another", "the agent that runs", "another", LOGS),
    ("last wake", frozenset({"the disk is full"}), "no failure", "the disk is full", LOGS),
    (
        "quarantine",
        frozenset({"thor: merge at 0a1b2c3d4e5f"}),
        "every branch is read",
        "thor: merge at 0a1b2c3d4e5f",
        state.QUARANTINE,
    ),
    ("clock", -3600.0, "at most 30.0 s", "-3600.0 s", "on the board: sudo timedatectl set-ntp true"),
    ("clock is kept", "no", "yes", "no", "on the board: sudo timedatectl set-ntp true"),
    (
        "clock as the agent sees it",
        frozenset({"it says 1970-01-01 00:10Z"}),
        "no doubt",
        "it says 1970-01-01 00:10Z",
        state.TRUST_TIME,
    ),
    ("room for sage", 10**8, "at least 500 MB", "100 MB", ROOM),
    ("room for state", 0, "at least 500 MB", "0 B", ROOM),
    ("room for docker", 10**9, "at least 2.00 GB", "1.00 GB", ROOM),
    ("free memory", 10**8, "at least 250 MB", "100 MB", "stop what else runs on the board"),
    (
        "exchange",
        "Host key verification failed.",
        "answers",
        "Host key verification failed.",
        "does the exchange know its key? see /srv/sage/keys/exchange.pub there, and: invoke logs --host sprout",
    ),
]


def test_a_sound_host_is_what_it_must_be() -> None:
    everything = board_checks.cases(target())
    assert [case.name for case in everything] == list(FOUND), "FOUND of tests/verify/hosts.py lists them in this order"
    for each in everything:
        result = each.judge(FOUND[each.name])
        assert (result.verdict, result.remedy) == ("ok", ""), result


@pytest.mark.parametrize(("check", "value", "wanted", "answer", "remedy"), BAD, ids=[row[0] for row in BAD])
def test_it_can_fail_and_says_what_to_do(check: str, value: FactValue, wanted: str, answer: str, remedy: str) -> None:
    result = case(check).judge(value)
    assert (result.check, result.verdict, result.wanted, result.answer) == (check, "fail", wanted, answer)
    assert hints.text(result.remedy) == remedy


def test_a_foreign_container_is_told_and_does_not_fail_the_host() -> None:
    result = case(TOLD_ONLY).judge(frozenset({"spy: privileged"}))
    assert (result.verdict, result.holds, result.answer) == ("warn", True, "spy: privileged")
    assert hints.text(result.remedy) == "is it yours? if not, on the board: docker rm --force NAME"


def test_every_check_was_made_to_fail() -> None:
    assert sorted([TOLD_ONLY, *(row[0] for row in BAD)]) == sorted(FOUND)


def test_every_fact_is_wanted_somewhere_and_asked_by_testinfra_too() -> None:
    kinds = {check.fact.kind for check in board_checks.CHECKS}
    without = board_checks.cases(target(current=None, release=None))
    serving = board_checks.cases(that_serves())
    assert kinds == {case.fact.kind for case in (*board_checks.cases(target()), *without, *serving)}
    assert {case.fact.kind for case in board_checks.cases(target()) if not case.fact.answer} == {"exchange"}
    modules = "".join(path.read_text("utf-8") for path in sorted((ROOT / "tests/fleet").glob("test_*.py")))
    by_testinfra = [name.replace("_", "-") for name in re.findall(r"^def test_(\w+)\(", modules, re.MULTILINE)]
    assert sorted(by_testinfra) == sorted(kinds)


def test_two_checks_of_one_kind_share_its_fact() -> None:
    facts = {check.fact.kind: check.fact for check in board_checks.CHECKS}
    assert all(check.fact is facts[check.fact.kind] for check in board_checks.CHECKS)


def test_on_a_stand_in_nothing_is_asked_that_it_cannot_have() -> None:
    there = {case.name: case for case in board_checks.cases(on_a_stand_in())}
    assert FOUND.keys() - there.keys() == {"clock is kept", "image's board", "board is orin-nano"}
    assert there["runtime"].judge(frozenset({"runc"})).holds
    assert there["image's platform"].judge("cpu").holds
    overlaid = hints.Surroundings(overlay="sim")
    assert hints.text(there["agent"].remedy, overlaid) == "invoke deploy --host sprout --fleet sim"


def test_a_board_that_was_only_provisioned_is_sound() -> None:
    there = {case.name: case for case in board_checks.cases(target(current=None, release=None))}
    assert there["release"].fact.kind == "adrift"
    assert there["release"].judge(frozenset()).holds
    assert not there.keys() & {"agent", "image", "heartbeat", "exchange", "newest deployment"}


@pytest.mark.parametrize(
    ("state", "previous", "said"),
    [
        ("committed", None, "`current` names nothing, aaaaaaaaaaaa should serve"),
        ("switched", None, "aaaaaaaaaaaa is switched"),
        ("reverting", "b" * 12, "aaaaaaaaaaaa is reverting"),
        ("reverted", "b" * 12, "`current` names nothing, bbbbbbbbbbbb should serve"),
        ("revert-failed", None, "the deployment of aaaaaaaaaaaa could not be taken back"),
        ("reverted", None, ""),
        (None, None, ""),
    ],
)
def test_a_release_that_the_journal_knows_and_nobody_finds_is_missed(
    state: str | None, previous: str | None, said: str
) -> None:
    journal = {"state": state, "release": "a" * 12, "previous": previous} if state else None
    at = target(current=None, release=None, probe=fleetfacts.probed(deploy__journal=journal))
    check = case("release", at)
    assert check.fact.answer is not None
    result = check.judge(check.fact.answer(at, ""))
    assert result.holds == (said == "")
    assert said in result.answer
    assert result.remedy == (hints.invoke("deploy", host="sprout") if said else "")


def test_a_release_that_cannot_be_read_is_said_and_the_rest_still_asked() -> None:
    there = {case.name for case in board_checks.cases(target(release=None))}
    assert {"release", "agent", "health of the agent", "heartbeat"} <= there
    assert "image" not in there


def test_a_model_that_is_not_here_cannot_be_compared_but_must_be_named() -> None:
    unknown = case(f"model {BAKED}", target(weights={}))
    assert unknown.judge(str(OTHER)).holds
    assert not unknown.judge(None).holds
    assert str(unknown.wants) == "a digest; no copy here to compare it with"


def test_what_nobody_asked_does_not_hold() -> None:
    result = case("docker").unasked("no way")
    assert (result.holds, result.answer) == (False, "nothing: no way")
    assert case("docker").unasked("no way", "go home").remedy == "go home"


@pytest.mark.parametrize(
    ("age_s", "holds"), [(601.0, False), (600.0, True), (-1.0, True), (-3.0, False), (-1e9, False)]
)
def test_a_heartbeat_of_the_future_is_no_young_one(age_s: float, holds: bool) -> None:
    want = Young(state.HEARTBEAT_S)
    assert want.holds(age_s) is holds
    assert want.words(-60.0) == "of the future, by 60.0 s"


def test_a_heartbeat_may_be_as_old_as_the_container_s_own_check_allows() -> None:
    healthy = (ROOT / "images/shared/healthy.py").read_text("utf-8")
    assert f"OLDEST_S = {state.HEARTBEAT_S}\n" in healthy


@pytest.mark.parametrize("state", ["armed", "gated", "reverting"])
def test_while_a_deployment_is_open_no_other_way_out_is_named_than_to_settle_it(state: str) -> None:
    journal = {"state": state, "release": "a" * 12, "previous": RELEASE.id.short}
    at = target(probe=fleetfacts.probed(deploy__journal=journal))
    there = {case.name: case for case in board_checks.cases(at)}
    assert "release by the journal" not in there
    assert there["newest deployment"].judge(state).remedy[-1] == hints.invoke("deploy", host="sprout")  # type: ignore[index]
