"""The helper's verbs over the model store: what they leave is the very store that `models` reads."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sage_edge.host import command_table
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import Refusal
from sage_edge.host.helper_context import HelperContext
from sage_edge.host.machine import LocalEngine
from sage_edge.models.store.store import Store
from sage_edge.names import Digest
from tests.deploy import weights


@pytest.fixture
def theirs(tmp_path: Path) -> Store:
    """The store of a board whose root is a folder."""
    return Store(tmp_path / "board/srv/sage/models")


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask the board's helper; what it answers is plain JSON."""
    monkeypatch.delenv("SAGE_MODELS", raising=False)
    board = tmp_path / "board"
    board.mkdir()
    context = HelperContext(Places(board), LocalEngine(str(board / "no-engine")), "x", lambda line: None)
    return lambda verb, **request: json.loads(json.dumps(command_table.answer(context, verb, request)))


def sent(ours: Store, theirs: Store, digest: Digest) -> Path:
    """Do what rsync does: bring a blob to where unfinished files lie."""
    part = theirs.partial / "sync" / digest.replace(":", "-")
    part.write_bytes(ours.blob(digest).read_bytes())
    return part


def commit(ask: Any, manifest: Any, verify: Sequence[str]) -> Any:
    listing = manifest.pretty().decode()
    return ask("models-commit", model=manifest.ref, listing=listing, verify=verify, wait_s=0)


def test_what_is_committed_is_a_model_of_the_store(ask: Any, theirs: Store, tmp_path: Path) -> None:
    ours = Store(tmp_path / "ours")
    manifest = weights.plain(ours)
    digests = sorted({file.digest for file in manifest.files})
    before = ask("models-list", models=[manifest.ref], digests=digests)
    assert (before["root"], before["blobs"], before["listings"]) == (str(theirs.root), {}, {})
    assert before["free_bytes"] > 0
    folder = ask("models-receive", files={file.digest: file.size_bytes for file in manifest.files})["folder"]
    for digest in digests:
        assert sent(ours, theirs, digest).parent == Path(folder)
    assert commit(ask, manifest, digests) == {"kept": True, "wrong": {}, "gone": []}
    assert weights.held(theirs, manifest, tmp_path / "seen")
    assert list((theirs.partial / "sync").iterdir()) == []
    assert {path.stat().st_mode & 0o777 for path in theirs.blobs.iterdir()} == {0o444}
    assert theirs.manifest_path(manifest.ref).stat().st_mode & 0o777 == 0o644
    after = ask("models-list", models=[manifest.ref], digests=[])
    assert after["blobs"] == {file.digest: file.size_bytes for file in manifest.files}
    assert after["listings"] == {manifest.ref: manifest.pretty().decode()}


def test_a_name_never_comes_before_its_bytes(ask: Any, theirs: Store, tmp_path: Path) -> None:
    ours = Store(tmp_path / "ours")
    manifest = weights.plain(ours)
    digests = sorted({file.digest for file in manifest.files})
    ask("models-receive", files={})
    answer = commit(ask, manifest, [])
    assert (answer["kept"], answer["wrong"], sorted(answer["gone"])) == (False, {}, digests)
    for digest in digests:
        sent(ours, theirs, digest)
    wrong = sent(ours, theirs, digests[0])
    wrong.write_bytes(wrong.read_bytes() + b"x")
    actual = f"sha256:{hashlib.sha256(wrong.read_bytes()).hexdigest()}"
    assert commit(ask, manifest, digests) == {"kept": False, "wrong": {digests[0]: actual}, "gone": []}
    assert not wrong.exists()
    assert theirs.refs() == ()
    sent(ours, theirs, digests[0])
    assert commit(ask, manifest, digests[:1])["kept"] is True
    assert weights.held(theirs, manifest, tmp_path / "seen")


def test_a_blob_of_another_size_counts_as_gone_and_a_symlink_as_nothing(ask: Any, theirs: Store) -> None:
    manifest = weights.plain(theirs)
    first, second = manifest.files[0], manifest.files[1]
    blob, other = theirs.blob(first.digest), theirs.blob(second.digest)
    blob.chmod(0o644)
    os.truncate(blob, 10)
    other.rename(other.with_name("elsewhere"))
    other.symlink_to("elsewhere")
    seen = ask("models-list", models=[manifest.ref], digests=[])["blobs"]
    assert (seen[first.digest], second.digest in seen) == (10, False)
    assert set(commit(ask, manifest, [])["gone"]) == {first.digest, second.digest}


