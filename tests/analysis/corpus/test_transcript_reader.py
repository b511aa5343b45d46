"""What is believed is whole; what is not, is refused with a reason, and never read when it is too long."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.analysis.corpus import BACKWARDS, Refused, dialogues, read
from sage_edge.errors import UsageError
from sage_edge.exchange.rules import LIMIT_BYTES
from sage_edge.legacy import import_folder
from sage_edge.records import dialogue, legacy
from sage_edge.records.base import parse
from sage_edge.records.dialogue import Dialogue
from sage_edge.records.transcript import Transcript, chain_faults
from tests import corpora
from tests.builders import START, seal, transcript
from tests.legacy.papers import TEXT, anchored, planned

PAPER = corpora.session("primary", 1)
RAW = json.loads(PAPER.pretty())


def reason(data: bytes) -> str:
    found = read("a file", data)
    assert isinstance(found, Refused)
    assert found.reason.isprintable()
    assert len(found.reason) <= 200
    return found.reason


def test_a_whole_transcript_is_read_as_what_it_is() -> None:
    assert read("a file", PAPER.pretty()) == dialogue.of(PAPER)
    assert read("a file", PAPER.model_dump_json().encode()) == dialogue.of(PAPER)


BAD: list[tuple[bytes, str]] = [
    (b"", "it is not JSON"),
    (b"{", "it is not JSON"),
    (b"[" * 100_000, "it is not JSON"),
    (PAPER.pretty()[:-100], "it is not JSON"),
    (b"[]", "neither a transcript nor an imported paper"),
    (b'{"session": 3, "conversation": []}', "sage-edge import-legacy"),
    (b"\xef\xbb\xbf" + PAPER.pretty(), "byte order mark"),
    (PAPER.pretty().decode().encode("utf-16"), "it is not UTF-8: byte 0 is 0xff"),
    (PAPER.pretty().replace(b"Sage", b"S\xe4ge"), "it is not UTF-8"),
    (PAPER.pretty().replace(b'"Sage"', b'"\\ud800"'), "no transcript"),
    (PAPER.pretty().replace(b'"sprout"', b'"\\u001b[31m \\u202e"'), "no transcript: head.host"),
    (PAPER.pretty().replace(b'"format": 1', b'"format": 2'), "no transcript: head.format"),
    (json.dumps({**RAW, "more": 1}).encode(), "no transcript: more"),
    (json.dumps({**RAW, "seal": RAW["head"]["lesson"]["curriculum"]}).encode(), "the seal is not that of the closing"),
    (json.dumps({**RAW, "turns": RAW["turns"][1:]}).encode(), "turn 1 does not follow what stands before it"),
    (PAPER.pretty().replace(b"2026-11-20T06:00:00.000+00:00", b"0001-01-01T00:00:00.000+23:59"), "between the years"),
    (PAPER.pretty().replace(b'"temperature": 0.7', b'"temperature": NaN'), "no transcript: head.sampling.temperature"),
    (PAPER.pretty().replace(b'"settings": {}', b'"settings": {"x": NaN}'), ""),
]


@pytest.mark.parametrize(("data", "says"), BAD, ids=range(len(BAD)))
def test_what_is_not_believed_is_refused_with_its_reason(data: bytes, says: str) -> None:
    assert says in reason(data)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [leaf for key, inner in enumerate(value) for leaf in _leaves(inner, (*path, key))]
    return [path]


JUNK = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}))


@given(path=st.sampled_from(_leaves(RAW)), junk=JUNK)
def test_a_change_of_any_value_is_found_exactly_when_the_chain_finds_it(path: tuple[Any, ...], junk: object) -> None:
    changed = json.loads(PAPER.pretty())
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = junk
    data = json.dumps(changed).encode()
    try:
        paper = parse(Transcript, data)
        whole = not chain_faults(paper)
    except ValueError:
        whole = False
    found = read("a file", data)
    assert isinstance(found, Dialogue) == whole
    if isinstance(found, Dialogue):
        assert found.seal == PAPER.seal  # another spelling of the same paper, and nothing else


@given(data=st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    reason(data)


def test_times_that_run_backwards_are_told() -> None:
    head = PAPER.head.model_copy(update={"started": PAPER.turns[0].asked + timedelta(hours=1)})
    backwards = read("a file", seal(head, PAPER.turns).pretty())
    assert isinstance(backwards, Dialogue)
    assert backwards.remarks[-1] == BACKWARDS
    turns = [
        turn.model_copy(update={"asked": START - timedelta(hours=number)}) for number, turn in enumerate(PAPER.turns)
    ]
    head = PAPER.head.model_copy(update={"started": START - timedelta(days=1)})
    crossed = read("a file", seal(head, turns).pretty())
    assert isinstance(crossed, Dialogue)
    assert BACKWARDS in crossed.remarks
    straight = read("a file", PAPER.pretty())
    assert isinstance(straight, Dialogue)
    assert straight.remarks == ()


def test_an_imported_paper_is_read_and_its_chain_is_checked(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    import_folder.write(planned(tmp_path / "in", {f"{TEXT}/session_022.json": anchored()}), folder)
    (found,) = dialogues(folder)
    assert isinstance(found, Dialogue)
    assert (found.provenance, found.number, found.track) == ("legacy", 22, "primary")
    (path,) = (folder / "sessions").rglob("*.json")
    paper = parse(legacy.LegacyTranscript, path.read_bytes())
    assert found == legacy.dialogue(paper)
    assert "turn 2 does not follow" in reason(path.read_bytes().replace(b"How is the morning?", b"How is the evening?"))


def test_a_folder_is_read_in_order_and_says_what_it_refuses(tmp_path: Path) -> None:
    for number in (2, 10, 1, 1000):
        corpora.write(tmp_path, corpora.session("primary", number))
    shard = tmp_path / "sessions/primary/000"
    (shard / "P003.json").write_bytes(b"{")
    with (shard / "P004.json").open("wb") as long:
        long.truncate(100_000_000)
    (shard / "P005.json").symlink_to("P001.json")
    os.mkfifo(shard / "P006.json")
    (shard / "notes.txt").write_text("no paper")
    (shard / ".P007.json").write_bytes(b"{")
    (tmp_path / "status.json").write_bytes(b"{}")
    found = list(dialogues(tmp_path))
    labels = [one.label if isinstance(one, Dialogue) else one.place.removeprefix("primary/000/") for one in found]
    assert labels == ["P001", "P002", "P003.json", "P004.json", "P005.json", "P006.json", "P010", "P1000"]
    reasons = [one.reason for one in found if isinstance(one, Refused)]
    assert reasons[1:] == [
        f"it has 100000000 bytes, more than a paper may have ({LIMIT_BYTES})",
        "it is a link",
        "it is no plain file",
    ]


def test_there_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        list(dialogues(tmp_path / "none"))
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is no folder"):
        list(dialogues(tmp_path / "file"))
    (tmp_path / "file").unlink()
    assert not list(dialogues(tmp_path))


def test_an_exchange_is_no_folder_of_papers(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path)], check=True)
    with pytest.raises(UsageError, match="is a git repository: its papers lie on its hosts' branches") as refused:
        list(dialogues(tmp_path))
    assert refused.value.hint == "read it as an exchange: --exchange REPO"


def test_a_name_that_is_no_text_is_told_printably(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"P\xff\x1b[31m.json")).write_bytes(b"{")
    (tmp_path / "P001.json").write_bytes(transcript().pretty())
    one, other = dialogues(tmp_path)
    assert {type(one), type(other)} == {Dialogue, Refused}
    (refusal,) = (found for found in (one, other) if isinstance(found, Refused))
    assert refusal.place.isprintable()
    assert refusal.place.encode().isascii()
