"""In which encoding an old file is: read rightly, or refused by its true name, and never silently as other words."""

from __future__ import annotations

import bz2
import codecs
import gzip
import json
import lzma
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.legacy import encodings
from sage_edge.legacy.errors import UnreadableFile
from tests.legacy.papers import planned, read, session, utterances

SPOKEN = "Ça va? 😂 你好"
JSON = json.dumps({"a": SPOKEN}, ensure_ascii=False)


def cesu(text: str) -> bytes:
    """Return a text as CESU-8 has it: each half of what UTF-16 writes as two, by itself."""
    wide = text.encode("utf-16-be", "surrogatepass")
    halves = (wide[at : at + 2].decode("utf-16-be", "surrogatepass") for at in range(0, len(wide), 2))
    return "".join(halves).encode("utf-8", "surrogatepass")


AT = len(b'{"a": "\xc3\x87a va? ')
RIGHTLY: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "utf-8": (JSON.encode(), ()),
    "utf-8-bom": (codecs.BOM_UTF8 + JSON.encode(), ("a byte-order mark at the start was taken off",)),
    "utf-16-le-bom": (codecs.BOM_UTF16_LE + JSON.encode("utf-16-le"), ("it is UTF-16, not UTF-8",)),
    "utf-16-be-bom": (codecs.BOM_UTF16_BE + JSON.encode("utf-16-be"), ("it is UTF-16, not UTF-8",)),
    "utf-16-le": (JSON.encode("utf-16-le"), ("it is UTF-16 without a byte-order mark, not UTF-8",)),
    "utf-16-be": (JSON.encode("utf-16-be"), ("it is UTF-16 without a byte-order mark, not UTF-8",)),
    "utf-32-le-bom": (codecs.BOM_UTF32_LE + JSON.encode("utf-32-le"), ("it is UTF-32, not UTF-8",)),
    "utf-32-be-bom": (codecs.BOM_UTF32_BE + JSON.encode("utf-32-be"), ("it is UTF-32, not UTF-8",)),
    "utf-32-le": (JSON.encode("utf-32-le"), ("it is UTF-32 without a byte-order mark, not UTF-8",)),
    "utf-32-be": (JSON.encode("utf-32-be"), ("it is UTF-32 without a byte-order mark, not UTF-8",)),
    "cesu-8": (cesu(JSON), (f"byte {AT} (line 1) is CESU-8: 1 character put together from two halves",)),
    "cesu-8-bom": (
        codecs.BOM_UTF8 + cesu(JSON),
        ("a byte-order mark", f"byte {AT + 3} (line 1) is CESU-8: 1 character"),
    ),
    "nul-tail": (
        JSON.encode() + bytes(9),
        (f"9 NUL bytes at its end, from byte {len(JSON.encode())} (line 1) on, were taken off",),
    ),
}


@pytest.mark.parametrize("name", RIGHTLY)
def test_read_rightly_and_told(name: str) -> None:
    data, told = RIGHTLY[name]
    text, repairs = encodings.text(data)
    assert json.loads(text) == {"a": SPOKEN}
    assert len(repairs) == len(told)
    assert all(part in repair for part, repair in zip(told, repairs, strict=True))


