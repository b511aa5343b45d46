"""YAML 1.2 in and out: what readers differ about is refused by its line."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from sage_edge.declared import yaml_text
from sage_edge.declared.yaml_text import WrittenValue, YamlRefused
from tests import house
from tests.declared.yaml_cases import MEANINGS, REFUSED

_NESTED = yaml_text.MOST_DEPTH
EVERY = (*MEANINGS, *REFUSED)
WORDS = st.sampled_from([*EVERY, "<<", "*a", "&a", "!a", "- a", "a: b", "#", "yes", "2026-11-30"])
CONTENT = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


def refused(text: str) -> YamlRefused:
    with pytest.raises(YamlRefused) as caught:
        yaml_text.load(text)
    return caught.value


@pytest.mark.parametrize("form", ["{}", "a: {}", "- {}", "a: [{}]", "a: {{b: {}}}", "a:\n- b: {}\n  c: 1", "? a\n: {}"])
def test_a_word_means_the_same_everywhere(form: str) -> None:
    for word, meaning in MEANINGS.items():
        held: Any = yaml_text.load(form.format(word))
        while isinstance(held, dict | list):
            held = next(iter(held.values() if isinstance(held, dict) else held), None)
        assert (type(held), held) == (type(meaning), meaning), word


@pytest.mark.parametrize("form", ["a: '{}'", 'a: "{}"', "a: !!str {}", "a: ! {}"])
def test_in_quotes_every_word_is_text(form: str) -> None:
    assert [yaml_text.load(form.format(word)) for word in EVERY] == [{"a": word} for word in EVERY]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\n<<: {b: 1}", 2, "<< would merge"),
        ("x: &x {b: 1}\ny:\n  <<: *x\n", 3, "<< would merge"),
        ("1: a", 1, "key 1 is no text; write it in quotes"),
        ("a: 1\ntrue: a", 2, "key true is no text"),
        ("\N{TILDE}: a", 1, "key \N{TILDE} is no text"),
        ("?\n: a", 1, "key  is no text"),
        ("020: a", 1, "key 020 is no text"),
        ("? [a]\n: b", 1, "a key is no text"),
        ("? {a: 1}\n: b", 1, "a key is no text"),
        ("a: 1\nb: {c: 1, c: 2}", 2, "key 'c' is given twice"),
        ("a: 1\n'a': 2", 2, "key 'a' is given twice"),
        ("a: !!int yes", 1, "yes is no int, as its tag says"),
        ("a: !!int 1.0", 1, "1.0 is no int"),
        ("a: !!bool on", 1, "on is no bool"),
        ("a: !!null x", 1, "x is no null"),
        ("a: !!float x", 1, "x is no float"),
        ("a: !!timestamp 2026-11-30", 1, "the tag tag:yaml.org,2002:timestamp is not known here"),
        ("a: !!binary aGk=", 1, "the tag tag:yaml.org,2002:binary"),
        ("a: !!set {b}", 1, "the tag tag:yaml.org,2002:set"),
        ("a: !!omap [b: 1]", 1, "the tag tag:yaml.org,2002:omap"),
        ("a: !!python/tuple [1]", 1, "the tag tag:yaml.org,2002:python/tuple"),
        ("a: !own 1", 1, "the tag !own"),
        ("a: !!map [1]", 1, "the tag tag:yaml.org,2002:map"),
        ("%YAML 1.1\n---\na: on", 1, "only YAML 1.2 is read"),
        ("%TAG ! tag:x,2026:\n---\na: 1", 1, "only YAML 1.2 is read"),
        ("a: 1\n---\nb: 2", 2, "expected a single document"),
        ("a: 1\nb: x\x85y", 2, "which ends a line in some versions"),
        ("a: 1\n\nb: 'x\u2028y'", 3, "which ends a line in some versions"),
        ("a: x\u2029y", 1, "which ends a line in some versions"),
        (r'a: "\ud83d\ude00"', 1, "holds half a character"),
        ("a: &a [*a]", 1, "*a names nothing that was read before it"),
        ("a: *b", 1, "*b names nothing"),
        ("a: .inf", 1, ".inf is no finite number"),
        ("a: [1, 1e999]", 1, "1e999 is beyond"),
        ("a: " + "[" * 5_000, 1, "is nested too deeply"),
        ("a: " + "{b: " * 5_000, 1, "is nested too deeply"),
    ],
)
def test_what_readers_differ_about_is_refused_by_its_line(text: str, line: int, problem: str) -> None:
    error = refused(text)
    assert error.line == line
    assert problem in error.problem


def test_a_tag_of_the_core_schema_that_is_true_is_read() -> None:
    text = "[!!int 20, !!float 1, !!bool true, !!null null, !!str on, !!seq [], !!map {}]"
    held = yaml_text.load(text)
    assert (held, [type(item) for item in held]) == (
        [20, 1.0, True, None, "on", [], {}], [int, float, bool, type(None), str, list, dict]
    )  # fmt: skip


def test_an_alias_is_the_value_that_it_names() -> None:
    assert yaml_text.load("a: &x {b: [1, on]}\nc: *x\nd: [*x]\n&k e: &x 2\nf: *x\ng: *k") == {
        "a": {"b": [1, "on"]}, "c": {"b": [1, "on"]}, "d": [{"b": [1, "on"]}], "e": 2, "f": 2, "g": "e",
    }  # fmt: skip


def test_aliases_do_not_multiply_for_ever() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    error = refused("\n".join(rows))
    assert (error.line, "100000 values" in error.problem) == (5, True)
    ladder = "\n".join(f"a{n}: &a{n} {'[' * 30}{f'*a{n - 1}' if n else 'x'}{']' * 30}" for n in range(9))
    assert (refused(ladder).line, refused(ladder).problem) == (4, "is nested too deeply")


def test_nesting_has_one_bound() -> None:
    assert yaml_text.load("[" * _NESTED + "]" * _NESTED) is not None
    assert refused("[" * (_NESTED + 1) + "]" * (_NESTED + 1)).problem == "is nested too deeply"


def test_each_value_has_its_place_and_its_word() -> None:
    text = "a: 1_000\nb:\n  - c: 'on'\n    d: [0o17,\n      \"x\\ty\"]\ne: &k .5\nf: *k\ng: |\n  text\n"
    written = {key: (value.line, value.written) for key, value in yaml_text.places(text).items()}
    assert written == {
        "a": (1, "1_000"), "b": (2, None), "b[0]": (3, None), "b[0].c": (3, "'on'"), "b[0].d": (4, None),
        "b[0].d[0]": (4, "0o17"), "b[0].d[1]": (5, '"x\\ty"'), "e": (6, "&k .5"), "f": (7, "*k"),
        "g": (8, "|\\n  text"),
    }  # fmt: skip
    assert yaml_text.places("a: " + "x" * 100)["a"] == WrittenValue(1, "x" * 59 + "…")


def test_nothing_else_reads_yaml() -> None:
    sources = house.load(Path(__file__).resolve().parents[2] / "sage_edge")
    users = {source.path for source in sources if re.search(r"^\s*(import|from) yaml\b", source.text, re.MULTILINE)}
    of_compose = {f"deploy/{name}.py" for name in ("checkout", "parsed_compose", "release_differences")}
    assert users == {"declared/yaml_text.py", *of_compose}, "a compose file is docker's: its form only"


@given(content=CONTENT)
def test_what_is_written_is_read_again(content: object) -> None:
    text = yaml_text.dump(content)
    assert repr(yaml_text.load(text)) == repr(content), text
    assert repr(yaml.safe_load(text)) == repr(content), "a reader of YAML 1.1 finds the same"


def read(text: str) -> tuple[Any, YamlRefused | None]:
    """What a text holds, or why it is refused."""
    try:
        return yaml_text.load(text), None
    except YamlRefused as refused:
        return None, refused


@given(content=CONTENT)
def test_json_is_read_as_json_says(content: object) -> None:
    held, refusal = read(json.dumps(content, ensure_ascii=False))
    why = ("line in some", "not allowed", "half a", "digits", "nobody can see")
    if refusal is None:
        assert repr(held) == repr(content)
    else:
        assert any(sign in refusal.problem for sign in why)


SIGNS = st.sampled_from(
    ("- ", "key: ", "? ", ": ", ", ", "[", "]", "{", "}", "#", "&a", "*a", "!", "!!str ", "|", ">-", "'", '"', "%", "?")
) | st.sampled_from(
    (
        "\\",
        "\\x41",
        "---",
        "...",
        "\n",
        "\n  ",
        "\r\n",
        "\t",
        " ",
        "a",
        "b c",
        "01",
        "1.5",
        "null",
        "<<",
        "\u00e9",
        "\ufeff",
        "\x07",
    )
)


def by_pyyaml(text: str) -> tuple[Any, YamlRefused | None]:
    with mock.patch.object(yaml_text, "_LIBYAML", None):
        return read(text)


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="this PyYAML has no libyaml, so there is one parser")
@given(text=st.lists(SIGNS, max_size=24).map("".join) | st.text(max_size=60))
@example("a: 1\tb")
@example("\ufeffa: 1")
@example("a: |#\n b")
@example("a: 1\na: 2\n\x07")
@example("- !\n- &a [1]\n- *a")
@example("a: \ud800")
@example("[b? c]")
def test_both_parsers_find_the_same(text: str) -> None:
    (held, refusal), (expected, reason) = read(text), by_pyyaml(text)
    assert (repr(held), repr(refusal)) == (repr(expected), repr(reason))
    if refusal is not None and reason is not None:
        assert (refusal.line, refusal.key) == (reason.line, reason.key)


@given(text=st.text(max_size=60) | st.text("-?:,[]{}#&*!|>'\"%@` \n\tab01.\N{TILDE}<=", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    held, refusal = read(text)
    if refusal is None:
        assert not isinstance(held, float) or math.isfinite(held)
        yaml_text.places(text)
    else:
        assert refusal.line >= 0
        assert "\n" not in refusal.problem
