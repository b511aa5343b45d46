"""What is no transcript is called what it is."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from sage_edge.legacy import kinds
from tests.legacy.papers import Json, read, session, training

ROW: JsonValue = {"id": "a1", "prompt": "A?", "response": "B.", "salience": {"total": 0.5}, "session": 3}

OURS: Json = {"head": {}, "turns": [{"prompt": "A?", "reply": "B."}], "closing": {}, "seal": "sha256:00"}


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("thor_worklog.txt", "a worklog"),
        ("PROVENANCE.md", "text for people"),
        ("base-instruct/LICENSE", "a licence"),
        ("chat_template.jinja", "a chat template"),
        ("model.safetensors", "weights or numbers in binary"),
        ("identity.sealed", "a key or a sealed file; it was not opened"),
        ("run_session.py", "a program"),
        ("crontab", "a file of another kind"),
    ],
)
def test_by_name(name: str, what: str) -> None:
    assert not kinds.is_json(name)
    assert kinds.by_name(name) == what


@pytest.mark.parametrize(
    ("name", "is_json"),
    [
        ("a.json", True),
        ("a.JSON", True),
        ("a.json.bak", True),
        ("buffer.json.backup_20260201", True),
        ("a.jsonl", True),
        ("json", False),
        ("a.json5x", True),
        ("a.jsonnet", False),
    ],
)
def test_what_promises_json(name: str, is_json: bool) -> None:
    assert kinds.is_json(name) == is_json


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"identity": {}, "development": {}}, "an identity file"),
        ({"identity": {}, "memory_requests": []}, "an identity file"),
        ({"current_session": 3, "skill_track_progress": {}}, "the state of the training track"),
        ([ROW, ROW], "an experience buffer of 2 rows"),
        ({"experiences": [ROW], "max_size": 500}, "an experience buffer of 1 row"),
        ({"experiences": [], "max_size": 500}, "an experience buffer of 0 rows"),
        ({"experiences": [], "created": "2026-03-01", "total": 0}, "an experience buffer of 0 rows"),
        ([ROW, ROW, {"prompt": "A?", "response": "B."}], "an experience buffer of 3 rows, 1 of them not whole"),
        ({"experiences": [ROW, ROW, None]}, "an experience buffer of 3 rows, 1 of them not whole"),
        ({"peft_type": "LORA", "base_model_name_or_path": "x"}, "an adapter's configuration"),
        ({"model_type": "qwen2", "architectures": []}, "a model's configuration"),
        ({"weight_map": {}, "metadata": {}}, "a model's list of weights"),
        ({"<|end|>": 7}, "a tokenizer's list of added tokens"),
        ({"fleet_version": 3, "machines": {}}, "a fleet manifest"),
        ({"slug": "a", "files": [], "timestamp": ""}, "a pointer to a snapshot"),
        (OURS, "a transcript of ours; nothing to import"),
        ({**OURS, "head": {"provenance": "legacy"}}, "a paper of an import; nothing to import"),
    ],
)
def test_by_content(value: JsonValue, what: str) -> None:
    assert kinds.by_content(value) == what
    found = read(value, "x.json")
    assert (found.what, found.why, found.drafts) == (what, None, ())


@pytest.mark.parametrize(
    "value",
    [
        session(),
        session(experiences=[ROW, ROW]),
        session(experiences=[]),
        training(),
        session(identity={"name": "SAGE"}, development={}),
        {},
        [],
        3,
        {"a": 1},
    ],
)
def test_a_session_is_none_of_them(value: JsonValue) -> None:
    assert kinds.by_content(value) is None


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"b": 1, "a": 2}, "JSON that holds no turns; its keys: a, b"),
        ({}, "JSON that holds no turns; an empty object"),
        ([1, 2], "JSON that holds no turns; a list of 2"),
        ("text", "JSON that holds no turns; a single value"),
    ],
)
def test_what_nobody_knows(value: JsonValue, what: str) -> None:
    assert read(value, "x.json").what == what


@pytest.mark.parametrize("value", [{"session": 4, "conversation": []}, {"session": 4, "results": [1]}])
def test_a_session_without_turns_is_refused(value: JsonValue) -> None:
    assert read(value).why == "it is called a session and holds no turn"
    assert read({"turns": []}, "session_004.json").why == "it is called a session and holds no turn"
