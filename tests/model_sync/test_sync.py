"""A model arrives whole and by its name, or there is no name; what has arrived is not sent again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sage_edge.errors import ExitCode, NoDiskSpace, Unreachable
from sage_edge.hints import invoke, sage
from sage_edge.model_sync import board_store
from sage_edge.model_sync.errors import NoRsync, NotThere, UnreadableStore
from sage_edge.model_sync.sync import Carried, SyncOrder, bring, sync
from sage_edge.models.errors import DigestMismatch, ModelIncomplete, ModelNotFound
from sage_edge.models.lock import LockedModel, write_lock
from sage_edge.models.store import disk_space
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, HostName, ModelRef
from sage_edge.remote.board import helper_zipapp
from sage_edge.remote.errors import BoardLocked, NotReady
from tests.deploy import weights
from tests.deploy.boards import Board, needs_ssh
from tests.deploy.weights import ADAPTER, BASE, REF

pytestmark = pytest.mark.slow  # two sshds, rsync and real bytes: a second or two each

pytestmark = needs_ssh
SPROUT, THOR = HostName("sprout"), HostName("thor")
MIB = 1 << 20


def carry(
    fleet: Path,
    store: Store,
    host: HostName = THOR,
    *,
    ref: ModelRef = REF,
    source: HostName | None = None,
    limit: int | None = None,
    merge_there: bool = True,
) -> Carried:
    return sync(SyncOrder(ref, host, source, limit, merge_there), fleet, store, lambda *_: None)


def left(store: Store) -> list[str]:
    """Unfinished files of a store."""
    return sorted(path.name for path in store.partial.glob("sync/*"))


def test_a_model_arrives_where_only_a_few_tools_are(fleet: Path, store: Store, thor: Board, tmp_path: Path) -> None:
    manifest = weights.plain(store)
    done = carry(fleet, store)
    assert (done.how, done.files, done.why, done.manifest) == ("sent the files", 4, "", manifest.digest())
    assert manifest.size_bytes - 1_500_000 < done.crossed_bytes < manifest.size_bytes - 1_500_000 + 20_000
    assert weights.held(thor.store, manifest, tmp_path / "seen")
    assert left(thor.store) == []
    assert {path.stat().st_mode & 0o777 for path in thor.store.blobs.iterdir()} == {0o444}


def test_a_model_that_is_there_costs_one_question(fleet: Path, store: Store, thor: Board) -> None:
    weights.plain(store)
    carry(fleet, store)
    before = {path: path.stat().st_mtime_ns for path in thor.store.root.rglob("*")}
    again = carry(fleet, store)
    assert (again.how, again.files, again.crossed_bytes) == ("was there", 0, 0)
    assert {path: path.stat().st_mtime_ns for path in thor.store.root.rglob("*")} == before


def test_only_what_is_new_is_sent(fleet: Path, store: Store, thor: Board, tmp_path: Path) -> None:
    weights.plain(store)
    carry(fleet, store)
    first = store.manifest(REF)
    assert first is not None
    config = [("config.json", "config", b'{"a": 1}')]
    data = [(file.path, file.role, store.blob(file.digest).read_bytes()) for file in first.of_role("weights")]
    second = weights.model(store, REF, [*data, *config])  # type: ignore[list-item]
    done = carry(fleet, store)
    assert (done.how, done.files) == ("sent the files", 1)
    assert done.crossed_bytes < 10_000
    assert weights.held(thor.store, second, tmp_path / "seen")


def test_from_board_to_board_through_here(
    fleet: Path, store: Store, sprout: Board, thor: Board, tmp_path: Path
) -> None:
    manifest = weights.plain(sprout.store)
    done = carry(fleet, store, source=SPROUT)
    assert done.how == "sent the files"
    for number, one in enumerate((store, thor.store)):
        assert weights.held(one, manifest, tmp_path / str(number))
        assert left(one) == []
    assert carry(fleet, store, source=SPROUT).crossed_bytes == 0


def test_from_a_board_to_here_alone(fleet: Path, store: Store, sprout: Board, thor: Board, tmp_path: Path) -> None:
    manifest = weights.plain(sprout.store)
    assert bring(REF, SPROUT, fleet, store, lambda *_: None) > 3_000_000
    assert weights.held(store, manifest, tmp_path / "seen")
    assert not thor.store.root.exists()


def test_a_damaged_file_is_never_taken(fleet: Path, store: Store, sprout: Board, thor: Board) -> None:
    manifest = weights.plain(sprout.store)
    _damage(sprout.store, manifest.files[0].digest)
    with pytest.raises(DigestMismatch) as caught:
        carry(fleet, store, source=SPROUT)
    assert (caught.value.code, caught.value.expected) == (8, manifest.files[0].digest)
    assert caught.value.what == f"a/model-1.safetensors of {REF} on sprout"
    assert caught.value.hint == ("on sprout: ", sage("model prepare", REF))
    assert store.manifest(REF) is None
    assert left(store) == []
    assert thor.store.refs() == ()


def test_a_damaged_file_is_never_given(fleet: Path, store: Store, thor: Board) -> None:
    manifest = weights.plain(store)
    _damage(store, manifest.files[0].digest)
    with pytest.raises(DigestMismatch) as caught:
        carry(fleet, store)
    assert caught.value.what == f"a/model-1.safetensors of {REF} on this machine"
    assert caught.value.hint == sage("model prepare", REF)
    assert thor.store.refs() == ()
    assert not thor.store.blob(manifest.files[0].digest).exists()


def _damage(store: Store, digest: Digest) -> None:
    blob = store.blob(digest)
    blob.chmod(0o644)
    with blob.open("r+b") as stream:
        stream.seek(1000)
        byte = stream.read(1)
        stream.seek(1000)
        stream.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize("lying", ["half", "wrong half", "wrong whole", "too long"])
def test_what_lies_unfinished_there_is_used_or_replaced(
    fleet: Path, store: Store, thor: Board, tmp_path: Path, lying: str
) -> None:
    manifest = weights.plain(store)
    digest = manifest.files[0].digest
    whole = store.blob(digest).read_bytes()
    half = whole[: len(whole) // 2]
    part = thor.store.partial / "sync" / f"sha256-{digest[7:]}"
    part.parent.mkdir(parents=True)
    part.write_bytes(
        {"half": half, "wrong half": b"x" + half[1:], "wrong whole": b"x" + whole[1:], "too long": whole + b"x"}[lying]
    )
    done = carry(fleet, store)
    assert weights.held(thor.store, manifest, tmp_path / "seen")
    if lying == "half":
        assert done.crossed_bytes < 3_000_000 - len(half) + 20_000


def test_a_blob_of_the_wrong_size_there_is_sent_again(fleet: Path, store: Store, thor: Board, tmp_path: Path) -> None:
    manifest = weights.plain(store)
    carry(fleet, store)
    blob = thor.store.blob(manifest.files[0].digest)
    blob.chmod(0o644)
    os.truncate(blob, 10)
    assert carry(fleet, store).files == 1
    assert weights.held(thor.store, manifest, tmp_path / "seen")


_CHILD = """
import sys
from pathlib import Path
from sage_edge.remote.board import helper_zipapp
helper_zipapp.CALL = {call!r}
from sage_edge.model_sync.sync import SyncOrder, sync
from sage_edge.models.store.store import Store
from sage_edge.names import HostName, ModelRef
ref, host, fleet, store, limit = sys.argv[1:6]
source = HostName(sys.argv[6]) if sys.argv[6:] else None
order = SyncOrder(ModelRef(ref), HostName(host), source, int(limit))
sync(order, Path(fleet), Store(Path(store)), lambda *_: None)
"""


def child_words(fleet: Path, store: Store, limit: int, source: HostName | None = None) -> list[str]:
    """The words of a process that copies REF to thor, calling the helper that this process would call."""
    script = _CHILD.format(call=helper_zipapp.CALL)
    words = [sys.executable, "-c", script, REF, "thor", str(fleet), str(store.root), str(limit)]
    return [*words, source] if source else words


@pytest.mark.parametrize(
    ("source", "whom"),
    [
        (None, "all"),
        pytest.param(None, "ours", marks=pytest.mark.slow),
        pytest.param(SPROUT, "all", marks=pytest.mark.slow),
    ],
)
def test_killed_in_the_middle_it_goes_on_there(
    fleet: Path, store: Store, sprout: Board, thor: Board, tmp_path: Path, source: HostName | None, whom: str
) -> None:
    size = 24 * MIB
    manifest = weights.model(sprout.store if source else store, REF, [("model.gguf", "weights", os.urandom(size))])
    digest = manifest.files[0].digest
    part = (store if source else thor.store).partial / "sync" / f"sha256-{digest[7:]}"
    child = subprocess.Popen(child_words(fleet, store, 16 * MIB, source), start_new_session=True)
    while _size(part) < size // 2:
        assert child.poll() is None
        time.sleep(0.01)
    seen = _size(part)
    os.killpg(child.pid, signal.SIGKILL) if whom == "all" else child.kill()
    child.wait()
    assert thor.store.refs() == ()
    done = carry(fleet, store, source=source)
    sent_again = done.crossed_bytes - (size if source else 0) - (size - seen)
    assert sent_again <= 4 * MIB
    assert weights.held(thor.store, manifest, tmp_path / "seen")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def test_a_slow_line_is_spared(fleet: Path, store: Store) -> None:
    weights.plain(store, size=600_000)
    heard: list[tuple[str, int, int]] = []
    began = time.monotonic()
    sync(SyncOrder(REF, THOR, limit=600_000), fleet, store, lambda *words: heard.append(words))
    assert time.monotonic() - began > 0.5  # rsync never goes faster than it was told, however busy the machine is
    assert ("to thor", 600_002, 600_002) in heard
    assert heard[-1] == ("thor hashes", 0, 0)


def test_too_small_a_disk_is_said_before_the_first_byte(
    fleet: Path, store: Store, thor: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights.plain(store)
    monkeypatch.setattr(disk_space, "SPARE_BYTES", 1 << 60)
    with pytest.raises(NoDiskSpace) as caught:
        carry(fleet, store)
    assert (caught.value.where, caught.value.code) == ("thor", ExitCode.REFUSED)
    assert caught.value.needs_bytes > 1 << 60
    assert not thor.store.root.exists()


def test_refusals_name_what_is_missing(fleet: Path, store: Store, sprout: Board) -> None:
    with pytest.raises(ModelNotFound):
        carry(fleet, store)
    with pytest.raises(NotThere):
        carry(fleet, store, source=SPROUT)
    there = weights.plain(sprout.store)
    sprout.store.blob(there.files[1].digest).unlink()
    with pytest.raises(ModelIncomplete) as caught:
        carry(fleet, store, source=SPROUT)
    assert caught.value.missing == ("model-2.safetensors on sprout",)
    mine = weights.plain(store)
    store.blob(mine.files[1].digest).unlink()
    with pytest.raises(ModelIncomplete, match=f"{REF} lacks model-2.safetensors"):
        carry(fleet, store)


def test_the_lock_is_held_against_every_listing(fleet: Path, store: Store, sprout: Board, thor: Board) -> None:
    other = Digest("sha256:" + "0" * 64)
    write_lock(fleet, {REF: LockedModel(other)})
    weights.plain(store)
    weights.plain(sprout.store)
    for source, where in ((None, "this machine"), (SPROUT, "sprout")):
        with pytest.raises(DigestMismatch) as caught:
            carry(fleet, store, source=source)
        assert (caught.value.what, caught.value.expected) == (f"the listing of {REF} on {where}", other)
    assert thor.store.refs() == ()


def test_a_store_that_names_nonsense_is_refused(fleet: Path, store: Store, sprout: Board) -> None:
    weights.plain(sprout.store)
    path = sprout.store.manifest_path(REF)
    evil = path.read_text().replace("a/model-1.safetensors", "../../outside")
    path.write_text(evil)
    with pytest.raises(UnreadableStore, match=r"no manifest: files\.0\.path"):
        carry(fleet, store, source=SPROUT)


def test_a_board_without_rsync_is_told(fleet: Path, store: Store, thor: Board) -> None:
    weights.plain(store)
    rsync = thor.tools / "rsync"
    target = rsync.readlink()
    rsync.unlink()
    try:
        with pytest.raises(NoRsync) as caught:
            carry(fleet, store)
    finally:
        rsync.symlink_to(target)
    assert (caught.value.host, caught.value.hint) == (THOR, invoke("provision", host=THOR))


def test_a_collection_there_is_waited_for(
    fleet: Path, store: Store, sprout: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights.plain(store)
    monkeypatch.setattr(board_store, "WAIT_S", 0.0)
    with sprout.store.collecting(), pytest.raises(BoardLocked) as caught:
        carry(fleet, store, SPROUT)
    assert (caught.value.kind, caught.value.host) == ("store-busy", SPROUT)
    carry(fleet, store, SPROUT)


@pytest.mark.parametrize("source", [None, SPROUT])
def test_a_host_without_our_helper_is_not_ready(
    fleet: Path, store: Store, sprout: Board, thor: Board, monkeypatch: pytest.MonkeyPatch, source: HostName | None
) -> None:
    weights.plain(sprout.store if source else store)
    monkeypatch.setattr(helper_zipapp, "CALL", (*helper_zipapp.CALL[:-1], "/nowhere/sage-host"))
    with pytest.raises(NotReady) as caught:
        carry(fleet, store, source=source)
    assert caught.value.hint == invoke("provision", host=source or THOR)
    assert not thor.store.root.exists()


def test_a_line_that_dies_is_unreachable(fleet: Path, store: Store, thor: Board) -> None:
    weights.plain(store)
    rsync = thor.tools / "rsync"
    target = rsync.readlink()
    rsync.unlink()
    rsync.write_text("#!/bin/sh\nkill -9 $PPID\n")
    rsync.chmod(0o755)
    try:
        with pytest.raises(Unreachable) as caught:
            carry(fleet, store)
    finally:
        rsync.unlink()
        rsync.symlink_to(target)
    assert caught.value.hint == "start the same command again: it goes on where it stopped"


def test_an_adapter_travels_and_the_board_merges(fleet: Path, store: Store, thor: Board, tmp_path: Path) -> None:
    base, adapter, whole = weights.merged(store)
    carry(fleet, store, ref=BASE)
    weights.teach(thor, base, adapter)
    done = carry(fleet, store)
    assert (done.how, done.why) == ("sent the adapter, merged there", "")
    assert done.crossed_bytes < 1.1 * adapter.size_bytes + 3_000
    assert weights.held(thor.store, whole, tmp_path / "seen")


def test_a_merge_that_stumbled_after_the_bytes_were_there_counts(fleet: Path, store: Store, thor: Board) -> None:
    base, adapter, whole = weights.merged(store)
    carry(fleet, store, ref=BASE)
    weights.teach(thor, base, adapter, ending=f"mv made blobs/sha256-{whole.files[0].digest[7:]}; exit 1")
    assert carry(fleet, store).how == "sent the adapter, merged there"


@pytest.mark.parametrize(
    ("ending", "why"),
    [
        ("echo more >> made", "the merge on thor gave other bytes for model.gguf"),
        ("echo no torch here >&2; exit 1", "the merge on thor ended with 1: no torch here"),
        ("nothing", "thor has no sage-edge to merge with"),
        ("baseless", "thor lacks the base tiny/instruct:bf16"),
    ],
)
def test_where_the_merge_proves_nothing_the_files_go(
    fleet: Path, store: Store, thor: Board, tmp_path: Path, ending: str, why: str
) -> None:
    base, adapter, whole = weights.merged(store)
    if ending != "baseless":
        carry(fleet, store, ref=BASE)
    if ending != "nothing":
        weights.teach(thor, base, adapter, ending=ending)
    done = carry(fleet, store)
    assert (done.how, done.why) == ("sent the files", why)
    assert weights.held(thor.store, whole, tmp_path / "seen")


def test_a_merge_that_lies_about_its_digest_is_found(fleet: Path, store: Store, thor: Board, tmp_path: Path) -> None:
    base, adapter, whole = weights.merged(store)
    carry(fleet, store, ref=BASE)
    lie = f"head -c {whole.size_bytes} /dev/zero > made; mv made blobs/sha256-{whole.files[0].digest[7:]}; exit 0"
    (thor.tools / "head").symlink_to("/usr/bin/head")
    weights.teach(thor, base, adapter, ending=lie)
    done = carry(fleet, store)
    assert (done.how, done.why) == ("sent the files", "the merge on thor gave bytes that are not what their names say")
    assert weights.held(thor.store, whole, tmp_path / "seen")
    (thor.tools / "head").unlink()


def test_the_merge_can_be_left_out(fleet: Path, store: Store, thor: Board) -> None:
    base, adapter, _ = weights.merged(store)
    carry(fleet, store, ref=BASE)
    weights.teach(thor, base, adapter)
    assert carry(fleet, store, merge_there=False).how == "sent the files"
    assert thor.store.manifest(ADAPTER) is None
