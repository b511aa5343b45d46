"""Text → JSON: what is repaired is told, what cannot be read is refused with its place."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.legacy import encodings
from sage_edge.legacy.decode import LIMIT_BYTES, Document, parse
from sage_edge.legacy.errors import UnreadableFile


def load(data: bytes) -> Document:
    text, repairs = encodings.text(data)
    found = parse(text)
    return Document(found.value, (*repairs, *found.repairs))


@pytest.mark.parametrize(
    ("data", "value", "told"),
    [
        (b'{"a": 1}', {"a": 1}, ()),
        (b'{"a": 1}\n', {"a": 1}, ()),
        ('{"a": "é 你好"}'.encode(), {"a": "é 你好"}, ()),
        (b'{\r\n"a": 1}\r\n', {"a": 1}, ("CR LF",)),
        (b'{"a": NaN, "b": -Infinity}', {"a": "NaN", "b": "-Infinity"}, ("NaN is no number", "-Infinity is no")),
        (b'{"a": 1e999}', {"a": "1e999"}, ("a number of 5 characters is too large",)),
        (b'{"a": ' + b"9" * 40 + b"}", {"a": "9" * 40}, ("a number of 40 characters",)),
        (b'{"a": 1, "a": 2, "a": 3}', {"a": 3, "a#1": 1, "a#2": 2}, ("the key 'a' stands 3 times",)),
        (b'{\n"a": "x\\ud800"}', {"a": "x\ufffd"}, (r"(a lone surrogate, \ud800) at line 2 column 8 was replaced",)),
        (
            b'["\\udc00\\ud83d\\ude02\\ud83d\\u0041"]',
            ["\ufffd😂\ufffdA"],
            (r"\udc00) at line 1 column 3, and 1 more,",),
        ),
        (b'["\\\\ud83d", "\\\\\\ude02"]', ["\\ud83d", "\\\ufffd"], (r"\ude02) at line 1 column 16 was",)),
        (b'{"\\ude02": 1}', {"\ufffd": 1}, ("half a character",)),
        (b'{"a": "x\ny"}', {"a": "x\ny"}, ("control characters stand bare",)),
        (b'{"a": 1}\n{"b": 2}\n', [{"a": 1}, {"b": 2}], ("it holds 2 values of JSON, one after the other",)),
        (b'{"a": 1}{"b": 2}[3]', [{"a": 1}, {"b": 2}, [3]], ("it holds 3 values",)),
        (b'{"a": 1},\n{"b": 2},', [{"a": 1}, {"b": 2}], ("a comma stands where nothing follows", "it holds 2 values")),
        (b'{"a": [1, 2, ], "b": ",]",\n}', {"a": [1, 2], "b": ",]"}, ("a comma stands where nothing follows",)),
        (b'{"a": 1}\n{"b":', {"a": 1}, ("it ends within its JSON, in what begins at line 2 column 6",)),
    ],
)
def test_repairs_are_told(data: bytes, value: object, told: tuple[str, ...]) -> None:
    found = load(data)
    assert found.value == value
    assert len(found.repairs) == len(told)
    assert all(part in repair for part, repair in zip(told, found.repairs, strict=True))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        ("\ufeff\x1e \ufeff\n".encode(), "it is empty"),
        ("\u00a0\u2003\n".encode(), "line 1 column 1"),
        (b'{"a": 1', "line 1 column 8"),
        (b'{\n"a": 1,\n"b": ""2"}', "line 3 column 8"),
        (b'{"a": 1} x', "Extra data, line 1 column 10"),
        (b"1 2", "Extra data, line 1 column 3"),
        (b'{"a": 1}]', "Extra data, line 1 column 9"),
        (b"[1,,]", "line 1 column 4"),
        (b"[,]", "line 1 column 2"),
        (b"[" * 100_000, "nested more than 64 deep"),
        (b"[" * 70 + b"]" * 70, "nested more than 64 deep"),
        (b'{"a": "\x00x', "was cut off"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        load(data)
    assert why in str(refusal.value)


def test_one_value_a_line() -> None:
    assert parse('{"a": 1}\n\n{"b": 2}\n', by_line=True).value == [{"a": 1}, {"b": 2}]
    with pytest.raises(UnreadableFile, match="line 3 column 1"):
        parse('{"a": 1}\n\nx', by_line=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('[\n{"a": 1},\n{"b": 2}\n]\n', [{"a": 1}, {"b": 2}]),
        ('{\n "a": [\n  1\n ]\n}\n{\n "b": 2\n}', [{"a": [1]}, {"b": 2}]),
    ],
)
def test_lines_that_are_one_text(text: str, value: object) -> None:
    found = parse(text, by_line=True)
    assert found.value == value
    assert found.repairs[-1] == "it is JSON as a whole, not one value a line"


def test_lines_of_several_values_and_with_commas() -> None:
    found = parse('{"a": 1},\n{"b": 2}{"c": 3}\n', by_line=True)
    assert found.value == [{"a": 1}, {"b": 2}, {"c": 3}]
    assert found.repairs == ("a comma stands where nothing follows it; it was passed over",)


@pytest.mark.parametrize("by_line", [True, False])
def test_marks_before_values_are_passed_over(by_line: bool) -> None:
    found = parse('\x1e{"a": 1}\n\ufeff{"b": "\ufeff"}\n\ufeff\n', by_line=by_line)
    assert found.value == [{"a": 1}, {"b": "\ufeff"}]
    assert [repair for repair in found.repairs if "passed over" in repair] == [
        "a record separator stands before a value; it was passed over",
        "a byte-order mark stands before a value; it was passed over",
    ]


def test_a_mean_number_of_commas_is_no_work_without_end() -> None:
    began = time.monotonic()
    with pytest.raises(UnreadableFile, match="too many commas"):
        parse("[" + "[1,]," * 200_000 + "1]")
    assert time.monotonic() - began < 10


def test_the_limit_is_far_above_what_is_known() -> None:
    assert 1 << 20 < LIMIT_BYTES < 100_000_000


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(UnreadableFile):
        json.dumps(load(data).value, allow_nan=False, ensure_ascii=False).encode("utf-8", "strict")


@pytest.mark.parametrize(
    ("text", "by_line", "where"),
    [
        ('{"b": "half a sen', True, "line 1 column 7"),
        ('\n{"b":\n\n', True, "line 2 column 6"),
        ('{"a": tru', False, "line 1 column 7"),
        ('{"a": -', False, "line 1 column 7"),
        ('{"a": 1.5e', False, "line 1 column 10"),
        ('{"a": "x\\u12', False, "line 1 column 10"),
        ('{"a": [1,\n2', False, "line 2 column 2"),
        ('{"a": "b', False, "line 1 column 7"),
        ("[", False, "line 1 column 2"),
    ],
)
def test_what_was_cut_off_is_called_so(text: str, by_line: bool, where: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        parse(text, by_line=by_line)
    assert str(refusal.value) == f"it ends within its JSON, in what begins at {where}: it was cut off"


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_line_cut_anywhere_costs_itself_alone(cut: int) -> None:
    """Wherever a last line ends too early, the lines before it are kept, and what is lost is told."""
    whole = '{"a": ["é\\u00e9", true, -12.5e+3, null]}'
    found = parse(f'{{"a": 1}}\n[2]\n{whole[:cut]}', by_line=True)
    if cut == len(whole):
        assert (found.value, found.lost) == ([{"a": 1}, [2], json.loads(whole)], ())
        return
    assert found.value == [{"a": 1}, [2]]
    (lost,) = found.lost
    assert lost.startswith("it ends within its JSON, in what begins at line 3 column ")
    assert found.repairs == (f"{lost}; what stands before it was kept",)


@pytest.mark.parametrize(
    "text", ['{"a": 1}\n{"b": 1]', '{"a": 1}\n{"b" 1', '{"a": 1}\n[1] t', '{"a": 1}\n{"a": "\\uzz"}']
)
def test_a_broken_last_line_is_no_end(text: str) -> None:
    with pytest.raises(UnreadableFile, match=r"no JSON: .*, line 2 column"):
        parse(text, by_line=True)


@pytest.mark.parametrize("text", ['{"a": "b\n{"c": 1}', '{"a":\n{"c": 1}'])
def test_a_broken_line_in_the_middle_was_not_cut_off(text: str) -> None:
    with pytest.raises(UnreadableFile, match=r"no JSON: .*, line 1 column"):
        parse(text, by_line=True)