@pytest.mark.parametrize(
    ("data", "right", "told"),
    [
        (
            cesu('["😂"') + ', "😂"]'.encode(),
            '["😂", "😂"]',
            "byte 2 (line 1) is CESU-8, and byte 12 (line 1) is UTF-8",
        ),
        (b'[\n"\xed\xa0\xbd"]', '[\n"\ufffd"]', "(a lone surrogate, U+D83D) at byte 3 (line 2) was replaced by U+FFFD"),
        (b'["\xed\xb8\x82\xed\xa0\xbd"]', '["\ufffd\ufffd"]', "U+DE02) at byte 2 (line 1), and 1 more, was replaced"),
        (b'["\xed\xa0\xbd\xed\xa0\xbd\xed\xb8\x82"]', '["\ufffd😂"]', "U+D83D) at byte 2 (line 1) was replaced"),
        ('["'.encode("utf-16-le") + b'=\xd8"\0]\0', '["\ufffd"]', "U+D83D) at byte 4 (line 1) was replaced"),
        (codecs.BOM_UTF16_BE + '["x'.encode("utf-16-be") + b'\xde\x02\0"\0]', '["x\ufffd"]', "U+DE02) at byte 8 (line"),
        ('["\ud83d\ude02"]'.encode("utf-32-le", "surrogatepass"), '["😂"]', "byte 8 (line 1) is UTF-32 of halves: 1"),
        (
            b'["\xc0\x80\xc0\x80\xed\xa0\xbd"]',
            '["\0\0\ufffd"]',
            "it is modified UTF-8: byte 2 (line 1) is a NUL of two",
        ),
        (b'["\xc0\x80\xc0\x80\xed\xa0\xbd"]', '["\0\0\ufffd"]', "U+D83D) at byte 6 (line 1) was replaced"),
        (cesu('["😂"]') + b"\0", '["😂"]', "1 NUL byte at its end, from byte 10 (line 1) on, were taken off"),
        (b'{\n"a": "caf\xe9"}', '{\n"a": "café"}', "byte 11 (line 2) is not UTF-8: it was read as Windows-1252"),
        (b'["\x93Tr\xe8s bien\x94, fa\xe7ade \x96 Stra\xdfe"]', '["“Très bien”, façade – Straße"]', "Windows-1252"),
    ],
)
def test_what_is_not_whole_is_told_with_its_place(data: bytes, right: str, told: str) -> None:
    text, repairs = encodings.text(data)
    assert text == right
    assert any(told in repair for repair in repairs), repairs


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (gzip.compress(JSON.encode(), mtime=0), "it is compressed with gzip; unpack it first"),
        (bz2.compress(JSON.encode()), "it is compressed with bzip2"),
        (lzma.compress(JSON.encode()), "it is compressed with xz"),
        (b"PK\x03\x04 and so on", "it is a zip archive"),
        (b"SQLite format 3\x00", "it is an SQLite database"),
        (b"version https://git-lfs.example/spec/v1\n", "it is a pointer of Git LFS"),
        (b"\n<!DOCTYPE html>", "it is a web page"),
        (bytes(4096), "it is 4096 NUL bytes and nothing else"),
        (b'{"a": "x' + bytes(40), "40 NUL bytes at its end, from byte 8 (line 1) on: the rest of it never"),
        (b'["x",\n"' + bytes(9) + b'"]', "9 NUL bytes at byte 7 (line 2): a part of it never got to the disk"),
        ('["é'.encode()[:-1], "it is UTF-8 and ends within a character, at byte 2 (line 1): it was cut off"),
        ('["😂'.encode()[:-1], "ends within a character, at byte 2 (line 1)"),
        ('["é'.encode("utf-16-le")[:-1], "it is UTF-16 and ends within a character, at byte 4 (line 1)"),
        ('["é'.encode("utf-32-le")[:-1], "it is UTF-32 and ends within a character, at byte 8 (line 1)"),
        ('["'.encode("utf-32-le") + b"\0\0\x11\0]\0\0\0", "it is UTF-32, and byte 8 (line 1) is not: it was damaged"),
        (codecs.BOM_UTF8 + b'["\xe9"]', "it is UTF-8, and byte 5 (line 1) is not: it was damaged"),
        ('{"a": "é'.encode() + b'\xe9"}', "byte 9 (line 1) is not UTF-8, other characters are: it was damaged, or"),
        (cesu('["😂') + b' caf\xe9"]', "byte 12 (line 1) is not UTF-8, other characters are"),
        (b'{"a": "\x81"}', "not Windows-1252 either"),
    ],
)
def test_what_cannot_be_read_is_called_by_its_name(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        encodings.text(data)
    assert why in str(refusal.value)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("gbk", "你好吗，今天很好"),
        ("big5", "你好嗎，今天很好"),
        ("shift_jis", "こんにちは、げんきですか"),
        ("euc-kr", "안녕하세요"),
        ("koi8-r", "Привет, как дела"),
        ("cp1251", "Привет, как дела"),
        ("iso8859-7", "Καλημέρα"),
    ],
)
def test_another_code_page_is_not_read_as_western(page: str, words: str) -> None:
    with pytest.raises(UnreadableFile, match="not Windows-1252 either: a code page that it does not name"):
        encodings.text(f'["{words}"]'.encode(page))


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_every_encoding_holds_the_same_text(words: str) -> None:
    text = json.dumps({"a": words, "b": "\U0001f602"}, ensure_ascii=False)
    others = [text.encode(name) for name in ("utf-8", "utf-16", "utf-16-be", "utf-32", "utf-32-le")]
    for data in (cesu(text), *others):
        assert json.loads(encodings.text(data)[0]) == json.loads(text)


@given(st.text(st.characters(categories=("L", "Cs")), max_size=12))
def test_half_a_character_is_never_silent(words: str) -> None:
    text, repairs = encodings.text(b'["' + words.encode("utf-8", "surrogatepass") + b'"]')
    whole = words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert text.count("\ufffd") == sum(0xD800 <= ord(c) < 0xE000 for c in _joined(words))
    assert bool(repairs) == (whole != words or "\ufffd" in whole)


def _joined(words: str) -> str:
    return words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def test_an_import_tells_it_with_the_file(tmp_path: Path) -> None:
    content = session(3, conversation=utterances("How is it?", "Bright 😂."))
    data = cesu(json.dumps(content, ensure_ascii=False))
    assert read(data).drafts[0].words[0].reply == "Bright 😂."
    report = planned(tmp_path, {"a/session_003.json": data, "a/session_004.json": gzip.compress(data, mtime=0)}).report
    assert [(row.source, row.outcome) for row in report.files] == [
        ("a/session_003.json", "imported"),
        ("a/session_004.json", "refused"),
    ]
    assert "is CESU-8: 1 character put together" in report.files[0].repairs[0]
    assert report.files[1].reason == "it is compressed with gzip; unpack it first"
