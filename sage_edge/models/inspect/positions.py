"""How far a model's layers read and how it turns positions: what a GGUF of llama.cpp keeps of that, and what it drops.

The converter and llama.cpp pass over what they do not know, and no short text tells: within its window, or below the
length that it was trained for first, a model answers the same. So this table says what is kept, by architecture, and
`lost` names the rest. What stands in no row is lost.

Sources: conversion/*.py and llama.cpp's llama-model.cpp of llama-cpp-python 0.3.36; the configurations of transformers
5.23; and tiny models, whose logits were measured on both sides beyond their windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sage_edge.models.inspect.bounded import short
from sage_edge.models.inspect.json_limits import UntrustedJson

_SLIDING = "sliding_attention"
_KNOWN_LAYERS = (_SLIDING, "full_attention")
_USUAL_BASE = 10_000.0
_SAME_BELOW_CONTEXT = ("default", "dynamic")
"""`dynamic` scales only what is longer than the context that a GGUF declares."""
_LENGTH = "original_max_position_embeddings"
_YARN = frozenset({"rope_type", "type", "rope_theta", "factor", _LENGTH})
"""What both sides read of a rope of the kind `yarn`, and mean the same by."""

_ALSO = {key: key for key in ("rope_theta", "partial_rotary_factor", _LENGTH)}
_LOCAL_ALSO = {"rope_local_base_freq": "rope_theta"}
"""Key of config.json → the key of a rope that means the same; those of layers with windows apart."""


@dataclass(frozen=True)
class PositionRule:
    """One architecture.

    has_windows: whether transformers knows windows for it. switch: the key without which there are none. usual: the
    window where config.json says none. period: every so manieth layer reads everything by itself, the others a window;
    0: all layers read alike. kept: llama.cpp's own period, 0 where it has no windows. ropes: kinds of scaling that a
    GGUF keeps. is_base_kept: whether it keeps `rope_theta`.
    """

    has_windows: bool = False
    switch: str | None = None
    usual: int | None = None
    period: int = 0
    kept: int = 0
    ropes: frozenset[str] = frozenset()
    is_base_kept: bool = True


_STRANGER = PositionRule(has_windows=True)
_QWEN = PositionRule(has_windows=True, switch="use_sliding_window", usual=4096, ropes=frozenset({"linear", "yarn"}))
RULES: Mapping[str, PositionRule] = {
    "qwen2": _QWEN,
    "qwen3": _QWEN,
    "llama": PositionRule(ropes=frozenset({"linear", "yarn", "llama3"})),
    "gemma": PositionRule(is_base_kept=False),
    "gemma2": PositionRule(has_windows=True, usual=4096, period=2, kept=2, is_base_kept=False),
    "gemma3_text": PositionRule(has_windows=True, usual=4096, period=6, kept=6, ropes=frozenset({"linear", "yarn"})),
    "phi": PositionRule(is_base_kept=False),
    "phi3": PositionRule(has_windows=True),
}
"""`model_type` → what is kept.

