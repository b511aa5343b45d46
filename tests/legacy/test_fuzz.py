"""Any file below the folder becomes papers, or is told with a reason; no item of a list of turns is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from sage_edge.legacy import import_folder, paper_status, session_file
from sage_edge.legacy.containers import EXERCISES, KNOWN
from sage_edge.legacy.decode import LIMIT_BYTES
from sage_edge.legacy.session_file import ParsedFile
from sage_edge.legacy.vocabulary import ANSWERS, QUESTIONS, SPEAKERS, TEXTS
from sage_edge.records import legacy
from sage_edge.records.base import parse
from sage_edge.records.legacy import LegacyTranscript
from tests.legacy.papers import TEXT, plant, read, session, training

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["SAGE", "Claude", "2026-03-08T02:30:00", "T024", "[GENERATION FAILED", "<think>x", "2026-01-01"]),
)
KEYS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        [
            *KNOWN,
            EXERCISES,
            *QUESTIONS,
            *ANSWERS,
            *SPEAKERS,
            *TEXTS,
            "session",
            "session_number",
            "start",
            "end",
            "timestamp",
            "date",
            "time",
            "machine",
            "model",
            "phase",
            "generation_mode",
            "exercise",
            "type",
            "expected",
            "evaluation",
            "error",
            "identity",
            "development",
            "experiences",
            "salience",
            "dry_run",
            "hypothesis",
            "system_prompt",
            "skill_name",
            "cpu_fallback",
        ]
    ),
)


def _deeper(inner: st.SearchStrategy[JsonValue]) -> st.SearchStrategy[JsonValue]:
    return st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6))


VALUES: st.SearchStrategy[JsonValue] = st.recursive(SCALARS, _deeper, max_leaves=25)
ITEMS = st.one_of(
    VALUES, st.dictionaries(st.sampled_from([*QUESTIONS, *ANSWERS, *SPEAKERS, *TEXTS]), SCALARS, max_size=4)
)
NAMES = st.sampled_from(
    [f"{TEXT}/session_003.json", "T024.json", "history/abcdef1/x.json", "R14B_010.json", "a.jsonl", "x.json.bak"]
)


def settled(found: ParsedFile) -> list[LegacyTranscript]:
    """Make papers of what a file came to, as an import does."""
    heads = paper_status.settle(found.drafts)
    return [import_folder.paper(draft, head) for draft, head in zip(found.drafts, heads, strict=True)]


def judge(found: ParsedFile) -> list[LegacyTranscript]:
    """Check what must hold of every file, and return its papers."""
    papers = settled(found)
    assert papers or found.why or found.what
    for paper in papers:
        assert legacy.chain_faults(paper) == ()
        assert parse(LegacyTranscript, paper.pretty()) == paper
        assert legacy.dialogue(paper).exchanges
        assert not legacy.place(paper).startswith(("/", "."))
    return papers


@given(VALUES, NAMES)
def test_any_json_is_a_transcript_or_told(value: JsonValue, name: str) -> None:
    judge(read(json.dumps(value).encode(), name))


@given(st.binary(max_size=300), NAMES)
def test_any_bytes_are_refused_or_read(data: bytes, name: str) -> None:
    judge(read(data, name))


@given(st.lists(ITEMS, min_size=1, max_size=6), st.sampled_from(KNOWN), st.lists(ITEMS, max_size=4))
def test_every_item_is_kept_or_doubled_or_refused(items: list[JsonValue], key: str, drills: list[JsonValue]) -> None:
    found = read({"session": 3, key: items, EXERCISES: drills})
    judge(found)
    counted = sum(draft.kept + draft.doubled + len(draft.refused) for draft in found.drafts) + len(found.lost)
    if found.drafts and found.drafts[0].head.place is None:
        head = found.drafts[0].head
        beside = [held for name, held in ((key, items), (EXERCISES, drills)) if name in head.extra]
        assert counted == len(items) + len(drills) - sum(map(len, beside))
        assert len(list(filter(None, beside))) == sum("was not read" in told for told in head.repairs)
    elif found.why and found.lost:
        assert counted >= len(items)


CHANGES: tuple[Callable[[bytes, int], bytes], ...] = (
    lambda data, at: data[: at % len(data)],
    lambda data, at: data[: at % len(data)] + b'"' + data[at % len(data) :],
    lambda data, at: data[: at % len(data)] + b"\xff" + data[at % len(data) + 1 :],
    lambda data, at: data[at % len(data) :],
)


@given(st.sampled_from([session(), training()]), st.integers(0, 5000), st.sampled_from(CHANGES))
def test_a_damaged_file_is_refused_or_read(whole: JsonValue, at: int, change: Callable[[bytes, int], bytes]) -> None:
    judge(read(change(json.dumps(whole).encode(), at)))


@settings(max_examples=25)
@given(contents=st.lists(st.one_of(st.binary(max_size=60), VALUES), max_size=4))
def test_any_folder_can_be_planned(contents: list[JsonValue | bytes], tmp_path_factory: object) -> None:
    root = tmp_path_factory.mktemp("any")  # type: ignore[attr-defined]
    plant(root, {f"{number}/session_00{number}.json": one for number, one in enumerate(contents)})
    report = import_folder.plan(Path(root)).report
    assert len(report.files) == len(contents)
    assert all(row.found == row.kept + row.doubled + len(row.refused) for row in report.files)
    assert all(row.papers or row.reason for row in report.files)


def test_a_file_above_the_limit_never_reaches_the_parser() -> None:
    assert LIMIT_BYTES < 100_000_000
    assert session_file.of_bytes(b"[" * 1000, "x.json").why == "it is nested more than 64 deep"
