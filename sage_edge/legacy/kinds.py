"""What a file is that holds no session: by its name where it is no JSON, else by its keys."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from pydantic import JsonValue

from sage_edge.legacy import containers, shapes
from sage_edge.legacy.errors import NoTurn
from sage_edge.sizes import counted

_JSON = re.compile(r"\.(jsonl?|ndjson)(?![a-z])", re.IGNORECASE)
_LINES = re.compile(r"\.(jsonl|ndjson)(?![a-z])", re.IGNORECASE)
IDENTITY = "an identity file"
"""The state of one mind; `states` looks at it further."""
APPLE_DOUBLE = "what macOS keeps beside a file (AppleDouble)"
TRAINING_STATE = "the state of the training track"
STATES = frozenset((IDENTITY, TRAINING_STATE))
"""What a file is of which older contents may lie beside it, under names that differ in their digits."""
_NAMES: tuple[tuple[str, str], ...] = (
    (r".*worklog.*\.(txt|md|log)", "a worklog"),
    (r"licen[cs]e.*|copying", "a licence"),
    (r".*\.(md|rst|html?)", "text for people"),
    (r".*\.(txt|log)", "plain text"),
    (r".*\.(jinja2?|j2)", "a chat template"),
    (r".*\.(safetensors|gguf|bin|pt|pth|onnx|h5|npz|npy|pkl)", "weights or numbers in binary"),
    (r".*\.(key|pem|sealed|attest\w*)", "a key or a sealed file; it was not opened"),
    (r".*\.(py|sh|js|ts|rs|c|cpp|h|nix|service|timer)", "a program"),
    (r".*\.(ya?ml|toml|ini|cfg|conf|env)", "settings"),
    (r".*\.(png|jpe?g|gif|svg|pdf|webp|wav|mp[34])", "a picture, a sound or a page"),
)
_KEYS: tuple[tuple[frozenset[str], str], ...] = tuple(
    (frozenset(keys.split()), what)
    for keys, what in (
        ("identity development", IDENTITY),
        ("identity relationships", IDENTITY),
        ("identity memory_requests", IDENTITY),
        ("current_session skill_track_progress", TRAINING_STATE),
        ("current_session current_skill_track", TRAINING_STATE),
        ("experiences max_size", "an experience buffer"),
        ("peft_type base_model_name_or_path", "an adapter's configuration"),
        ("weight_map metadata", "a model's list of weights"),
        ("model_type architectures", "a model's configuration"),
        ("added_tokens model", "a tokenizer"),
        ("tokenizer_class", "a tokenizer's configuration"),
        ("added_tokens_decoder", "a tokenizer's configuration"),
        ("eos_token pad_token", "a tokenizer's list of special tokens"),
        ("eos_token_id transformers_version", "a model's generation settings"),
        ("fleet_version machines", "a fleet manifest"),
        ("manifest_version machines", "a fleet manifest"),
        ("machine model slug", "an instance's card"),
        ("slug files timestamp", "a pointer to a snapshot"),
    )
)
_PAPER = frozenset(("head", "turns", "closing", "seal"))
_REPORT = frozenset(("format", "source", "files", "totals", "numbering", "histories", "defects"))
_EXPERIENCES = "experiences"
_ROW = frozenset({"prompt", "response", "salience"})


def is_json(name: str) -> bool:
    """Whether a file's name promises JSON; a backup's name like `x.json.bak` does."""
    return _JSON.search(PurePosixPath(name).name) is not None


def is_by_line(name: str) -> bool:
    """Whether a file's name promises one JSON value a line."""
    return _LINES.search(PurePosixPath(name).name) is not None


def by_name(name: str) -> str:
    """What a file is that promises no JSON."""
    last = PurePosixPath(name).name.lower()
    return next((what for pattern, what in _NAMES if re.fullmatch(pattern, last)), "a file of another kind")


def by_content(value: JsonValue) -> str | None:
    """What a document is that holds no session of an older system; None when nothing speaks for that."""
    if isinstance(value, dict) and (paper := _ours(value)):
        return paper
    own = containers.own(value) if isinstance(value, dict) else None
    if own is not None and own[0] != _EXPERIENCES:
        return None
    rows = value.get(_EXPERIENCES) if isinstance(value, dict) else value
    if isinstance(rows, list) and (buffer := _buffer(rows, is_named=isinstance(value, dict))):
        return buffer
    if not isinstance(value, dict) or own is not None:
        return None
    for keys, what in _KEYS:
        if keys <= value.keys():
            return what
    if value and all(isinstance(held, int) and key.startswith("<") for key, held in value.items()):
        return "a tokenizer's list of added tokens"
    return None


def _ours(value: Mapping[str, JsonValue]) -> str | None:
    """What a document is that an import, or a session of ours, has written: its turns are on record already."""
    if value.keys() >= _REPORT:
        return "the report of an import; nothing to import"
    head = value.get("head")
    if not (isinstance(head, dict) and value.keys() >= _PAPER):
        return None
    what = "a paper of an import" if head.get("provenance") == "legacy" else "a transcript of ours"
    return f"{what}; nothing to import"


def _buffer(rows: Sequence[JsonValue], *, is_named: bool) -> str | None:
    """What a list is of which most items are rows of an experience buffer; an empty one is, where it is named so."""
    whole = sum(isinstance(row, dict) and row.keys() >= _ROW for row in rows)
    if 2 * whole <= len(rows) and (rows or not is_named):
        return None
    short = len(rows) - whole
    return f"an experience buffer of {counted(len(rows), 'row')}" + (f", {short} of them not whole" if short else "")


def unknown(value: JsonValue) -> str:
    """What can be said of a document in which no turns were found."""
    if isinstance(value, dict):
        lists = (_why_not(f"{name:.40} ", held) for name, held in value.items() if isinstance(held, list))
        return f"JSON that holds no turns; {_keys(value)}{next(filter(None, lists), '')}"
    if isinstance(value, list):
        return f"JSON that holds no turns; a list of {len(value)}{_why_not('item ', value)}"
    return "JSON that holds no turns; a single value"


def _why_not(name: str, held: Sequence[JsonValue]) -> str:
    """Why a list of objects holds no turns: the first that is none, or that nobody in it is known to be the mind."""
    if not any(isinstance(item, dict) for item in held):
        return ""
    for number, item in enumerate(held, start=1):
        try:
            shapes.read(item)
        except NoTurn as why:
            return f"; {name}{number}: {why}"
    return f"; {name}1: of its speakers none is known to be the mind"


def _keys(value: Mapping[str, JsonValue]) -> str:
    return f"its keys: {', '.join(sorted(value))[:120]}" if value else "an empty object"
