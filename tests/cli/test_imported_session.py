"""`session show` and `verify` of an imported paper: that it is imported, from what, and what can be proven of it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import JsonValue

from sage_edge.cli import main
from sage_edge.sessions import archive
from sage_edge.sessions.errors import TranscriptBroken
from tests.legacy.papers import TEXT, plant, session

SOURCE = f"{TEXT}/session_003.json"


def ask(*words: object) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """The paper of one imported session."""
    items: list[JsonValue] = [
        {"speaker": "Claude", "text": "Well?"},
        {"speaker": "SAGE", "text": "<think>Hm.</think>It is \x1b[2Jwarm."},
        7,
    ]
    source = plant(tmp_path / "source", {SOURCE: session(3, conversation=items)})
    assert ask("import-legacy", source, "--into", tmp_path / "out").exit_code == 0
    (path,) = (tmp_path / "out" / "sessions").rglob("*.json")
    return path


def test_show(paper: Path) -> None:
    answer = ask("session", "show", paper)
    assert answer.exit_code == 0, answer.output
    digest = hashlib.sha256((paper.parents[4] / "source" / SOURCE).read_bytes()).hexdigest()
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert lines[0] == "S003 · grounding · imported"
    assert f"from {SOURCE} (sha256:{digest})" in lines
    assert "left out item 3: expected an object, got a number" in lines
    assert lines[-3:] == ["Claude Well?", "thought Hm.", "SAGE It is [2Jwarm."]


def test_verify(paper: Path) -> None:
    answer = ask("session", "verify", paper)
    assert answer.exit_code == 0
    assert answer.stdout.startswith("S003 is an imported session, and as its import wrote it: 1 turn, seal sha256:")
    assert f"It was made from {SOURCE} (sha256:" in answer.stdout
    assert "nobody signed" in answer.stdout


def test_one_json_document(paper: Path) -> None:
    document = json.loads(ask("session", "show", paper, "--json").stdout)
    assert document["schema"] == "sage-edge/imported-session/1"
    assert document["content"]["head"]["source"] == SOURCE


@pytest.mark.parametrize("verb", ["show", "verify"])
def test_a_changed_one_is_imported_again(verb: str, paper: Path) -> None:
    whole = paper.read_bytes()
    paper.write_bytes(whole.replace(b"warm", b"cold"))
    answer = ask("session", verb, paper)
    assert answer.exit_code == 8
    assert "turn" not in answer.stdout
    step = answer.stderr.rstrip().splitlines()[-1]
    assert step.endswith("import what it came from again: sage-edge import-legacy DIR --into OUT")
    root = paper.parents[4]
    assert ask("import-legacy", root / "source", "--into", root / "new").exit_code == 0
    assert (root / "new" / paper.relative_to(root / "out")).read_bytes() == whole


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"head": 1}', b'{"format": 1, "files": []}', json.dumps(session(3)).encode()],
)
def test_another_file_is_not_called_changed(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(content)
    answer = ask("session", "verify", tmp_path / "x.json")
    assert answer.exit_code == 8
    assert "it is no whole transcript" in answer.stderr
    assert "it was changed" not in answer.stderr


def test_among_own_papers_it_is_named(paper: Path) -> None:
    with pytest.raises(TranscriptBroken, match="it is the paper of an imported session"):
        archive.read(paper)