def test_what_can_be_no_beginning_is_removed(ask: Any, theirs: Store) -> None:
    parts = theirs.partial / "sync"
    parts.mkdir(parents=True)
    names = [f"sha256-{digit * 64}" for digit in "123"]
    (parts / names[0]).write_bytes(b"12345")
    (parts / names[1]).write_bytes(b"12345")
    (parts / names[2]).symlink_to("/etc/passwd")
    ask("models-receive", files={name.replace("-", ":"): size for name, size in zip(names, (5, 4, 9), strict=True)})
    assert [path.name for path in parts.iterdir()] == names[:1]


def test_whoever_collects_is_waited_for(ask: Any, theirs: Store) -> None:
    manifest = weights.plain(theirs)
    with theirs.collecting(), pytest.raises(Refusal) as refused:
        commit(ask, manifest, [])
    assert (refused.value.kind, refused.value.code) == ("store-busy", 5)
    with theirs.writing():
        assert commit(ask, manifest, [])["kept"] is True


def test_the_login_says_where_the_store_is(ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGE_MODELS", str(tmp_path / "elsewhere"))
    assert ask("models-list", models=[], digests=[])["root"] == str(tmp_path / "elsewhere")
    monkeypatch.setenv("SAGE_MODELS", "relative")
    with pytest.raises(Refusal, match="no absolute path"):
        ask("models-list", models=[], digests=[])


@pytest.mark.parametrize(
    ("verb", "request_"),
    [
        ("models-list", {"models": ["../../etc/passwd"], "digests": []}),
        ("models-list", {"models": ["a/b:c"] * 65, "digests": []}),
        ("models-list", {"models": [], "digests": ["sha256:../../etc"]}),
        ("models-receive", {"files": {"../x": 1}}),
        ("models-receive", {"files": [1]}),
        ("models-commit", {"model": "a/..:c", "listing": "{}", "verify": [], "wait_s": 0}),
        ("models-commit", {"model": "a/b:c", "listing": "{}", "verify": [], "wait_s": 0}),
        ("models-commit", {"model": "a/b:c", "listing": '{"files": []}', "verify": ["x"], "wait_s": 0}),
        ("models-commit", {"model": "a/b:c", "listing": "x" * (8 << 20) + "x", "verify": [], "wait_s": 0}),
        ("models-commit", {"model": "a/b:c", "listing": '{"files": []}', "verify": [], "wait_s": "long"}),
        ("models-prepare", {"model": "--all"}),
    ],
)
def test_what_is_no_request_changes_nothing(ask: Any, tmp_path: Path, verb: str, request_: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        ask(verb, **request_)
    assert refused.value.code == 2
    assert list((tmp_path / "board").iterdir()) == []


def test_a_listing_that_cannot_be_read_is_a_refusal(ask: Any, theirs: Store) -> None:
    path = theirs.manifest_path(weights.REF)
    path.parent.mkdir(parents=True)
    for content in (b"\xff", b"x" * ((8 << 20) + 1)):
        path.write_bytes(content)
        with pytest.raises(Refusal) as refused:
            ask("models-list", models=[weights.REF], digests=[])
        assert refused.value.kind == "bad-listing"


def test_a_full_disk_says_what_to_do(ask: Any, theirs: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    manifest = weights.plain(theirs)
    monkeypatch.setattr("sage_edge.host.durable._write", full)
    with pytest.raises(Refusal) as refused:
        commit(ask, manifest, [])
    assert refused.value.kind == "store-failed"


def test_a_model_is_prepared_by_the_board_itself(ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "bin/sage-edge"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\necho "$@" in $SAGE_FLEET; echo progress; echo "no torch here" >&2; exit 3\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent))
    monkeypatch.setenv("SAGE_FLEET", "a fleet")
    monkeypatch.setattr("sage_edge.host.client_alive.require_client", lambda: None)
    assert ask("models-list", models=[], digests=[])["prepares"] is True
    assert ask("models-prepare", model=weights.REF) == {"code": 3, "last": "no torch here"}