llama.cpp reads a window of phi3, and leaves it out. It takes phi3's long factors for every text once its context is
long, transformers by the length of the text.
"""


def lost(config: Mapping[str, UntrustedJson]) -> tuple[str, ...]:
    """Return what a GGUF would drop of a config.json, as phrases: `sliding_window = 300, in 2 of its 2 layers`."""
    inner = config.get("text_config")
    whole = {**config, **inner} if isinstance(inner, dict) else config
    family = whole.get("model_type")
    rule = RULES.get(family, _STRANGER) if isinstance(family, str) else _STRANGER
    return (*_windows(whole, rule), *_ropes(whole, rule))


def _windows(config: Mapping[str, UntrustedJson], rule: PositionRule) -> Iterator[str]:
    window, context = config.get("sliding_window", rule.usual), config.get("max_position_embeddings")
    is_off = not rule.has_windows or (rule.switch is not None and config.get(rule.switch) is not True)
    if is_off or type(window) is not int or window <= 0:
        return
    if type(context) is int and window >= context:
        return  # nothing lies beyond it
    layers = _layers(config, rule)
    if odd := [kind for kind in layers if kind not in _KNOWN_LAYERS]:
        yield f"layers of the kind {short(odd[0])}"
        return
    kept = _by_period(len(layers), rule.kept)
    if layers != kept:
        where = f"in {layers.count(_SLIDING)} of its {len(layers)} layers"
        yield f"sliding_window = {window}, {where}; llama.cpp would have it in {kept.count(_SLIDING)}"


def _layers(config: Mapping[str, UntrustedJson], rule: PositionRule) -> list[str]:
    """The kind of each layer, as transformers reads it."""
    written, count = config.get("layer_types"), config.get("num_hidden_layers")
    if isinstance(written, list):
        return [str(kind) for kind in written]
    size = count if type(count) is int and 0 < count <= _MOST_LAYERS else 1
    if rule.switch is not None:
        first = config.get("max_window_layers", _USUAL_FIRST)
        return [_KNOWN_LAYERS[type(first) is int and number < first] for number in range(size)]
    period = config.get("sliding_window_pattern", rule.period)
    return _by_period(size, period) if rule.period and type(period) is int else [_SLIDING] * size


_MOST_LAYERS = 4_096
_USUAL_FIRST = 28
"""The layer from which on Qwen's windows begin where config.json says none."""


def _by_period(size: int, period: int) -> list[str]:
    """Every `period`-th layer reads everything; with 0 each does."""
    return [_KNOWN_LAYERS[period <= 0 or (number + 1) % period == 0] for number in range(size)]


def _ropes(config: Mapping[str, UntrustedJson], rule: PositionRule) -> Iterator[str]:
    new, old = config.get("rope_parameters"), config.get("rope_scaling")
    if isinstance(old, dict) and "rope_parameters" in config and new != old:
        yield "rope_scaling, which stands beside other rope_parameters"
        return
    ropes = new if isinstance(new, dict) else old if isinstance(old, dict) else {}
    by_layer = {kind: rope for kind in _KNOWN_LAYERS if isinstance(rope := ropes.get(kind), dict)}
    for layers, rope in (by_layer or {"": ropes}).items():
        yield from _twice(config, rope, layers)
        yield from _rope(rope, rule.ropes if layers != _SLIDING else frozenset(), layers)
    base = ropes.get("rope_theta", config.get("rope_theta", _USUAL_BASE))
    if not rule.is_base_kept and base != _USUAL_BASE:
        yield f"rope_theta = {short(base)}"


def _twice(config: Mapping[str, UntrustedJson], rope: Mapping[str, UntrustedJson], layers: str) -> Iterator[str]:
    """What config.json says beside its rope, and otherwise in it: libraries differ in which of the two they take."""
    outer = _LOCAL_ALSO if layers == _SLIDING else _ALSO
    for key, own in outer.items():
        beside, inside = config.get(key), rope.get(own)
        if beside is not None and inside is not None and beside != inside:
            where = f" in {layers}" if layers else ""
            yield f"{key} = {short(beside)}, which stands beside another {own} = {short(inside)} of its rope{where}"


def _rope(rope: Mapping[str, UntrustedJson], kept: frozenset[str], layers: str) -> Iterator[str]:
    kind = rope.get("rope_type", rope.get("type")) or "default"
    if isinstance(kind, str) and kind in _SAME_BELOW_CONTEXT:
        return
    where = f" in {layers}" if layers else ""
    if not isinstance(kind, str) or kind not in kept:
        yield f"a rope of the kind {short(kind)}{where}"
    elif kind == "yarn" and (
        odd := sorted(key for key, value in rope.items() if key not in _YARN and value is not None)
    ):
        yield f"{short(odd[0])} of its rope of the kind 'yarn'{where}"
