"""Declarations: YAML files read strictly into frozen records, with every fault named by file, line and key path.

What is written is what is held, or it is refused: words mean what YAML 1.2's core schema says (`yaml_words`), no
type is taken for another, an unknown key is a fault, and each message shows the word as it stands in the file. A
`Reader` collects faults over many files, so that one run shows them all.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema
from typing_extensions import Self

from sage_edge import files, sanitize
from sage_edge.declared import yaml_text
from sage_edge.declared.yaml_text import WrittenValue, YamlRefused
from sage_edge.errors import DeclarationError, Fault

LARGEST_BYTES = 4_000_000
"""What a declaration may have; people write them."""


class Declared(BaseModel):
    """A declaration: frozen, no unknown keys, numbers finite, and no type that passes for another.

    A whole number may stand for a number, and a list for a tuple. Nothing else is converted: not 1.0, true or "1" to 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: CoreSchema = _exact(handler(source))
        return schema


def _exact(schema: Any) -> Any:
    """Mend pydantic's strictness: it wants tuples, which no file holds, and takes true and 1.0 for `Literal[1]`."""
    if isinstance(schema, list | tuple):
        return type(schema)(map(_exact, schema))
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if kind == "literal" and all(type(value) is int for value in schema["expected"]):
        return core_schema.chain_schema([core_schema.int_schema(strict=True), schema])
    mended = {key: _exact(value) for key, value in schema.items()}
    return {**mended, "strict": False} if kind == "tuple" else mended


D = TypeVar("D", bound=Declared)


@dataclass(frozen=True)
class _Text:
    """What was read of one file. prefix: the key below which another file's values stand in it."""

    text: str
    prefix: str = ""

    @cached_property
    def places(self) -> dict[str, WrittenValue]:
        return yaml_text.places(self.text)

    def below(self, key: str) -> str:
        return f"{self.prefix}.{key}" if self.prefix else key

    def line(self, key: str) -> int:
        """The line of a key, or of the nearest one around it; 0 for the whole file."""
        at = self.below(key)
        while key and at != self.prefix:
            if at in self.places:
                return self.places[at].line
            at = at[: max(at.rfind("."), at.rfind("["), 0)]
        return 0


_ENDINGS = (".yaml", ".yml")


class Reader:
    """Reads declarations below one folder; names files relative to that folder's parent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self._texts: dict[Path, list[_Text]] = {}

    def beside(self) -> Self:
        """Return a reader that has read the same files, and noted no fault yet."""
        reader = type(self)(self.folder)
        reader._texts = dict(self._texts)
        return reader

    def lay_over(self, path: Path, over: Path, prefix: str) -> None:
        """Take note that values of a file may stand in another one, `over`, there below the key `prefix`."""
        self._texts[path] = [*(_Text(text.text, prefix) for text in self._texts[over]), *self._texts.get(path, [])]

    def label(self, path: Path) -> str:
        """How a file is named to people: `fleet/hosts/sprout.yaml`."""
        try:
            return path.resolve().relative_to(self.folder.resolve().parent).as_posix()
        except ValueError:
            return path.as_posix()

    def fault(self, path: Path, key: str, message: str) -> None:
        """Note one fault, with the line of its key where the file has one."""
        lines = (text.line(key) for text in self._texts.get(path, ()))
        self._note(path, key, message, next(filter(None, lines), 0))

    def _note(self, path: Path, key: str, message: str, line: int) -> None:
        self.faults.append(Fault(self.label(path), sanitize.one_line(key), message, line))

    def raw(self, path: Path) -> dict[str, Any] | None:
        """Return a file's mapping, or None after noting why there is none."""
        try:
            return self.parse(path, files.read_text(path, at_most=LARGEST_BYTES))
        except FileNotFoundError:
            self.fault(path, "", "the file is missing")
        except (OSError, UnicodeDecodeError) as unreadable:
            self.fault(path, "", f"cannot be read: {_short(unreadable)}")
        return None

    def parse(self, path: Path, text: str) -> dict[str, Any] | None:
        """Return the mapping in a text, or None after noting why there is none. path: where the text stands."""
        try:
            content = yaml_text.load(text)
        except YamlRefused as broken:
            self._note(path, broken.key, broken.problem, broken.line)
            return None
        if not isinstance(content, dict):
            self.fault(path, "", f"expected keys and values, got {type(content).__name__}")
            return None
        self._texts[path] = [_Text(text)]
        return content

    def check(self, path: Path, content: Mapping[str, Any], kind: type[D]) -> D | None:
        """Return the record that a mapping makes, or None after noting each of its faults."""
        try:
            return kind.model_validate(content)
        except ValidationError as wrong:
            for detail in wrong.errors():
                key = _key(detail, content)
                self.fault(path, key, _message(detail, kind, self._written(path, key)))
            return None

    def _written(self, path: Path, key: str) -> str | None:
        """The word behind a key as it stands in the file; None where there is no word of that key."""
        values = (text.places.get(text.below(key)) for text in self._texts.get(path, ()))
        value = next((value for value in values if value is not None), None)
        return None if value is None else value.written

    def read(self, path: Path, kind: type[D]) -> D | None:
        """Return the record that a file declares, or None after noting its faults."""
        content = self.raw(path)
        return None if content is None else self.check(path, content, kind)

    def read_all(self, subfolder: str, kind: type[D]) -> dict[str, D]:
        """Return file stem → record for each `*.yaml` of a subfolder, in name order."""
        records = {path.stem: self.read(path, kind) for path in self.paths(subfolder)}
        return {stem: record for stem, record in records.items() if record is not None}

    def paths(self, subfolder: str) -> list[Path]:
        """Return the declarations of a subfolder, in name order; one that has another ending is a fault.

        Hidden files with another ending are settings of other programs.
        """
        folder = self.folder / subfolder
        if not folder.is_dir():
            self.fault(folder, "", "the folder is missing")
            return []
        written = [path for path in files.listed(folder, "*") if path.suffix.lower() in _ENDINGS]
        for path in written:
            if path.suffix != _ENDINGS[0] and not path.name.startswith("."):
                self.fault(path, "", f"expected the ending {_ENDINGS[0]}")
        return [path for path in written if path.suffix == _ENDINGS[0]]

    def finish(self) -> None:
        """Raise DeclarationError with all faults noted, if there are any."""
        if self.faults:
            raise DeclarationError(self.faults)


