"""What nobody can see stands in no key and in no word, and in quotes only what writing needs."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.declared import Declared, Reader, yaml_text
from sage_edge.declared.yaml_text import YamlRefused
from sage_edge.errors import DeclarationError

NEEDLESS = "\u00ad\u034f\u115f\u180e\u200b\u202a\u202e\u2060\u2066\u2069\u2800\u3164\ufeff\uffa0\U000e0041\u2003\u2009"
WRITTEN = "\u00a0\u061c\u200c\u200d\u200e\u200f\u202f\u3000\ufe0f\U000e0100"
DRAWN = "\u0600\u06dd\u070f"
BARE = {
    "a: x{}": 1, "a: {}x": 1, "a: x{}y": 1, "a: {}": 1, "a: 1{}": 1, "a: true{}": 1, "b: 1\na: x{} # why": 2,
    "a:\n- b\n- x{}": 3, "a: [b,\n  x{}]": 2, "a: {{b: x{}}}": 1, "a: x\n  y{}z\n": 2, "a: &k x{}": 1,
    "a: !!str x{}": 1, "x{}: 1": 1, "a: 1\n{}x: 1": 2, "a: 1\nx{}y: 1": 2, "a: {{x{}: 1}}": 1, "'x{}': 1": 1,
    '"x{}": 1': 1,
    "? |\n  x{}\n: 1": 2,
}  # fmt: skip
QUOTED = {
    "a: 'x{}y'": 1, 'a: "x{}y"': 1, 'b: 1\na: "x\n  y{}z"': 3, "a: |\n  x\n  y{}z\n": 3, "a: >\n  x{}y\n": 2,
    "a: ['x{}y']": 1,
}  # fmt: skip


def problem(text: str) -> tuple[int, str]:
    """The line and the words of a refusal."""
    with pytest.raises(YamlRefused) as refused:
        yaml_text.load(text)
    return refused.value.line, refused.value.problem


def hidden(character: str) -> str:
    """What is said of a character."""
    return f"holds {ascii(character)[1:-1]}, which nobody can see; take it out, or write that code in double quotes"


@pytest.mark.parametrize("form", BARE)
def test_it_stands_in_no_word_and_no_key(form: str) -> None:
    for character in NEEDLESS + WRITTEN:
        assert problem(form.format(character)) == (BARE[form], hidden(character))


@pytest.mark.parametrize("form", QUOTED)
def test_it_stands_in_no_quotes(form: str) -> None:
    for character in NEEDLESS:
        assert problem(form.format(character)) == (QUOTED[form], hidden(character))


@pytest.mark.parametrize("form", QUOTED)
def test_what_writing_needs_may_stand_in_quotes(form: str) -> None:
    for character in WRITTEN + DRAWN:
        assert character in "".join(yaml_text.load(form.format(character))["a"])


@pytest.mark.parametrize("form", BARE)
def test_signs_that_are_drawn_may_stand_everywhere(form: str) -> None:
    for character in DRAWN + "é→≈§":
        yaml_text.load(form.format(character))


def test_its_code_in_double_quotes_means_it() -> None:
    for character in NEEDLESS + WRITTEN:
        code = ascii(character)[1:-1]
        assert yaml_text.load(f'"k{code}": "x{code}"') == {f"k{character}": f"x{character}"}
        assert yaml_text.load(f"# a comment {character}\na: 1 # {character}\n") == {"a": 1}


def test_the_mark_at_the_start_of_a_file_is_none() -> None:
    assert yaml_text.load("\ufeffa: 1") == {"a": 1}


@given(word=st.text(st.characters(min_codepoint=0x80, exclude_categories=("Cs", "Co", "Cn")), min_size=1, max_size=5))
def test_a_word_that_is_read_can_be_seen(word: str) -> None:
    try:
        held = yaml_text.load(f"a: x{word}y")
    except YamlRefused:
        return
    for character in held["a"]:
        assert character.isprintable() or (character > "\u05ff" and unicodedata.category(character) == "Cf"), ascii(
            word
        )


class Licensed(Declared):
    """Three keys."""

    licence: str
    validated: bool = False


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("licence: Apache-2.0\u200b\n", "f/a.yaml: licence: holds \\u200b, which nobody can see"),
        ("licence: a\nvalidated\u200b: true\n", "f/a.yaml: line 2: holds \\u200b, which nobody can see; take it"),
        (
            'licence: a\n"validated\\u200b": true\n',
            "f/a.yaml: validated\\u200b: unknown key; did you mean 'validated'?",
        ),
        ('licence: a\n"licence\\u202e": b\n', "f/a.yaml: licence\\u202e: unknown key; did you mean 'licence'?"),
    ],
)
def test_a_file_is_refused_by_line_and_code(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "a.yaml").write_text(text, "utf-8")
    reader = Reader(tmp_path / "f")
    assert reader.read(tmp_path / "f" / "a.yaml", Licensed) is None
    with pytest.raises(DeclarationError) as refused:
        reader.finish()
    assert refused.value.message.startswith(fault)
    assert refused.value.faults[0].line in (1, 2)
