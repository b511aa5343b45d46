"""What the helper tells of a board, read from a folder that looks like one; nothing in it is written."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from sage_edge.host import clock, probe, rights
from sage_edge.host.board_paths import Places
from sage_edge.host.machine import LocalEngine
from sage_edge.models.manifest import ListedFile, Manifest
from sage_edge.names import Digest, ModelRef


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("etc/sage", "etc/ssh", "srv/sage/keys", "srv/sage/state", "srv/sage/deploy", "root/.ssh", "proc"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def told(root: Path) -> dict[str, Any]:
    """Everything that a probe tells; it is plain JSON."""
    answer = probe.facts(Places(root), LocalEngine(str(root / "no-engine")), "0123456789ab")
    return dict(json.loads(json.dumps(answer)))


def put(root: Path, path: str, text: str, mode: int = 0o644) -> Path:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")
    place.chmod(mode)
    return place


def test_an_empty_board_is_told_as_one(root: Path) -> None:
    found = told(root)
    assert (found["docker"], found["card"], found["heartbeat_age_s"]) == (None, None, None)
    assert found["deploy"]["release_sha256"] is None
    assert found["units"] == dict.fromkeys(probe.UNITS, False)
    assert set(found["texts"].values()) == {None}
    assert (found["models"], found["secrets_open"]) == ({}, [])


def test_what_provisioning_writes_is_known_by_its_digest(root: Path) -> None:
    put(root, "etc/sage/host.yaml", "host: sprout\n", 0o640)
    found = told(root)
    assert found["texts"]["etc/sage/host.yaml"] == hashlib.sha256(b"host: sprout\n").hexdigest()
    assert found["files"]["etc/sage/host.yaml"]["mode"] == "0640"
    assert found["files"]["etc/sage/host.yaml"]["uid"] == os.getuid()


def test_what_the_agent_cannot_use_of_its_state_is_named_the_first_few_of_it(root: Path) -> None:
    state = root / "srv/sage/state"
    assert told(root)["foreign_state"] == []
    put(root, "srv/sage/state/exchange.git/objects/ab/cd", "final", 0o444)
    put(root, "srv/sage/state/papers/status.json", "{}", 0o444)
    (state / "link").symlink_to("nowhere")
    assert told(root)["foreign_state"] == ["papers/status.json"]
    for number in range(9):
        put(root, f"srv/sage/state/journals/{number}.jsonl", "", 0o200)
    named = [f"journals/{number}.jsonl" for number in range(5)]
    assert told(root)["foreign_state"] == [*named, "and 5 more"]
    shutil.rmtree(state)
    assert told(root)["foreign_state"] is None


def test_a_look_at_the_state_ends_and_sees_first_what_is_near_the_top(root: Path) -> None:
    for number in range(30):
        put(root, f"srv/sage/state/cache/{number}", "", 0o000)
    put(root, "srv/sage/state/papers/one", "", 0o000)
    state = root / "srv/sage/state"
    seen = list(rights.foreign_below(state, os.getuid(), 10))
    assert len(seen) == 8
    assert len(list(rights.foreign_below(state, os.getuid()))) == 31


def test_a_unit_is_enabled_when_a_target_wants_it(root: Path) -> None:
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True)
    (wants / "sage-release.service").symlink_to("../sage-release.service")
    assert told(root)["units"] == dict.fromkeys(probe.UNITS, False), "its unit is gone"
    put(root, "etc/systemd/system/sage-release.service", "[Unit]\n")
    assert told(root)["units"] == {**dict.fromkeys(probe.UNITS, False), "sage-release.service": True}


def test_secrets_that_anybody_may_read_are_named_and_public_halves_are_none(root: Path) -> None:
    put(root, "srv/sage/keys/exchange", "x", 0o400)
    put(root, "srv/sage/keys/exchange.pub", "x")
    put(root, "etc/ssh/ssh_host_ed25519_key", "x", 0o640)
    put(root, "etc/ssh/ssh_host_ed25519_key.pub", "x")
    assert told(root)["secrets_open"] == []
    (root / "srv/sage/keys/exchange").chmod(0o404)
    put(root, "root/.ssh/id_rsa", "x")
    put(root, "home/sage/.ssh/id_ed25519", "x")
    put(root, "home/sage/.docker/config.json", "{}")
    put(root, "srv/sage/releases/0123456789ab/.env", "x")
    assert told(root)["secrets_open"] == [
        "home/sage/.docker/config.json",
        "home/sage/.ssh/id_ed25519",
        "root/.ssh/id_rsa",
        "srv/sage/keys/exchange",
        "srv/sage/releases/0123456789ab/.env",
    ]


def test_a_listing_is_known_by_the_digest_that_a_lock_names(root: Path) -> None:
    manifest = Manifest(
        ref=ModelRef("sage/x:q8_0"),
        container="gguf",
        source="häub",
        created="2026-11-20T06:00:00+00:00",
        architecture="qwen2",
        minimum_memory_bytes=1,
        files=tuple(
            ListedFile(path=name, size_bytes=1, digest=Digest(f"sha256:{'5' * 64}"), role="weights") for name in "ba"
        ),
    )
    place = "srv/sage/models/manifests/sage/x/q8_0.json"
    put(root, place, manifest.pretty().decode())
    assert told(root)["models"] == {"sage/x/q8_0.json": manifest.digest().removeprefix("sha256:")}
    for text in ("{", "[]", '{"created": 1}', '{"created": 1, "files": [1]}'):
        put(root, place, text)
        assert told(root)["models"] == {"sage/x/q8_0.json": hashlib.sha256(text.encode()).hexdigest()}


def test_a_heartbeat_has_an_age(root: Path) -> None:
    beat = put(root, "srv/sage/state/heartbeat.json", "{}")
    os.utime(beat, (1_000_000_000, 1_000_000_000))
    assert told(root)["heartbeat_age_s"] > 500_000_000


@pytest.mark.parametrize(
    ("content", "quarantined"),
    [
        (None, []),
        ('{"quarantined": []}', []),
        (
            '{"quarantined": [{"host": "thor", "rule": "merge", "commit": "0a1b2c3d4e5f6a", "x": 1}]}',
            ["thor: merge at 0a1b2c3d4e5f"],
        ),
        ('{"quarantined": [3]}', None),
        ("{", None),
    ],
)
def test_the_status_page_says_whose_branch_is_not_read(
    root: Path, content: str | None, quarantined: list[str] | None
) -> None:
    page = root / "srv/sage/state/papers/status.json"
    page.parent.mkdir(parents=True, exist_ok=True)
    if content is not None:
        page.write_text(content)
    assert told(root)["quarantined"] == quarantined


@pytest.mark.parametrize(
    ("content", "failing"),
    [('{"failing": null}', []), ('{"failing": "no"}', ["no"]), ("{}", None), ("[1]", None), ("Sat", None), ("", None)],
)
def test_a_heartbeat_says_why_the_last_wake_failed(root: Path, content: str, failing: list[str] | None) -> None:
    put(root, "srv/sage/state/heartbeat.json", content)
    assert told(root)["failing"] == failing


def test_the_current_release_is_told_by_its_bytes(root: Path) -> None:
    put(root, "srv/sage/releases/0123456789ab/release.json", '{"image": "x"}')
    (root / "srv/sage/current").symlink_to("releases/0123456789ab")
    found = told(root)["deploy"]
    assert (found["current"], found["release"]) == ("0123456789ab", {"image": "x"})
    assert found["release_sha256"] == hashlib.sha256(b'{"image": "x"}').hexdigest()


@pytest.mark.parametrize(
    "stamps",
    [(), ("run/systemd/timesync/synchronized",), ("run/chrony/chronyd.sock",)],
)
@pytest.mark.parametrize("agrees", [True, False])
def test_a_clock_is_kept_if_the_kernel_says_so(
    root: Path, monkeypatch: pytest.MonkeyPatch, stamps: tuple[str, ...], agrees: bool
) -> None:
    """A file that was left when it last was is no word on now."""
    monkeypatch.setattr(clock, "is_kept", lambda: agrees)
    for stamp in stamps:
        put(root, stamp, "")
    assert told(root)["clock"] == {"synchronized": agrees, "kept_by": list(stamps)}


def test_the_kernel_s_word_on_its_clock_is_a_word() -> None:
    assert clock.is_kept() in (True, False)


def test_a_heartbeat_is_as_old_as_the_machine_was_awake_since(root: Path) -> None:
    """Its file's mtime is of a clock that was set; a beat of another boot has nothing better."""
    put(root, "proc/sys/kernel/random/boot_id", "this\n")
    for boot, awake_s, least, most in (
        ("this", clock.awake_s() - 30, 29, 90),
        ("this", clock.awake_s() + 3600, -3600, -3500),
        ("another", clock.awake_s() - 30, -(10**9), -(10**8)),
        (7, None, -(10**9), -(10**8)),
    ):
        content = json.dumps({"boot": boot, "awake_s": awake_s})
        beat = put(root, "srv/sage/state/heartbeat.json", content)
        os.utime(beat, (4 * 10**9, 4 * 10**9)) if boot == "this" else os.utime(beat, (2_500_000_000, 2_500_000_000))
        assert least <= told(root)["heartbeat_age_s"] <= most, (boot, awake_s)


