"""What commit ec9f9a4 wrote is read as before: transcripts, journals, a model store, a release, an exchange, a card."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from sage_edge import curriculum, files
from sage_edge.clock import SystemClock
from sage_edge.deploy import release_differences
from sage_edge.exchange.post import Post, Sender
from sage_edge.host import release_store
from sage_edge.host.board_paths import Places
from sage_edge.inventory import host_card
from sage_edge.inventory.load import load
from sage_edge.models.lock import read_lock
from sage_edge.models.resolve import Library
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, HostName, ModelRef, SessionId
from sage_edge.records.base import Record, parse
from sage_edge.records.release import Release
from sage_edge.records.study import Check, Decision, Finding, Recommendation
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.records.worklog import Status
from sage_edge.sessions import archive
from sage_edge.sessions.journal import Journal

CASES = Path(__file__).parents[1] / "cases" / "compat"
EXPECTED: dict[str, Any] = json.loads((CASES / "expected.json").read_text("utf-8"))
REF = ModelRef(EXPECTED["model"]["ref"])
KINDS: dict[str, type[Record]] = {
    "sessions": Transcript,
    "decisions": Decision,
    "findings": Finding,
    "checks": Check,
    "recommendations": Recommendation,
    "status.json": Status,
}


@pytest.mark.parametrize("session", sorted(EXPECTED["transcripts"]))
def test_a_transcript_has_its_seal_and_its_bytes(session: str) -> None:
    path, expected = CASES / "transcripts" / f"{session}.json", EXPECTED["transcripts"][session]
    transcript = archive.read(path)
    assert (transcript.seal, transcript.head.fingerprint()) == (expected["seal"], expected["head"])
    assert len(transcript.turns) == expected["turns"]
    assert chain_faults(transcript) == ()
    assert transcript.pretty() == path.read_bytes()


@pytest.mark.parametrize("session", sorted(EXPECTED["transcripts"]))
def test_a_journal_gives_the_same_transcript(session: str, tmp_path: Path) -> None:
    shutil.copy(CASES / "journals" / f"{session}.jsonl", tmp_path)
    transcript = Journal(tmp_path, SessionId(session)).read().transcript()
    assert transcript.pretty() == (CASES / "transcripts" / f"{session}.json").read_bytes()


def test_a_journal_cut_off_in_the_middle_goes_on_where_it_was(tmp_path: Path) -> None:
    lines = (CASES / "journals" / "P001.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "P001.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:20])
    log = Journal(tmp_path, SessionId("P001")).read()
    assert (log.closing, len(log.turns)) == (None, 3)


def test_a_model_is_resolved_with_the_same_digests(tmp_path: Path) -> None:
    shutil.copytree(CASES / "models", tmp_path / "models")
    fleet, store = tmp_path / "models" / "fleet", tmp_path / "models" / "store"
    assert read_lock(fleet)[REF].manifest == EXPECTED["model"]["manifest"]
    model = Library(fleet, store).resolve(REF, deep=True)
    assert {key: getattr(model, key) for key in ("digest", "size_bytes", "context_tokens", "chat_template")} == {
        key: EXPECTED["model"][key] for key in ("digest", "size_bytes", "context_tokens", "chat_template")
    }
    assert Store(store).has(Digest(EXPECTED["model"]["digest"]), EXPECTED["model"]["size_bytes"])


@pytest.fixture
def board(tmp_path: Path) -> Places:
    with tarfile.open(CASES / "board.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    return Places(tmp_path)


def test_a_release_has_its_id_for_the_helper_and_for_the_workstation(board: Places) -> None:
    current = release_store.current(board)
    assert current is not None
    assert f"sha256:{release_store.read(board, current).id}" == EXPECTED["release"]["id"]
    content = (board.releases / current / "release.json").read_bytes()
    release = parse(Release, content)
    assert (release.id, release.canonical()) == (EXPECTED["release"]["id"], content)
    assert release_store.all_of(board) == [current]


def test_the_declarations_of_a_release_are_read_and_have_their_digest(board: Places) -> None:
    folder = board.current / "fleet"
    texts = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.*")}
    listed = "".join(f"{name}\0{text}\0" for name, text in sorted(texts.items()))
    assert files.digest(listed.encode()) == EXPECTED["release"]["fleet"]  # what older releases digest
    assert release_differences.meaning_of_texts(
        release_store.texts(board, board.current.readlink().name), "cpu", "sprout"
    )
    fleet = load(folder, "cpu")  # it says nothing of kinds of sessions: they are those of its time
    assert fleet.kinds.letters == {"primary": "P", "training": "T"}
    sprout = fleet.host("sprout")
    assert sprout.engine is not None
    assert (sprout.engine.kind, sprout.model) == ("llamacpp", "sage/seedling:q8_0")
    assert curriculum.load(folder).digest == archive.read(CASES / "transcripts" / "P001.json").head.lesson.curriculum


def test_a_host_card_is_read() -> None:
    card = host_card.read(CASES / "host.yaml")
    assert card is not None
    assert (card.host, card.overlay, card.fleet) == ("sprout", "demo", None)


def test_an_exchange_is_received_verified_and_read(tmp_path: Path) -> None:
    hub = tmp_path / "hub.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(CASES / "exchange.bundle"), str(hub)], check=True)
    folders = {
        "sprout": frozenset({"sessions", "decisions"}),
        "thor": frozenset({"findings", "checks", "recommendations", "directives"}),
        "desk": frozenset({"directives"}),
    }
    sender = Sender(HostName("desk"), folders)
    post = Post(tmp_path / "papers", tmp_path / "clone.git", tmp_path / "locks", str(hub), sender, SystemClock())
    received = post.receive()
    assert (set(received.updated), received.quarantined) == ({"sprout", "thor"}, ())
    for host, branch in EXPECTED["branches"].items():
        papers = dict(post.read(HostName(host), ""))
        assert {name: files.digest(content) for name, content in papers.items()} == branch["papers"]
        for name, content in papers.items():
            if kind := KINDS.get(name.partition("/")[0]):
                assert parse(kind, content).pretty() == content


def test_a_host_that_lost_its_disk_takes_its_papers_back_and_goes_on(tmp_path: Path) -> None:
    hub = tmp_path / "hub.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(CASES / "exchange.bundle"), str(hub)], check=True)
    sender = Sender(HostName("sprout"), {"sprout": frozenset({"sessions", "decisions"})})
    post = Post(tmp_path / "papers", tmp_path / "clone.git", tmp_path / "locks", str(hub), sender, SystemClock())
    post.receive()
    names = post.names(HostName("sprout"), "")
    assert set(names) == set(EXPECTED["branches"]["sprout"]["papers"])
    assert (post.unpublished(), post.publish("nothing new").commit) == (0, None)
