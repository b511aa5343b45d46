"""The journal: claimed once, a line per turn, cut where it is torn, refused where it was changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge.files import LineLog
from sage_edge.names import SessionId
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.sessions.errors import JournalBroken
from sage_edge.sessions.journal import Journal, numbers
from tests import builders

P001 = SessionId("P001")


@pytest.fixture
def paper() -> Transcript:
    """What the journals here tell of."""
    return builders.transcript()


def written(folder: Path, paper: Transcript, turns: int, *, closed: bool = False) -> Journal:
    """A journal with the first turns of a transcript."""
    folder.mkdir(parents=True, exist_ok=True)
    journal = Journal(folder, paper.session)
    journal.claim(paper.head)
    for turn in paper.turns[:turns]:
        journal.turn(turn)
    if closed:
        journal.close(paper.closing)
    return journal


def test_a_closed_journal_tells_the_transcript(tmp_path: Path, paper: Transcript) -> None:
    story = written(tmp_path, paper, 3, closed=True).read()
    assert story.transcript() == paper
    assert not chain_faults(story.transcript())


def test_an_open_one_has_none(tmp_path: Path, paper: Transcript) -> None:
    story = written(tmp_path, paper, 2).read()
    assert (story.head, story.turns, story.closing) == (paper.head, paper.turns[:2], None)
    assert story.last_link == paper.turns[1].fingerprint()
    with pytest.raises(RuntimeError):
        story.transcript()


def test_a_number_is_claimed_once(tmp_path: Path, paper: Transcript) -> None:
    written(tmp_path, paper, 1)
    before = (tmp_path / "P001.jsonl").read_bytes()
    with pytest.raises(FileExistsError):
        Journal(tmp_path, P001).claim(paper.head)
    assert (tmp_path / "P001.jsonl").read_bytes() == before


def test_a_torn_last_line_is_cut_off_wherever_it_was_torn(tmp_path: Path, paper: Transcript) -> None:
    journal = written(tmp_path, paper, 2)
    content = journal.path.read_bytes()
    second = content.rindex(b"\n", 0, len(content) - 1) + 1
    for cut in range(second, len(content), 37):
        journal.path.write_bytes(content[:cut])
        assert journal.read().turns == paper.turns[:1]
        assert journal.path.read_bytes() == content[:second]
    journal.turn(paper.turns[1])
    assert journal.path.read_bytes() == content


@pytest.mark.parametrize("line", [1, 2, 3])
def test_a_changed_line_before_the_last_is_refused(tmp_path: Path, paper: Transcript, line: int) -> None:
    journal = written(tmp_path, paper, 3)
    lines = journal.path.read_bytes().split(b"\n")
    lines[line - 1] = lines[line - 1].replace(b'"', b"'", 1)
    journal.path.write_bytes(b"\n".join(lines))
    with pytest.raises(JournalBroken, match=f"P001.jsonl line {line}: ") as refused:
        journal.read()
    assert refused.value.code == 8
    assert refused.value.hint


def rewritten(journal: Journal, *lines: bytes) -> Journal:
    """The journal with other lines, whose checksums hold."""
    journal.path.write_bytes(b"".join(lines))
    return journal


def test_a_change_with_a_mended_checksum_breaks_the_chain(tmp_path: Path, paper: Transcript) -> None:
    journal = written(tmp_path, paper, 3)
    payloads = list(LineLog(journal.path).read().payloads)
    payloads[2] = payloads[2].replace("listen", "listened")
    rewritten(journal, *map(LineLog.encode, payloads))
    with pytest.raises(JournalBroken, match="does not follow"):
        journal.read()


def test_the_journal_of_another_session_is_refused(tmp_path: Path, paper: Transcript) -> None:
    written(tmp_path, paper, 1).path.rename(tmp_path / "P002.jsonl")
    with pytest.raises(JournalBroken, match="no head of P002"):
        Journal(tmp_path, SessionId("P002")).read()


def test_lines_stand_in_their_order(tmp_path: Path, paper: Transcript) -> None:
    journal = written(tmp_path, paper, 3, closed=True)
    lines = list(map(LineLog.encode, LineLog(journal.path).read().payloads))
    for wrong in ([*lines, lines[1]], [lines[0], *lines], lines[1:], [lines[0], lines[4], lines[1]]):
        with pytest.raises(JournalBroken):
            rewritten(journal, *wrong).read()


@pytest.mark.parametrize(
    "payload", ["", "{}", "[]", "1", '{"turn": {}}', '{"turn": 1, "head": 2}', '{"verse": 1}', "{"]
)
def test_a_line_that_is_none_of_ours_is_refused_and_not_a_traceback(
    tmp_path: Path, paper: Transcript, payload: str
) -> None:
    journal = written(tmp_path, paper, 1)
    rewritten(journal, journal.path.read_bytes(), LineLog.encode(payload))
    with pytest.raises(JournalBroken, match=r"P001\.jsonl line 3: "):
        journal.read()


def test_an_empty_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "P001.jsonl").touch()
    with pytest.raises(JournalBroken, match="no head"):
        Journal(tmp_path, P001).read()


def test_deaths_count_from_the_last_turn(tmp_path: Path, paper: Transcript) -> None:
    journal = written(tmp_path, paper, 1)
    for _ in range(3):
        journal.resume(builders.START)
    assert (journal.read().resumed, journal.read().deaths) == (3, 3)
    journal.turn(paper.turns[1])
    assert (journal.read().resumed, journal.read().deaths) == (3, 0)


def test_only_sessions_are_counted(tmp_path: Path, paper: Transcript) -> None:
    written(tmp_path, paper, 0)
    for name in ("notes.jsonl", "T002.jsonl", "P003.json", ".tmp-1"):
        (tmp_path / name).touch()
    assert numbers(tmp_path) == {"P001", "T002"}
    assert numbers(tmp_path / "absent") == frozenset()
