"""Words in their place: nouns for modules, one meaning for each type, names that say what they hold, nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import repeats, vocabulary
from tests.house import Source, load

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = load(ROOT / "sage_edge")
MOST_SKIPS = 40

NOUNS = {
    "coupling": "the statistic, and the report's section on it",
    "grounding": "the scorer's id since its first paper, in both of its versions",
    "sampling": "how tokens are drawn: the field's noun",
    "scaling": "laws of it",
    "scoring": "the field's noun",
    "substring": "no mood: a string",
    "training": "the kind of session, and what raises it",
}
"""Modules that end in -ing because the field's noun does."""

HOMONYMS: dict[str, str] = {}
"""Type names with more than one meaning, each with the reason why it stays."""


def test_modules_are_nouns() -> None:
    stems = {Path(path).stem for path in vocabulary.moods(PACKAGE)}
    assert stems == NOUNS.keys()
    assert len(vocabulary.moods(PACKAGE)) <= 9


def test_a_type_name_means_one_thing() -> None:
    assert {name: files for name, files in vocabulary.types(PACKAGE).items() if name not in HOMONYMS} == {}
    assert HOMONYMS.keys() <= vocabulary.types(PACKAGE).keys(), "what has one meaning by now needs no reason"
    assert len(HOMONYMS) <= 10


def test_names_say_what_they_hold() -> None:
    assert [fault for source in PACKAGE for fault in vocabulary.vague(source)] == []


def test_nothing_long_stands_twice() -> None:
    assert repeats.repeats(repeats.sources(ROOT)) == []


def test_tables_alone_escape_the_formatter() -> None:
    paths = [path for name in ("sage_edge", "tests", "tools", "images") for path in (ROOT / name).rglob("*.py")]
    marks = [
        line for path in paths for line in path.read_text("utf-8").splitlines() if line.endswith("# fmt" + ": skip")
    ]
    assert len(marks) <= MOST_SKIPS


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("found = 1", 1),
        ("def f(told: int) -> None: ...", 1),
        ("for one in rows:\n    pass", 1),
        ("with x as said:\n    made = 2", 2),
        ("finding = found", 0),
        ("import one", 0),
    ],
)
def test_vague_names_can_fail(text: str, count: int) -> None:
    assert len(vocabulary.vague(Source("mind/a.py", text))) == count


def test_two_meanings_can_fail() -> None:
    texts = ("class Plan: ...\nclass _Own: ...", "Plan = dict[str, int]\nclass _Own: ...", "PLAN = 1")
    sources = [Source(f"mind/{name}.py", text) for name, text in zip("abc", texts, strict=True)]
    assert vocabulary.types(sources) == {"Plan": ["mind/a.py", "mind/b.py"]}


@pytest.mark.parametrize(
    ("path", "mood"), [("mind/looking.py", True), ("mind/look_ing.py", False), ("mind/ring.py", True)]
)
def test_moods_can_fail(path: str, mood: bool) -> None:
    assert bool(vocabulary.moods([Source(path, "")])) is mood


@pytest.mark.parametrize(
    ("equal", "said"),
    [(12, []), (13, ["a.py:2: 13 equal lines in b.py:4"]), (20, ["a.py:2: 20 equal lines in b.py:4"])],
)
def test_repeats_can_fail(equal: int, said: list[str]) -> None:
    run = "\n".join(f"line {number}" for number in range(equal))
    texts = {"a.py": f"first\n{run}\nlast of a", "b.py": f"import x\n\n# why\n{run}\nlast of b"}
    assert [str(repeat) for repeat in repeats.repeats(texts)] == said


def test_what_is_not_compared_is_not_counted() -> None:
    assert [line for _, line in repeats.counted("import a\n\n# b\nfrom c import d\n e \n")] == ["e"]
