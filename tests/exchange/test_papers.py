"""Plain files: what a killed writer leaves, and what several writers leave."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sage_edge.exchange import papers

from .world import SPROUT, World, decision, line, status

ONE, TWO = (line(text).canonical() + b"\n" for text in ("one", "two"))


@pytest.mark.parametrize("torn", [b"", b"\0" * 40, b'{"at":', ONE[:-1], b'{"at": "x"\n', b"\0\0\0\n", b"3\n"])
@pytest.mark.parametrize("whole", [b"", ONE, ONE * 500], ids=["none", "one", "many"])
def test_a_torn_last_line_is_cut_by_the_next_append(tmp_path: Path, whole: bytes, torn: bytes) -> None:
    log = tmp_path / "worklog" / "2026-11.jsonl"
    log.parent.mkdir()
    log.write_bytes(whole + torn)
    papers.append(log, line("two"))
    assert log.read_bytes() == whole + TWO


def test_a_line_longer_than_the_tail_that_is_looked_at(tmp_path: Path) -> None:
    log = tmp_path / "2026-11.jsonl"
    long = line("x" * 200_000)
    for _ in range(2):
        papers.append(log, long)
    with log.open("ab") as stream:
        stream.write(b"{" * 100_000)
    papers.append(log, line("two"))
    assert log.read_bytes() == (long.canonical() + b"\n") * 2 + TWO


def test_what_a_killed_writer_left_is_tidied(tmp_path: Path) -> None:
    log = tmp_path / "worklog" / "2026-11.jsonl"
    log.parent.mkdir()
    log.write_bytes(ONE + b'{"at":')
    (tmp_path / "worklog" / ".tmp-12").write_text("x")
    papers.tidy(tmp_path)
    assert [path.name for path in log.parent.iterdir()] == [log.name]
    assert log.read_bytes() == ONE


def test_many_writers_at_once_lose_nothing(world: World) -> None:
    sprout = world.post(SPROUT)

    def work(number: int) -> None:
        post = world.post(SPROUT)
        for step in range(5):
            post.put(decision(10 * number + step))
            post.log(line(f"{number}.{step}"))
            post.set_status(status())
        post.publish(f"worker {number}")

    workers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sprout.publish("the rest")
    there = world.on_hub(SPROUT)
    assert there == world.in_papers(SPROUT)
    assert len([path for path in there if path.startswith("decisions/")]) == 15
    assert len(there["worklog/2026-11.jsonl"].splitlines()) == 15


def test_names_are_sorted_and_leave_temporaries_out(tmp_path: Path) -> None:
    for name in ("b/2.json", "b/1.json", "a.json", "b/.tmp-1", "bb/3.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert papers.names(tmp_path) == ("a.json", "b/1.json", "b/2.json", "bb/3.json")
    assert papers.names(tmp_path, "b") == ("b/1.json", "b/2.json")
    assert papers.names(tmp_path, "a.json") == ("a.json",)
    assert papers.names(tmp_path, "none") == ()
