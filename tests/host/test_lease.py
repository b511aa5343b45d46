"""The deploy lock: one at a time, a dead workstation does not block, a person's lock never expires."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sage_edge.host import clock, command_table, lease
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import HOST, Refusal, invoke
from sage_edge.host.lease import BoardLock, LockClaim

NOW, AWAKE = clock.now_s, clock.awake_s
ADA = LockClaim("ada", "desk", 1, "deploy ab12")


@pytest.fixture
def lock(tmp_path: Path) -> BoardLock:
    return BoardLock(tmp_path / "lock.json")


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let time pass."""
    was_set(monkeypatch, seconds)
    monkeypatch.setattr(clock, "awake_s", lambda: AWAKE() + seconds)


def was_set(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let somebody set the clock."""
    monkeypatch.setattr(clock, "now_s", lambda: NOW() + seconds)


def test_a_second_holder_is_refused_and_told_who_and_why(lock: BoardLock) -> None:
    lock.acquire(ADA)
    with pytest.raises(Refusal, match=r"locked by ada at desk since .* \(heard of 0 s ago\): deploy ab12") as told:
        lock.acquire(LockClaim("eve", "other", 2, "me too"))
    assert told.value.code == 5
    assert invoke("lock.release", host=HOST, yes=True) in told.value.hint


def test_of_many_at_once_one_wins(lock: BoardLock) -> None:
    def take(number: int) -> bool:
        try:
            lock.acquire(LockClaim(f"h{number}", "desk", number, "race"))
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(40))) == 1


def test_a_silent_holder_is_replaced(lock: BoardLock, monkeypatch: pytest.MonkeyPatch) -> None:
    lock.acquire(ADA)
    later(monkeypatch, lease.TTL_S + 1)
    ours, stale = lock.acquire(LockClaim("eve", "other", 2, "next"))
    assert stale is not None
    assert stale.holder == "ada"
    assert lock.require(ours.token).holder == "eve"


def test_a_beat_keeps_it(lock: BoardLock, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _ = lock.acquire(ADA)
    later(monkeypatch, lease.TTL_S - 1)
    lock.beat(ours.token)
    later(monkeypatch, lease.TTL_S + 9)
    with pytest.raises(Refusal, match="locked by ada"):
        lock.acquire(ADA)


def test_a_reboot_frees_it(lock: BoardLock, monkeypatch: pytest.MonkeyPatch) -> None:
    lock.acquire(ADA)
    monkeypatch.setattr(lease, "boot_id", lambda root: "another boot")
    _, stale = lock.acquire(ADA)
    assert stale is not None


JUMPS = [-(10**9), -3600, -3, 3, 3600, 10**9]


@pytest.mark.parametrize("seconds", JUMPS)
def test_a_clock_that_is_set_frees_nothing_and_keeps_nothing(
    lock: BoardLock, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    lock.acquire(ADA)
    was_set(monkeypatch, seconds)
    with pytest.raises(Refusal, match=r"heard of 0 s ago"):
        lock.acquire(ADA)
    later(monkeypatch, lease.TTL_S + 1)
    assert lock.acquire(ADA)[1] is not None


@pytest.mark.parametrize(("seconds", "is_held"), [(-3600, False), (-3, False), (-1, True), (60, True), (121, False)])
def test_what_an_older_helper_wrote_has_two_sides(
    lock: BoardLock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, is_held: bool
) -> None:
    """It wrote no seconds since the boot: by the clock alone, a lock of the future is of nobody who lives."""
    lock.acquire(ADA)
    path = tmp_path / "lock.json"
    content = json.loads(path.read_text("utf-8"))
    del content["awake_s"]
    path.write_text(json.dumps({**content, "what a newer one adds": 1}), "utf-8")
    was_set(monkeypatch, seconds)
    held = lock.status() or pytest.fail("nobody")
    assert held["stale"] is not is_held


def test_a_lock_by_hand_never_expires(lock: BoardLock, monkeypatch: pytest.MonkeyPatch) -> None:
    lock.acquire(LockClaim("ada", "desk", 1, "the board is open on my table", manual=True))
    later(monkeypatch, 10_000_000)
    monkeypatch.setattr(lease, "boot_id", lambda root: "another boot")
    with pytest.raises(Refusal, match="by hand"):
        lock.acquire(ADA)
    assert lock.release(None) is not None
    lock.acquire(ADA)


def test_whoever_lost_it_is_told_and_changes_nothing(lock: BoardLock, monkeypatch: pytest.MonkeyPatch) -> None:
    old, _ = lock.acquire(ADA)
    later(monkeypatch, lease.TTL_S + 1)
    lock.acquire(LockClaim("eve", "other", 2, "next"))
    for act in (lock.beat, lock.release, lock.require):
        with pytest.raises(Refusal, match="not ours any more; it is held by eve") as told:
            act(old.token)
        assert told.value.code == 5


def test_status_shows_no_token(lock: BoardLock) -> None:
    assert lock.status() is None
    ours, _ = lock.acquire(ADA)
    status = lock.status()
    assert status is not None
    assert status["stale"] is False
    assert ours.token not in str(status)


def test_a_damaged_lock_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "lock.json").write_text("{", "utf-8")
    with pytest.raises(Refusal, match="cannot be read") as told:
        BoardLock(tmp_path / "lock.json").acquire(ADA)
    assert told.value.hint == ("once nobody deploys: ", invoke("lock.release", host=HOST, yes=True))


def test_a_machine_buries_its_own_dead_and_nobody_elses(lock: BoardLock) -> None:
    dead = LockClaim("ada", "desk", 7, "died", machine="m1")
    for other in (
        LockClaim("ada", "desk", 8, "next", machine="m2", instead_of=7),
        LockClaim("ada", "desk", 8, "next", machine="m1", instead_of=6),
        LockClaim("ada", "desk", 8, "next", machine="m1"),
        LockClaim("ada", "desk", 8, "next", instead_of=7),
    ):
        lock.acquire(dead)
        with pytest.raises(Refusal, match="is locked by ada"):
            lock.acquire(other)
        lock.release(None)
    lock.acquire(dead)
    _, before = lock.acquire(LockClaim("ada", "desk", 8, "next", machine="m1", instead_of=7))
    assert before is not None
    assert before.pid == 7


def test_a_lock_by_hand_is_not_buried(lock: BoardLock) -> None:
    lock.acquire(LockClaim("ada", "desk", 7, "keep off", manual=True, machine="m1"))
    with pytest.raises(Refusal, match="by hand"):
        lock.acquire(LockClaim("ada", "desk", 8, "next", machine="m1", instead_of=7))


def test_a_verb_renews_it_for_its_holder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a workstation calls while it pushes an image, which may take longer than a lock lasts."""
    context = command_table.real(Places(root=tmp_path), "helper", lambda line: None)
    context.places.lock.parent.mkdir(parents=True)
    lock = lease.of(context)
    ours, _ = lock.acquire(ADA)
    later(monkeypatch, lease.TTL_S - 1)
    assert command_table.answer(context, "lock-renew", {"token": ours.token}) == {"renewed": True}
    later(monkeypatch, 2 * lease.TTL_S - 2)
    with pytest.raises(Refusal, match="locked by ada"):
        lock.acquire(LockClaim("eve", "other", 2, "next"))
    with pytest.raises(Refusal, match="not ours any more"):
        command_table.answer(context, "lock-renew", {"token": "another"})
