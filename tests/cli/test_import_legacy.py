"""`import-legacy DIR --into OUT` as a person sees it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import JsonValue

from sage_edge.cli import main
from tests.cli.terminal import seen
from tests.legacy.papers import TEXT, TRAINING, plant, session, training

EVIL = "evil\x1b[2J\u202e.json"
SAMPLE: dict[str, JsonValue | bytes] = {
    f"{TEXT}/session_003.json": session(3, date=1, end="soon"),
    f"{TEXT}/session_003 copy.json": session(3, date=1, end="soon"),
    f"{TEXT}/session_005.json": session(5, conversation=[{"claude": "A?", "sage": "[GENERATION FAILED]"}, 7]),
    f"{TRAINING}/T021.json": training(),
    f"{TRAINING}/broken.json": b'{"a": ',
    EVIL: b"{",
    "worklog.txt": b"quiet",
    "identity.json": {"identity": {"phase": "sensing"}, "development": {"phase_name": "relating"}},
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of eight files."""
    return plant(tmp_path / "source", SAMPLE)


def ask(*words: object) -> Result:
    return CliRunner().invoke(main, ["import-legacy", *map(str, words)])


def test_what_a_person_reads(source: Path, tmp_path: Path) -> None:
    answer = ask(source, "--into", tmp_path / "out")
    assert answer.exit_code == 0, answer.output
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert lines[0] == "track shape standing papers said answers drills turns failed"
    assert "primary conversation session 2 6 3 0 3 1" in lines
    assert "training exercises session 1 6 3 3 5 0" in lines
    text = " ".join(lines)
    assert "'soon' is no time" in text
    assert f"{TRAINING}/broken.json: it ends within its JSON, in what begins at line 1 column 7: it was cut off" in text
    assert f"{TEXT}/session_005.json: 1 of 2 items: item 2: expected an object, got a number" in text
    assert f"{TEXT}/session_003.json: the content of {TEXT}/session_003 copy.json" in text
    assert "1 a worklog" in text
    assert "identity.json: identity.phase is sensing, development.phase_name is relating" in text
    assert "primary: 1 number is missing between 3 and 5: 4" in text
    assert "8 files: 3 imported, 1 same-content, 2 not-a-transcript, 2 refused; 1 item left out" in answer.stderr
    assert "import.json is written" in answer.stderr


def test_it_fits_a_terminal(source: Path, tmp_path: Path) -> None:
    lines = seen(["import-legacy", str(source), "--into", str(tmp_path / "out")], os.environ)
    assert len(lines) > 10
    assert max(map(len, lines)) <= 80


def test_names_of_strangers_do_not_reach_the_terminal(source: Path, tmp_path: Path) -> None:
    answer = ask(source, "--into", tmp_path / "out")
    assert "evil[2J.json" in answer.stdout
    assert not {"\x1b", "\u202e"} & set(answer.stdout)


def test_one_json_document(source: Path, tmp_path: Path) -> None:
    answer = ask(source, "--into", tmp_path / "out", "--json")
    document = json.loads(answer.stdout)
    assert document["schema"] == "sage-edge/import/1"
    assert document["content"] == json.loads((tmp_path / "out" / "import.json").read_bytes())
    assert len(document["content"]["files"]) == 8


def test_a_second_time(source: Path, tmp_path: Path) -> None:
    first = ask(source, "--into", tmp_path / "out")
    second = ask(source, "--into", tmp_path / "out")
    assert (second.exit_code, second.stdout) == (0, first.stdout)
    assert "was there already; nothing was changed" in second.stderr


def test_a_folder_without_transcripts(tmp_path: Path) -> None:
    answer = ask(plant(tmp_path / "source", {"a.txt": b"x"}), "--into", tmp_path / "out")
    assert (answer.exit_code, answer.stdout.splitlines()[0]) == (0, "no transcript was found")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("gone", "--into", "out"), "gone is not there"),
        (("source", "--into", "source/out"), "lie within each other"),
        (("source", "--into", "mine"), "mine holds x.txt, which does not belong to this import"),
        (("source",), "--into"),
        (("mine/x.txt", "--into", "out"), "next: sage-edge import-legacy mine --into OUT"),
    ],
)
def test_refusals(
    words: tuple[str, ...], says: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, {"mine/x.txt": b"x"})
    monkeypatch.chdir(tmp_path)
    answer = ask(*words)
    assert answer.exit_code == 2
    assert says in answer.stderr
    assert not (tmp_path / "out").exists()


