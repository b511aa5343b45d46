"""Bytes → text: which encoding a file is in, told by name; never a guess that makes other characters of them.

UTF-8, UTF-16, UTF-32      with a byte-order mark, or by where the first NUL stands: JSON begins with two of ASCII
CESU-8, modified UTF-8     characters above U+FFFF as two halves of three bytes each, NUL as C0 80
Windows-1252               where no byte speaks for UTF-8, and none for another code page
"""

from __future__ import annotations

import codecs
import dataclasses
import re
from dataclasses import dataclass, field

from sage_edge.legacy.errors import UnreadableFile
from sage_edge.sizes import counted

_FOREIGN = (
    (rb"\x1f\x8b", "it is compressed with gzip; unpack it first"),
    (rb"PK\x03\x04", "it is a zip archive; unpack it first"),
    (rb"BZh[1-9]1AY", "it is compressed with bzip2; unpack it first"),
    (rb"\xfd7zXZ\x00", "it is compressed with xz; unpack it first"),
    (rb"\x28\xb5\x2f\xfd", "it is compressed with zstandard; unpack it first"),
    (rb"\x04\x22\x4d\x18", "it is compressed with lz4; unpack it first"),
    (rb"SQLite format 3\x00", "it is an SQLite database"),
    (rb"version https://git-lfs", "it is a pointer of Git LFS, and what it points to is elsewhere: git lfs pull"),
    (rb"(?i)\s*<(?:!doctype|html)", "it is a web page"),
)
_ENCODINGS = (
    (codecs.BOM_UTF32_LE, rb"[^\x00]\x00\x00\x00", "UTF-32", "utf-32-le"),
    (codecs.BOM_UTF32_BE, rb"\x00\x00\x00[^\x00]", "UTF-32", "utf-32-be"),
    (codecs.BOM_UTF16_LE, rb"[^\x00]\x00", "UTF-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, rb"\x00[^\x00]", "UTF-16", "utf-16-be"),
)
"""Mark, how the first characters of JSON look without it, and the encoding; the wider one first."""

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALF = re.compile("[\ud800-\udfff]")
_ABOVE = re.compile("[\U00010000-\U0010ffff]")
_UTF8 = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|\xe0[\xa0-\xbf][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{3}"
)
_CLOSE = re.compile(rb"[\x80-\xff]{3,}")
_HIGH = re.compile(rb"[\x80-\xff]")
_HOLE = re.compile("\x00{2,}")


@dataclass
class _Bytes:
    """A file's bytes without their mark, and what was repaired. name: of the encoding; skipped: bytes of the mark.

    is_modified: each NUL of its text stands as two bytes in the file.
    """

    data: bytes
    encoding: str = "utf-8"
    name: str = "UTF-8"
    skipped: int = 0
    repairs: list[str] = field(default_factory=list)
    is_modified: bool = False
    by_line: bool = False

    def at(self, text: str, place: int) -> str:
        """Where a character of the text stands in the file."""
        before = text[:place]
        start = self.skipped + len(before.encode(self.encoding, "surrogatepass"))
        start += before.count("\x00") if self.is_modified else 0
        return f"byte {start} (line {before.count(chr(10)) + 1})"


def text(data: bytes, *, by_line: bool = False) -> tuple[str, list[str]]:
    """Return the text of some bytes, and what had to be repaired. Raises UnreadableFile.

    by_line: what is wrong with its end alone is no reason to refuse it, as the lines before it are whole.
    """
    for pattern, what in _FOREIGN:
        if re.match(pattern, data):
            raise UnreadableFile(what)
    if data and not data.strip(b"\x00"):
        raise UnreadableFile(
            f"it is {counted(len(data), 'NUL byte')} and nothing else: its content never got to the disk"
        )
    read = dataclasses.replace(_marked(data), by_line=by_line)
    content = _without_halves(_without_nul(_decoded(read), read), read)  # in this order each character has its place
    if "\r\n" in content:
        read.repairs.append("its lines end with CR LF")
    return content, read.repairs


def _marked(data: bytes) -> _Bytes:
    """Return which encoding the first bytes say."""
    if data.startswith(codecs.BOM_UTF8):
        return _Bytes(data[3:], skipped=3, repairs=["a byte-order mark at the start was taken off"])
    for mark, first, name, encoding in _ENCODINGS:
        if data.startswith(mark):
            return _Bytes(data[len(mark) :], encoding, name, len(mark), [f"it is {name}, not UTF-8"])
        if re.match(first, data):
            return _Bytes(data, encoding, name, 0, [f"it is {name} without a byte-order mark, not UTF-8"])
    return _Bytes(data)


def _decoded(read: _Bytes) -> str:
    """Return the text; half characters may stand in it."""
    data = read.data
    if read.name == "UTF-8" and b"\xc0\x80" in data and _is_utf8(whole := data.replace(b"\xc0\x80", b"\x00")):
        line = data.count(b"\n", 0, place := data.index(b"\xc0\x80")) + 1
        read.repairs.append(f"it is modified UTF-8: byte {read.skipped + place} (line {line}) is a NUL of two bytes")
        data, read.is_modified = whole, True
    try:
        return data.decode(read.encoding, "surrogatepass")
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].decode(read.encoding, "replace").count("\n") + 1
        where = f"byte {read.skipped + wrong.start} (line {line})"
        if wrong.reason in ("unexpected end of data", "truncated data"):
            if read.by_line and wrong.start:
                read.repairs.append(f"it ends within a character, at {where}: it was cut off")
                return data[: wrong.start].decode(read.encoding, "surrogatepass")
            raise UnreadableFile(f"it is {read.name} and ends within a character, at {where}: it was cut off") from None
        if read.name != "UTF-8" or read.skipped:
            raise UnreadableFile(f"it is {read.name}, and {where} is not: it was damaged") from None
        return _western(data, f"{where} is not UTF-8", read.repairs)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _western(data: bytes, where: str, repairs: list[str]) -> str:
    """Read Windows-1252, whose bytes above ASCII stand alone between others, as accents do in words."""
    high, close, known = (sum(map(len, pattern.findall(data))) for pattern in (_HIGH, _CLOSE, _UTF8))
    if known and (2 * known > high or 2 * close <= high):
        raise UnreadableFile(f"{where}, other characters are: it was damaged, or written in two encodings")
    if 2 * close > high:
        raise UnreadableFile(f"{where}, and not Windows-1252 either: a code page that it does not name")
    try:
        western = data.decode("cp1252")
    except UnicodeDecodeError:
        raise UnreadableFile(f"{where}, and not Windows-1252 either") from None
    repairs.append(f"{where}: it was read as Windows-1252")
    return western


