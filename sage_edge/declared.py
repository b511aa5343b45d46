"""Declarations: YAML files read strictly into frozen records, with every fault named by file and key path.

Stricter than YAML: a key given twice is a fault, so is an unknown one, and `yes` is not silently `true`
where text was meant. A `Reader` collects faults over many files, so that one run shows them all.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from sage_edge.errors import DeclarationError, Fault


class Declared(BaseModel):
    """A declaration: frozen, no unknown keys, no silent conversions of numbers into text."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # a command uses few of them


D = TypeVar("D", bound=Declared)


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice. In Python: the C one falls over when nested 50,000 deep."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable) or key in seen:
            wrong = "is given twice" if isinstance(key, Hashable) else "is no text"
            raise yaml.constructor.ConstructorError(None, None, f"key {_short(key)} {wrong}", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class Reader:
    """Reads declarations below one folder; names files relative to that folder's parent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[Fault] = []

    def label(self, path: Path) -> str:
        """How a file is named to people: `fleet/hosts/sprout.yaml`."""
        try:
            return path.resolve().relative_to(self.folder.resolve().parent).as_posix()
        except ValueError:
            return path.as_posix()

    def fault(self, path: Path, key: str, message: str) -> None:
        """Note one fault."""
        self.faults.append(Fault(self.label(path), key, message))

    def raw(self, path: Path) -> dict[str, Any] | None:
        """Return a file's mapping, or None after noting why there is none."""
        try:
            return self.parse(path, path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self.fault(path, "", "the file is missing")
        except (OSError, UnicodeDecodeError) as unreadable:
            self.fault(path, "", f"cannot be read: {_short(unreadable)}")
        return None

    def parse(self, path: Path, text: str) -> dict[str, Any] | None:
        """Return the mapping in a text, or None after noting why there is none. path: where the text stands."""
        try:
            content = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
        except yaml.YAMLError as broken:
            self.fault(path, "", _where(broken))
        except RecursionError:
            self.fault(path, "", "is nested too deeply")
        except (ValueError, AttributeError) as odd:  # PyYAML's own: an impossible date, `!!timestamp abc`
            self.fault(path, "", f"holds a value that YAML cannot read: {_short(odd)}")
        else:
            if isinstance(content, dict) and all(isinstance(key, str) for key in content):
                return content
            self.fault(path, "", f"expected keys and values, got {type(content).__name__}")
        return None

    def check(self, path: Path, content: Mapping[str, Any], kind: type[D]) -> D | None:
        """Return the record that a mapping makes, or None after noting each of its faults."""
        try:
            return kind.model_validate(content)
        except ValidationError as wrong:
            for detail in wrong.errors():
                self.fault(path, _key(detail, content), _message(detail, kind))
            return None

    def read(self, path: Path, kind: type[D]) -> D | None:
        """Return the record that a file declares, or None after noting its faults."""
        content = self.raw(path)
        return None if content is None else self.check(path, content, kind)

    def read_all(self, subfolder: str, kind: type[D]) -> dict[str, D]:
        """Return file stem → record for each `*.yaml` of a subfolder, in name order."""
        folder = self.folder / subfolder
        if not folder.is_dir():
            self.fault(folder, "", "the folder is missing")
            return {}
        records = {path.stem: self.read(path, kind) for path in sorted(folder.glob("*.yaml"))}
        return {stem: record for stem, record in records.items() if record is not None}

    def finish(self) -> None:
        """Raise DeclarationError with all faults noted, if there are any."""
        if self.faults:
            raise DeclarationError(self.faults)


def _where(broken: yaml.YAMLError) -> str:
    mark = getattr(broken, "problem_mark", None)
    problem = getattr(broken, "problem", None) or str(broken).splitlines()[0]
    return f"line {mark.line + 1}: {problem}" if mark is not None else str(problem)


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


def _message(detail: ErrorDetails, kind: type[BaseModel]) -> str:
    name, got = detail["type"], _short(detail.get("input"))
    context = detail.get("ctx", {})
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
