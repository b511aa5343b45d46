"""From a listing to blobs: what is kept, what is refused, what is not fetched twice."""

from __future__ import annotations

import os
import re
import resource
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge import files, hints, locks
from sage_edge.errors import Locked, NoDiskSpace, StorageError
from sage_edge.models.download.fetch import bring, lacking_bytes
from sage_edge.models.download.retry import RetryPolicy
from sage_edge.models.errors import DigestMismatch, ModelWorkInterrupted
from sage_edge.models.store import disk_space
from sage_edge.models.store.store import Store
from sage_edge.names import Digest
from tests.kill import victims
from tests.models.fetch_place import (
    FILES,
    MIB,
    NAME,
    REPO,
    SIZE,
    WEIGHTS,
    Place,
    flip,
    interrupt,
    is_whole,
    leftovers,
    opened,
    stop_at,
)
from tests.models.hub_server import Fault, HubServer

OTHER = "the hub, or something on the way, sent other bytes; none were kept. Try again: sage-edge model prepare REF"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened(tmp_path) as ready:
        yield ready


def test_every_file_becomes_a_blob_under_its_own_digest(place: Place) -> None:
    assert is_whole(place, place.bring())
    assert {request.range for request in place.server.gets()} == {None}


def test_what_is_here_is_not_asked_for_again(place: Place) -> None:
    first = place.bring()
    listing = place.listing()
    place.server.requests.clear()
    assert bring(place.hub().at(REPO, place.revision), listing, place.store) == first
    assert place.server.requests == []
    assert lacking_bytes(place.store, listing) == 0


def test_a_note_of_a_small_file_is_believed_only_with_its_blob(place: Place) -> None:
    digest = place.bring("config.json")["config.json"]
    note = next(place.store.partial.glob("*.kept"))
    for text in ("", "sha256:" + "0" * 64, "x", files.digest(WEIGHTS)):
        note.write_text(text)
        assert place.bring("config.json") == {"config.json": digest}
    other = place.store.add(_file(place, b'{"model_type": "qwen3"}'))
    note.write_text(other)
    assert place.bring("config.json") == {"config.json": digest}


def test_two_repositories_share_a_file(place: Place) -> None:
    place.bring()
    revision = place.server.add("other/copy", {"weights.safetensors": WEIGHTS})
    place.server.requests.clear()
    wanted = place.hub().files("other/copy", revision)
    assert bring(place.hub().at("other/copy", revision), wanted, place.store) == {
        "weights.safetensors": files.digest(WEIGHTS)
    }
    assert place.server.gets() == []