def _without_halves(content: str, read: _Bytes) -> str:
    """Put the two halves of a character together; a half that stands alone is told, and replaced."""
    if pair := _PAIR.search(content):
        both = f", and {read.at(content, above.start())} is {read.name}" if (above := _ABOVE.search(content)) else ""
        count = counted(len(_PAIR.findall(content)), "character")
        name = "CESU-8" if read.name == "UTF-8" else f"{read.name} of halves"
        read.repairs.append(f"{read.at(content, pair.start())} is {name}{both}: {count} put together from two halves")
    whole = _PAIR.sub(_together, content)
    halves = [half for half in _HALF.finditer(content) if not _is_paired(half, content)]
    if halves:
        more = f", and {len(halves) - 1} more," if len(halves) > 1 else ""
        first = f"U+{ord(halves[0][0]):04X}) at {read.at(content, halves[0].start())}"
        read.repairs.append(f"half a character (a lone surrogate, {first}{more} was replaced by U+FFFD")
    return _HALF.sub("\ufffd", whole)


def _together(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _is_paired(half: re.Match[str], content: str) -> bool:
    start = half.start() - (half[0] >= "\udc00")
    return start >= 0 and _PAIR.match(content, start) is not None


def _without_nul(content: str, read: _Bytes) -> str:
    """Take off what a disk adds to a file that was not written to its end; refuse where it wrote over the text."""
    kept = content.rstrip("\x00")
    if (hole := _HOLE.search(kept)) and not read.is_modified:
        lost = counted(len(hole[0]), "NUL byte")
        raise UnreadableFile(f"{lost} at {read.at(content, hole.start())}: a part of it never got to the disk")
    if kept == content:
        return content
    where = f"{counted(len(content) - len(kept), 'NUL byte')} at its end, from {read.at(content, len(kept))} on"
    if not read.by_line and not kept.rstrip().endswith(("}", "]")):
        raise UnreadableFile(f"{where}: the rest of it never got to the disk")
    read.repairs.append(f"{where}, were taken off")
    return kept
