"""YAML 1.2, read from a text and written to one: PyYAML scans and parses, `yaml_words` says what words mean.

Refused, each by its line, because readers differ about it: merge keys, keys that are no text or stand twice, tags but
those of the core schema where they are true, line separators of other YAML versions, half characters, more than one
document; and because people cannot read it, what is `invisible` in keys and in words. An escape in double quotes, like
"\\u200b", may stand for any character. Aliases are read, but not for ever.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from sage_edge.declared import invisible
from sage_edge.declared.yaml_words import Word, WordRefused, meaning, shown

MOST_DEPTH = 100
"""Lists and mappings within each other."""

MOST_VALUES = 100_000
"""Values of one text, those behind aliases counted each time."""

_SEPARATORS = re.compile("[\x85\u2028\u2029]")
_LIBYAML = getattr(yaml, "CSafeLoader", None)
_READ_OTHERWISE = re.compile("[\t\ufeff\x85\u2028\u2029]|[|>][^\n]*#")
"""What libyaml takes and PyYAML does not, or the other way round, and line separators, which are refused."""

_HALF = re.compile("[\ud800-\udfff]")
_CORE = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool,), "int": (int,), "float": (float, int), "null": (type(None),)
}  # fmt: skip


class YamlRefused(ValueError):
    """A text is no YAML, or holds what a declaration may not. line: from 1, or 0; key: path of the value, or empty."""

    def __init__(self, line: int, problem: str, key: str = "") -> None:
        self.line, self.problem, self.key = line, problem, key
        super().__init__(f"line {line}: {problem}" if line else problem)


@dataclass(frozen=True)
class WrittenValue:
    """Where a value stands in its text, and how it is written there. line: from 1; written None: no single word."""

    line: int
    written: str | None


def load(text: str) -> Any:
    """Return what a text holds: None, bool, int, float, str, and lists and dicts of these. Raises YamlRefused."""
    return _Content(text).read()


def places(text: str) -> dict[str, WrittenValue]:
    """Return key path, like `leaves[0].count`, → where that value stands, of a text that `load` has read."""
    content = _Content(text)
    content.places = {}
    content.read()
    return content.places


def dump(content: Any) -> str:
    """Return a text in which this reader, and one of YAML 1.1 too, finds the same content. Keys keep their order."""
    return str(yaml.dump(content, Dumper=_Dumper, sort_keys=False))


@dataclass(frozen=True)
class _Anchored:
    """A value that aliases may name, the values in it and how deeply they are nested."""

    value: Any
    size: int
    height: int


class _Content:
    """One text on its way to values."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.places: dict[str, WrittenValue] | None = None
        self._anchored: dict[str, _Anchored] = {}
        self._size = self._deepest = 0

    def read(self) -> Any:
        """Return what the text holds, by libyaml where it is there: ten times as fast.

        What it takes is taken; whatever it objects to, or may see in another way, PyYAML's own parser reads.
        """
        if _LIBYAML is not None and self.places is None and not _READ_OTHERWISE.search(self.text):
            with contextlib.suppress(yaml.YAMLError, ValueError):
                return _Content(self.text)._document(_from_libyaml(self.text))
        return self._by_pyyaml()

    def _by_pyyaml(self) -> Any:
        if separator := _SEPARATORS.search(self.text):
            line = self.text.count("\n", 0, separator.start()) + 1
            raise YamlRefused(line, f"holds {separator.group()!a}, which ends a line in some versions of YAML only")
        try:
            return self._document(iter(yaml.parse(self.text, Loader=yaml.SafeLoader)))
        except yaml.YAMLError as broken:
            problem = getattr(broken, "problem", None) or str(broken).splitlines()[0]
            raise YamlRefused(self._line(broken), problem[:200]) from None

    def _line(self, broken: yaml.YAMLError) -> int:
        mark, position = getattr(broken, "problem_mark", None), getattr(broken, "position", None)
        if mark is not None:
            return int(mark.line) + 1
        return 0 if position is None else self.text.count("\n", 0, position) + 1

    def _document(self, events: Iterator[Any]) -> Any:
        content, number = None, 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                number += 1
                if event.version not in (None, (1, 2)) or event.tags:
                    _refuse(event, "only YAML 1.2 is read, without tags of its own")
                if number > 1:
                    _refuse(event, "expected a single document")
                content = self._value(next(events), events, "", 0)
        return content

    def _value(self, event: Any, events: Iterator[Any], path: str, depth: int) -> Any:
        """Return the value that begins with an event, whose other events are taken."""
        self._size += 1
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event, depth)
        size, around, self._deepest = self._size, self._deepest, depth
        if isinstance(event, yaml.ScalarEvent):
            self._require_seen(event, path, in_quotes=bool(event.style))
            value: Any = _scalar(event, path)
        elif depth == MOST_DEPTH:
            _refuse(event, "is nested too deeply")
        else:
            is_list = isinstance(event, yaml.SequenceStartEvent)
            if event.tag not in (None, _CORE + ("seq" if is_list else "map")):
                _refuse(event, f"the tag {shown(event.tag)} is not known here; leave it out")
            value = (self._items if is_list else self._keys)(events, path, depth + 1)
        if event.anchor is not None:
            self._anchored[event.anchor] = _Anchored(value, self._size - size, self._deepest - depth)
        self._deepest = max(around, self._deepest)
        return value

    def _aliased(self, event: Any, depth: int) -> Any:
        """The value behind an alias: one that was read whole, which none around it is yet."""
        anchored = self._anchored.get(event.anchor)
        if anchored is None:
            _refuse(event, f"*{shown(event.anchor)} names nothing that was read before it")
        self._size += anchored.size
        self._deepest = max(self._deepest, depth + anchored.height)
        if self._size > MOST_VALUES:
            _refuse(event, f"holds more than {MOST_VALUES} values, those behind aliases counted each time")
        if self._deepest > MOST_DEPTH:
            _refuse(event, "is nested too deeply")
        return anchored.value

    def _items(self, events: Iterator[Any], path: str, depth: int) -> list[Any]:
        items: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            place = f"{path}[{len(items)}]"
            self._note(place, event, event)
            items.append(self._value(event, events, place, depth))
        return items

    def _keys(self, events: Iterator[Any], path: str, depth: int) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key, value = self._key(event, events, depth), next(events)
            if key in content:
                _refuse(event, f"key {shown(key)!r} is given twice")
            place = f"{path}.{key}" if path else key
            self._note(place, event, value)
            content[key] = self._value(value, events, place, depth)
        return content

    def _key(self, event: Any, events: Iterator[Any], depth: int) -> str:
        if isinstance(event, yaml.CollectionStartEvent):
            _refuse(event, "a key is no text")
        if isinstance(event, yaml.ScalarEvent):
            self._require_seen(event, "", in_quotes=False)
        key = self._value(event, events, "", depth)
        if not isinstance(key, str):
            _refuse(event, f"key {shown(str(getattr(event, 'value', key)))} is no text; write it in quotes")
        if key == "<<" and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
            _refuse(event, "<< would merge other keys in, which YAML 1.2 does not; write them out")
        return key

    def _require_seen(self, event: Any, path: str, *, in_quotes: bool) -> None:
        """Refuse a word in which something stands, as it is written, that cannot be seen."""
        start, stop = event.start_mark.index, event.end_mark.index
        if (at := invisible.find(self.text, start, stop, in_quotes=in_quotes)) is not None:
            code = ascii(self.text[at])[1:-1]
            problem = f"holds {code}, which nobody can see; take it out, or write that code in double quotes"
            raise YamlRefused(self.text.count("\n", 0, at) + 1, problem, path)

    def _note(self, place: str, at: Any, event: Any) -> None:
        if self.places is None:
            return
        is_word = isinstance(event, yaml.ScalarEvent | yaml.AliasEvent)
        written = shown(self.text[event.start_mark.index : event.end_mark.index].strip()) if is_word else None
        self.places[place] = WrittenValue(at.start_mark.line + 1, written)


