"""What a compose file says: its values without comments, layout, anchors and the order of keys; its own tags count."""

from __future__ import annotations

import functools

import yaml
from pydantic import JsonValue

_CORE = "tag:yaml.org,2002:"
_PLAIN = tuple(f"{_CORE}{name}" for name in ("int", "bool", "null"))


@functools.lru_cache(maxsize=64)
def meaning(text: str) -> JsonValue:
    """Return a compose file as plain values; what has another tag than those of JSON is `{tag: value}`.

    The boards of a fleet have few different ones, so each is parsed once; nobody changes what is returned.
    Raises yaml.YAMLError for a text that is no YAML.
    """
    node = yaml.compose(text, yaml.SafeLoader)
    return None if node is None else _value(node)


def _value(node: yaml.Node) -> JsonValue:
    if isinstance(node, yaml.MappingNode):
        content: JsonValue = {_key(key): _value(value) for key, value in node.value}
        return content if node.tag == f"{_CORE}map" else {node.tag: content}
    if isinstance(node, yaml.SequenceNode):
        content = [_value(entry) for entry in node.value]
        return content if node.tag == f"{_CORE}seq" else {node.tag: content}
    if node.tag in _PLAIN:
        return _plain(node.value)
    return str(node.value) if node.tag == f"{_CORE}str" else {node.tag: str(node.value)}


@functools.lru_cache(maxsize=256)
def _plain(word: str) -> JsonValue:
    content: JsonValue = yaml.safe_load(word)
    return content


def _key(node: yaml.Node) -> str:
    return str(node.value)
