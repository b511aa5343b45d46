"""What was kept under the name of a model's file, and is none: a page, an answer with an error, an archive, nothing.

Programs that download keep whatever they are answered with, under the name that was asked for. Such a file is told by
its first bytes, and only after its own reader has refused it: gzip's may be the length of a safetensors header.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sage_edge import sanitize
from sage_edge.models.errors import HeaderBroken, Truncated
from sage_edge.models.inspect.bounded import Stream

Form = Literal["GGUF", "safetensors", "JSON", "text", "pickle"]
"""What a file should hold by its name; a pickle is refused anyway, so it only has to be none of the others."""

_MOST = 1 << 16
_WORDS = 4_096
_SHOWN = 80
_LONGEST_SAFETENSORS = 1 << 32
_UNPACK = "unpack it"
_BEFORE = rb"(?:\xef\xbb\xbf)?(?:\s|<\?xml[^>]*>|<!--.{0,2000}?-->)*"
_PAGE = re.compile(_BEFORE + rb"<(?:!doctype\s+html|html|head|body|title|script|meta|center)\b", re.I | re.S)
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml\b|[A-Za-z]+>)")
_TITLE = re.compile(rb"<title[^>]*>\s*([^<]{1,200})", re.I)
_PICKLE = re.compile(rb"\x80[\x02-\x05][\x00-\xff]|PK\x03\x04.{26}[^/]{1,99}/data\.pkl", re.S)
_ARCHIVES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a rar archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x1f\x8b\x08", "compressed by gzip"),
    (0, b"BZh", "compressed by bzip2"),
    (0, b"\xfd7zXZ\x00", "compressed by xz"),
    (0, b"\x28\xb5\x2f\xfd", "compressed by zstd"),
    (0, b"\x04\x22\x4d\x18", "compressed by lz4"),
)
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"\x89HDF\r\n", "HDF5, as Keras keeps weights"),
    (b"\x93NUMPY", "an array of numpy"),
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a picture"),
)
_ERRORS = frozenset({"error", "errors", "message", "detail"})
_ANSWERS = _ERRORS | {
    *("details", "status", "statusCode", "status_code", "code", "type", "title", "success", "timestamp", "path", "url"),
    *("request_id", "requestId", "documentation_url", "error_description", "error_code"),
}
"""Every key of what servers answer instead of a file; no file of a model holds nothing but these."""

_FORMS: Mapping[str, Form] = {
    ".safetensors": "safetensors",
    ".gguf": "GGUF",
    ".json": "JSON",
    ".jinja": "text",
    ".txt": "text",
    ".model": "text",  # tiktoken's are
}
"""What a file should hold by the end of its name; with any other, a pickle."""


@dataclass(frozen=True)
class ForeignContent:
    """what: a sentence about the file, without its name. instead: what to do with it, where it may hold the model."""

    what: str
    instead: str = ""


@contextlib.contextmanager
def named(path: Path, own: Form) -> Iterator[None]:
    """Let a reader's refusal of a file that is of another kind altogether say of which. Raises HeaderBroken."""
    try:
        yield
    except Truncated:
        raise
    except HeaderBroken as broken:
        if (seen := of(path, own)) is None:
            raise
        raise HeaderBroken(broken.file, seen.what, instead=seen.instead) from None


def of(path: Path, own: Form | None = None) -> ForeignContent | None:
    """Return what a file is that should be `own`; None where nothing says that it is another. Raises OSError.

    own: by its name when not given.
    """
    form: Form = own or _FORMS.get(path.suffix.lower(), "pickle")
    try:
        with Stream(path) as stream:
            head = stream.take(min(stream.size, _MOST), "its beginning")
    except HeaderBroken:  # no regular file, or cut while it is read
        return None
    return _judged(head, form)


def answer(value: Mapping[str, object]) -> str | None:
    """Say that an object of JSON is a server's answer with an error, and no file of a model; None where it is not."""
    keys = value.keys()
    if not keys & _ERRORS or not keys <= _ANSWERS:
        return None
    words = next((words for key in sorted(_ERRORS) if isinstance(words := value.get(key), str)), "")
    return f"is the answer of a server with an error{f': {_cut(words)}' if words else ''}"


def _judged(head: bytes, own: Form) -> ForeignContent | None:
    if not head:
        return None if own == "text" else ForeignContent("is empty: none of its bytes have come")
    if not head.strip(b"\0"):
        return ForeignContent(f"begins with {len(head)} zeros: its place was kept, and its bytes have not come")
    if _is_own(head, own):
        return None
    if own != "JSON" and head.startswith(b"GGUF"):
        return ForeignContent("is a GGUF file", "rename it to end in .gguf")
    if own != "JSON" and _is_safetensors(head):
        return ForeignContent("is a safetensors file", "rename it to end in .safetensors")
    return _page(head, own) or _packed(head) or (None if own in ("text", "pickle") else _said(head, own))


def _is_own(head: bytes, own: Form) -> bool:
    if own == "pickle":
        return _PICKLE.match(head) is not None
    return head.startswith(b"GGUF") if own == "GGUF" else own == "safetensors" and _is_safetensors(head)


def _is_safetensors(head: bytes) -> bool:
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < _LONGEST_SAFETENSORS


def _page(head: bytes, own: Form) -> ForeignContent | None:
    if _PAGE.match(head):
        title = _TITLE.search(head)
        words = f", {_cut(title[1].decode('utf-8', 'replace'))!r}" if title else ""
        return ForeignContent(f"is a web page (HTML{words}), no model: the download was answered with a page")
    if own != "text" and _XML.match(head):
        return ForeignContent(f"is XML, no model: the download was answered with {_cut(_text(head) or '')}")
    return None


def _packed(head: bytes) -> ForeignContent | None:
    if _PICKLE.match(head):
        return ForeignContent("is a pickle: loading it runs whatever code it holds", "take the model as safetensors")
    for at, magic, what in _ARCHIVES:
        if head.startswith(magic, at):
            return ForeignContent(f"is {what}", _UNPACK)
    return next((ForeignContent(f"is {what}, no model") for magic, what in _OTHERS if head.startswith(magic)), None)


def _said(head: bytes, own: Form) -> ForeignContent | None:
    """Weights are never text, and JSON begins with a bracket; what is text may say why there is nothing else."""
    if (text := _text(head)) is None:
        return None
    is_json = text.lstrip("\ufeff \r\n\t")[:1] in ("{", "[")
    if own == "JSON":
        return None if is_json else ForeignContent(f"is text, no JSON: {_cut(text)}")
    return ForeignContent(f"is {'JSON' if is_json else 'text'}, no weights: {_cut(text)}")


def _text(head: bytes) -> str | None:
    """The beginning as text; None where it is none. A character that the end of the beginning cuts does not count."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head[:_WORDS])
    except UnicodeDecodeError:
        return None
    return text if text.strip() and all(c.isprintable() or c in "\r\n\t\ufeff" for c in text) else None


def _cut(text: str) -> str:
    line = sanitize.one_line(" ".join(text.split()))
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