def _key(detail: ErrorDetails, content: object) -> str:
    """The path of keys as written: pydantic adds the tag of a union, which no file holds."""
    path, at, last = "", content, len(detail["loc"]) - 1
    for number, part in enumerate(detail["loc"]):
        if isinstance(part, str) and number != last and not (isinstance(at, Mapping) and part in at):
            continue
        at = _inside(at, part)
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _inside(content: object, part: int | str) -> object:
    try:
        return content[part]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return None


def _short(thing: object) -> str:
    """At most a line of it: a declaration may hold megabytes, or itself many times over."""
    return reprlib.repr(thing) if not isinstance(thing, Exception) else str(thing)[:200]


_EXPECTED = {
    "int": "a whole number", "float": "a number", "string": "text", "bool": "true or false",
    "tuple": "a list", "list": "a list", "dict": "keys and values", "model": "keys and values",
}  # fmt: skip


def _message(detail: ErrorDetails, kind: type[BaseModel], written: str | None) -> str:
    """What is wrong with a value, in which the word that was written occurs."""
    message = _wrong(detail, kind, written if written is not None else _short(detail.get("input")))
    if detail["type"] == "string_type" and written is not None:
        message += ", which is no text without quotes"
    return message if not written or written in message else f"{message}; written {written}"


def _wrong(detail: ErrorDetails, kind: type[BaseModel], got: str) -> str:
    name, context = detail["type"], detail.get("ctx", {})
    if name == "missing":
        return "is missing"
    if name == "extra_forbidden":
        return "unknown key" + _nearest(detail, kind)
    if name == "value_error":
        return str(context.get("error", detail["msg"]))[:300]
    if name == "literal_error":
        return f"expected {context['expected']}, got {got}"
    if name in ("union_tag_invalid", "union_tag_not_found"):
        return f"expected one of {context.get('expected_tags', 'the known kinds')}, got {context.get('tag', 'none')}"
    for family, expected in _EXPECTED.items():
        if name.startswith(family + "_") and (name.endswith(("_type", "_parsing")) or name == "int_from_float"):
            return f"expected {expected}, got {got}"
    message = detail["msg"]
    return f"{message[:1].lower()}{message[1:]}, got {got}"


def _nearest(detail: ErrorDetails, kind: type[BaseModel]) -> str:
    if len(detail["loc"]) != 1:
        return ""
    near = difflib.get_close_matches(str(detail["loc"][0]), list(kind.model_fields), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