def test_progress_counts_all_files_together(place: Place) -> None:
    told: list[tuple[int, int]] = []
    place.bring(progress=lambda done, total: told.append((done, total)))
    total = sum(map(len, FILES.values()))
    assert {seen for _, seen in told} == {total}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (total, total)
    told.clear()
    place.bring(progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (total, total)


def test_other_bytes_of_the_right_length_are_refused_and_none_kept(place: Place) -> None:
    place.fail(flip_at=SIZE // 2)
    with pytest.raises(DigestMismatch) as refusal:
        place.bring(NAME)
    sent = WEIGHTS[: SIZE // 2] + bytes([WEIGHTS[SIZE // 2] ^ 1]) + WEIGHTS[SIZE // 2 + 1 :]
    expected, actual = files.digest(WEIGHTS), files.digest(sent)
    assert refusal.value.message == f"{NAME} of {place.name} has digest {actual}, the hub's listing says {expected}"
    assert (hints.text(refusal.value.hint), refusal.value.code) == (OTHER, 8)
    assert leftovers(place) == []
    assert not list(place.store.blobs.iterdir())
    assert is_whole(place, place.bring(NAME), [NAME])


def test_other_bytes_of_a_small_file_are_refused_by_gits_digest(place: Place) -> None:
    place.server.faults.append(Fault("config.json", flip_at=3))
    wrong = r"config\.json of tiny/base@.* has digest git:.*, the hub's listing says git:"
    with pytest.raises(DigestMismatch, match=wrong):
        place.bring()
    assert leftovers(place) == []
    assert is_whole(place, place.bring())


def test_a_redirect_to_other_bytes_is_refused_and_gets_no_token(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_" + "secret")
    with HubServer() as elsewhere:
        revision = elsewhere.add(REPO, {NAME: bytes(SIZE)})
        place.fail(redirect=f"{elsewhere.endpoint}/{REPO}/resolve/{revision}/{NAME}?signature=x")
        with pytest.raises(DigestMismatch):
            place.bring(NAME)
        assert [request.token for request in elsewhere.requests] == [None]
    assert {request.token for request in place.server.requests} == {"Bearer hf_secret"}
    assert leftovers(place) == []


def test_a_spoiled_chunk_alone_is_fetched_again(place: Place) -> None:
    stop_at(place, 4 * MIB)
    flip(place.part, 2 * MIB + 77)
    assert is_whole(place, place.bring(NAME), [NAME])
    assert place.asked() == [
        (f"bytes={2 * MIB}-{3 * MIB - 1}", 206, MIB),
        (f"bytes={4 * MIB}-{SIZE - 1}", 206, SIZE - 4 * MIB),
    ]


def test_a_part_that_is_longer_than_the_file_is_cut(place: Place) -> None:
    stop_at(place, 4 * MIB)
    os.truncate(place.part, SIZE + 99 * MIB)
    assert is_whole(place, place.bring(NAME), [NAME])
    assert place.asked() == [(f"bytes={4 * MIB}-{SIZE - 1}", 206, SIZE - 4 * MIB)]


class Spoiling(Store):
    """A store on a disk that flips a bit before it is read, `times` times."""

    times = 1

    def keep(self, part: Path, expected: Digest | None = None) -> Digest:
        if self.times:
            self.times -= 1
            flip(part, 3 * MIB)
        return super().keep(part, expected)


def test_a_disk_that_spoils_what_was_received_costs_one_chunk(place: Place) -> None:
    spoiling = place._replace(store=Spoiling(place.store.root))
    assert is_whole(place, spoiling.bring(NAME), [NAME])
    assert place.asked() == [(None, 200, SIZE), (f"bytes={3 * MIB}-{4 * MIB - 1}", 206, MIB)]


def test_a_disk_that_spoils_it_twice_is_named(place: Place) -> None:
    spoiling = Spoiling(place.store.root)
    spoiling.times = 2
    with pytest.raises(StorageError, match=f"byte {3 * MIB} and on read otherwise than written"):
        place._replace(store=spoiling).bring(NAME)


def test_a_stop_request_keeps_what_came(place: Place) -> None:
    refusal = interrupt(place, 3 * MIB)
    told = re.fullmatch(rf"the transfer of {NAME} was interrupted after (\d+) of {SIZE} bytes", refusal.message)
    assert told
    assert 3 * MIB <= int(told[1]) < 4 * MIB
    assert refusal.code == 130
    place.server.requests.clear()
    assert is_whole(place, place.bring(NAME), [NAME])
    assert place.asked() == [(f"bytes={3 * MIB}-{SIZE - 1}", 206, SIZE - 3 * MIB)]


def test_a_disk_that_is_too_small_is_said_before_the_first_byte(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = place.listing()
    place.server.requests.clear()
    free = SIZE + disk_space.SPARE_BYTES
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10 * free, 9 * free, free))
    with pytest.raises(NoDiskSpace) as refusal:
        bring(place.hub().at(REPO, place.revision), listing, place.store)
    assert (refusal.value.where, refusal.value.free_bytes) == (str(place.store.root), free)
    assert refusal.value.needs_bytes > free
    assert place.server.requests == []
    assert place.bring(NAME) == {NAME: files.digest(WEIGHTS)}
    assert lacking_bytes(place.store, listing) == sum(map(len, FILES.values())) - SIZE


def test_what_is_on_the_disk_already_is_not_counted_again(place: Place) -> None:
    stop_at(place, 3 * MIB)
    lacking = lacking_bytes(place.store, place.listing(NAME))
    assert SIZE - 4 * MIB <= lacking <= SIZE - 3 * MIB + 4096


def test_a_disk_that_fills_up_keeps_what_came(place: Place, tmp_path: Path) -> None:
    limit = 3 * MIB + 1000

    def work() -> int:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        place.bring(NAME)
        return 0

    assert victims.status_of(victims.spawn(work, tmp_path / "crash.txt")) == StorageError.code
    assert f"StorageError: cannot write {place.part}: File too large" in (tmp_path / "crash.txt").read_text()
    place.server.requests.clear()
    assert is_whole(place, place.bring(NAME), [NAME])
    assert place.asked() == [(f"bytes={3 * MIB}-{SIZE - 1}", 206, SIZE - 3 * MIB)]


def test_two_processes_fetch_a_file_once(place: Place, tmp_path: Path) -> None:
    gate, opener = os.pipe()
    listing = place.listing()
    place.server.requests.clear()

    def work() -> int:
        os.close(opener)
        os.read(gate, 1)
        source = place.hub().at(REPO, place.revision)
        return 0 if is_whole(place, bring(source, listing, place.store)) else 1

    pids = [victims.spawn(work, tmp_path / f"crash-{number}.txt") for number in range(3)]
    os.close(gate)
    os.close(opener)
    assert [victims.status_of(pid) for pid in pids] == [0, 0, 0]
    assert place.server.sent() == sum(map(len, FILES.values()))


def test_a_file_that_somebody_fetches_is_waited_for_only_so_long(place: Place) -> None:
    with locks.hold(place.part.with_suffix(".lock"), "another"):
        with pytest.raises(Locked, match=f"{NAME} is in use by process {os.getpid()}"):
            place.bring(NAME, patience=RetryPolicy(lock_s=0.0))
        stop = threading.Event()
        stop.set()
        with pytest.raises(ModelWorkInterrupted, match=f"waiting for {NAME} was interrupted"):
            place.bring(NAME, stop=stop)
    assert is_whole(place, place.bring(NAME), [NAME])


def _file(place: Place, content: bytes) -> Path:
    path = place.store.root / "a-file"
    path.write_bytes(content)
    return path