def _from_libyaml(text: str) -> Iterator[Any]:
    """Yield the events of a text. Raises YAMLError, and ValueError where PyYAML may take the text in another way."""
    within = 0  # this many collections, the outermost in brackets
    for event in yaml.parse(text, Loader=_LIBYAML):  # type: ignore[arg-type]
        if isinstance(event, yaml.CollectionStartEvent):
            within += 1 if within or event.flow_style else 0
        elif isinstance(event, yaml.CollectionEndEvent):
            within -= 1 if within else 0
        elif within and isinstance(event, yaml.ScalarEvent) and not event.style and "?" in event.value:
            raise ValueError("a question mark between brackets, outside of quotes")
        yield event


def _scalar(event: yaml.ScalarEvent, path: str) -> Word:
    word: str = event.value
    if _HALF.search(word):
        _refuse(event, "holds half a character", path)
    try:
        if event.tag is None:
            return meaning(word) if event.implicit[0] else word
        return _tagged(event.tag, word)
    except WordRefused as wrong:
        _refuse(event, str(wrong), path)


def _tagged(tag: str, word: str) -> Word:
    if tag in ("!", f"{_CORE}str"):
        return word
    kind = tag.removeprefix(_CORE)
    if kind == tag or kind not in _TYPES:
        raise WordRefused(f"the tag {shown(tag)} is not known here; leave it out")
    value = meaning(word)
    if type(value) not in _TYPES[kind]:
        raise WordRefused(f"{shown(word)} is no {kind}, as its tag says")
    return float(value) if kind == "float" and isinstance(value, int) else value


def _refuse(event: Any, problem: str, key: str = "") -> NoReturn:
    raise YamlRefused(event.start_mark.line + 1, problem, key)


class _Dumper(yaml.SafeDumper):
    """SafeDumper, which quotes what YAML 1.1 would not read as text; here also what the core schema would not."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and implicit[0]:
            try:
                of_type = type(meaning(value))
            except WordRefused:
                of_type = float
            for tag, types in _TYPES.items():
                if of_type is types[0]:
                    return f"{_CORE}{tag}"
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]

    def ignore_aliases(self, data: Any) -> bool:
        return True