def test_a_file_that_a_listing_names_and_the_store_lacks_is_told(tmp_path: Path) -> None:
    store = tmp_path / "srv/sage/models"
    listing = store / "manifests/sage/seedling/q8_0.json"
    listing.parent.mkdir(parents=True)
    files = [
        {"path": name, "size_bytes": 4, "digest": f"sha256:{digit * 64}"} for name, digit in (("a", "1"), ("b", "2"))
    ]
    listing.write_text(json.dumps({"files": files}), "utf-8")
    (store / "blobs").mkdir()
    (store / "blobs" / f"sha256-{'1' * 64}").write_bytes(b"1234")
    assert probe._bytes_missing(Places(tmp_path)) == ["sage/seedling/q8_0.json: b"]
    (store / "blobs" / f"sha256-{'2' * 64}").write_bytes(b"123")
    assert probe._bytes_missing(Places(tmp_path)) == ["sage/seedling/q8_0.json: b"]
    (store / "blobs" / f"sha256-{'2' * 64}").write_bytes(b"1234")
    assert probe._bytes_missing(Places(tmp_path)) == []


def test_a_folder_on_a_disk_of_its_own_has_the_rights_of_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir(mode=0o700)
    (tmp_path / "models").symlink_to("disk")
    found = probe._mode(tmp_path / "models") or pytest.fail("nothing")
    assert found["mode"] == "0700"


@pytest.mark.parametrize(
    ("content", "doubt"),
    [('{"clock_doubt": null}', []), ('{"clock_doubt": "1970"}', ["1970"]), ("{}", None), ("[1]", None)],
)
def test_a_heartbeat_says_whether_its_agent_believes_the_clock(
    root: Path, content: str, doubt: list[str] | None
) -> None:
    (root / "srv/sage/state/heartbeat.json").write_text(content, "utf-8")
    assert told(root)["clock_doubt"] == doubt