def test_help_fits_a_terminal() -> None:
    text = ask("--help").output
    assert "--into OUT" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_long_history_is_one_line_and_its_details_are_all(tmp_path: Path) -> None:
    counts = [1, 2, 999, 3, 4, 4, 9]
    files: dict[str, JsonValue | bytes] = {
        f"history/{at:03d}/a/identity.json": {
            "identity": {"session_count": count, "phase": "sensing"},
            "development": {"phase_name": "relating"},
        }
        for at, count in enumerate(counts)
    }
    source = plant(tmp_path / "source", {**files, "history/004/a/identity.json": b"{"})
    short = " ".join(ask(source, "--into", tmp_path / "out").stdout.split())
    assert (
        "a/identity.json: 7 versions; counters: 1 fell, 2 jumped (identity.session_count jumped from 2 to 999); "
        "1 cannot be read (it ends within its JSON, in what begins at line 1 column 2: it was cut off); "
        "contradictions in 6 versions"
    ) in short
    assert short.count("a/identity.json: ") == 1 + 1  # the refused file is told as well
    long = " ".join(ask(source, "--into", tmp_path / "out", "--details").stdout.split())
    for change, later, earlier in (
        ("jumped from 2 to 999", 2, 1),
        ("fell from 999 to 3", 3, 2),
        ("jumped from 4 to 9", 6, 5),
    ):
        place = f"in history/{later:03d}/a/identity.json after history/{earlier:03d}/a/identity.json"
        assert f"identity.session_count {change}, {place}" in long
    assert "history/004/a/identity.json: it cannot be read: it ends within its JSON, in" in long
    assert long.count("identity.phase is sensing, development.phase_name is relating") == 6


def test_whatever_is_left_out_is_named_with_its_reason(tmp_path: Path) -> None:
    items: list[JsonValue] = [{"role": "user", "content": [{"type": "text", "text": "Well?"}]}]
    calls: list[JsonValue] = [{"role": "assistant", "content": [{"type": "tool_use"}]} for _ in range(5)]
    files: dict[str, JsonValue | bytes] = {
        "exports/session_003.json": {
            "session": 3,
            "messages": [*items, *calls, {"role": "assistant", "content": "Yes."}],
        },
        "exports/others.json": {"log": [{"foo": 1}]},
        "notes.txt": b"x",
        **{f"tails/session_00{number}.json": json.dumps(session(number)).encode() + b"\0" for number in range(4, 9)},
    }
    source = plant(tmp_path / "source", files)
    answer = ask(source, "--into", tmp_path / "out", "--details")
    told = " ".join(answer.stdout.split())
    assert "exports/others.json: JSON that holds no turns; its keys: log; log 1: no question and no answer" in told
    assert "notes.txt: plain text" in told
    for number in range(2, 7):
        assert f"item {number}: its 'content' holds no text, but tool_use" in told
    for number in range(4, 9):
        assert f"tails/session_00{number}.json" in told
    assert "8 files: 6 imported, 0 same-content, 2 not-a-transcript, 0 refused; 5 items left out" in answer.stderr


def test_long_lists_do_not_bury_the_totals(tmp_path: Path) -> None:
    files: dict[str, JsonValue | bytes] = {f"{TEXT}/session_{number:03d}.json": b"{" for number in range(1, 200)}
    files |= {
        f"x{number}/identity.json": {"identity": {"phase": "a"}, "development": {"phase_name": "b"}}
        for number in range(90)
    }
    source = plant(tmp_path / "source", {**files, f"{TEXT}/session_900.json": session(3)})
    short = ask(source, "--into", tmp_path / "out").stdout
    assert len(short.splitlines()) < 60
    assert "… and 189 more: --details" in short
    assert "… and 80 more: --details" in short
    long = ask(source, "--into", tmp_path / "out", "--details").stdout
    assert len(long.splitlines()) > 280
    assert "more: --details" not in long
