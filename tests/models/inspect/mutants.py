"""Files that were whole, changed at random: bits, bytes, cuts, repeats, and the numbers that readers trip over.

All from one seed: the n-th mutant is the same file for everybody.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.models import building

SEED = 20261120
_NUMBERS = (0, 1, 7, 255, 65_535, 1 << 31, (1 << 32) - 1, 1 << 60, 1 << 63, (1 << 64) - 1)
_PIECES = (
    b"[" * 3_000,
    b'{"a":' * 400,
    b"NaN",
    b"1e999",
    b"9" * 4_500,
    b"\x00",
    b"\xff\xfe",
    b'"\\ud800"',
    b"GGUF",
    b"..",
)


@dataclass(frozen=True)
class Mutant:
    """One changed file: where it lies in its folder, what the folder is, and its bytes."""

    number: int
    kind: str
    name: str
    data: bytes


def _bit(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _byte(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] = rng.randrange(256)


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(len(data)) :]


def _remove(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.randrange(1, 32)]


def _repeat(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    data[at:at] = data[at : at + rng.randrange(1, 200)]


def _insert(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    data[at:at] = rng.choice(_PIECES)


def _number(rng: random.Random, data: bytearray) -> None:
    form = rng.choice(("<I", "<Q"))
    size = struct.calcsize(form)
    at = rng.randrange(max(1, len(data) - size))
    data[at : at + size] = struct.pack(form, rng.choice(_NUMBERS) % (1 << (8 * size)))


def _digits(rng: random.Random, data: bytearray) -> None:
    places = [at for at, byte in enumerate(data) if 0x30 <= byte <= 0x39]
    if places:
        at = rng.choice(places)
        data[at : at + 1] = str(rng.choice(_NUMBERS) * rng.choice((1, -1))).encode()


_CHANGES: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _bit,
    _byte,
    _cut,
    _remove,
    _repeat,
    _insert,
    _number,
    _number,
    _digits,
)


_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2,
    1 << 31,
    1 << 63,
    1 << 80,
    1.5,
    "..",
    "../x.safetensors",
    "a" * 9_000,
    "\x1b[2J",
    [],
    [0],
    [0, 0],
    [-1, 1],
    [1 << 62, 1 << 62],
    {},
    {"a": []},
    [[[[[]]]]],
    "F16",
    "F32",
    "phi",
    "qwen2",
    "LORA",
)


def _reworded(rng: random.Random, data: bytes) -> bytes:
    """JSON that is still JSON: one to three of its values are others, gone, or stand under another name."""
    document = json.loads(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = document
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(at[key], (dict, list)) and at[key] and rng.random() < 0.8:
                at = at[key]
                continue
            change = rng.randrange(4)
            if change == 0:
                del at[key]
            elif change == 1 and isinstance(at, dict):
                at[str(rng.choice(_VALUES))] = at.pop(key)
            elif change == 2 and type(at[key]) is int:
                at[key] += rng.choice((-2, -1, 1, 2, 32))
            else:
                at[key] = rng.choice(_VALUES)
            break
    return json.dumps(document).encode()


def _whole() -> list[tuple[str, str, bytes, int]]:
    """Kind, name, bytes, and how many of them (from the beginning) are worth changing."""
    plain = building.content({"safetensors": {"of": "qwen2"}})
    gguf = building.content({"gguf": {}})
    index = json.dumps(building.index(total=2)).encode()
    config = json.dumps(building.QWEN2).encode()
    adapter = json.dumps(building.ADAPTER).encode()
    tensors = building.content({"safetensors": {"of": "adapter"}})
    return [
        ("safetensors", "model.safetensors", plain, 8 + struct.unpack("<Q", plain[:8])[0]),
        ("gguf", "model.gguf", gguf, 2_600),
        ("gguf", "model.gguf", gguf, 400),
        ("safetensors", "model.safetensors", plain, 400),
        ("index", "model.safetensors.index.json", index, len(index)),
        ("safetensors", "config.json", config, len(config)),
        ("adapter", "adapter_config.json", adapter, len(adapter)),
        ("adapter", "adapter_model.safetensors", tensors, 8 + struct.unpack("<Q", tensors[:8])[0]),
    ]


def mutants(count: int) -> Iterator[Mutant]:
    """Yield that many mutants, the same ones every time."""
    rng, whole = random.Random(SEED), _whole()
    for number in range(count):
        kind, name, data, head = whole[number % len(whole)]
        is_tensors = name.endswith(".safetensors")
        # a length that fits lets the changes through to the rules behind it
        framed = is_tensors and head > 400 and rng.random() < 0.8
        begin = 8 if framed else 0
        if (framed or name.endswith(".json")) and rng.random() < 0.6:
            changed = _reworded(rng, data[begin:head])
        else:
            changed = _changed(rng, data[begin:head])
        start = struct.pack("<Q", len(changed)) if framed else b""
        yield Mutant(number, kind, name, start + changed + data[head:])


def _changed(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        if changed:
            rng.choice(_CHANGES)(rng, changed)
    return bytes(changed)


def folders(root: Path) -> dict[str, Path]:
    """Make the whole folder of each kind below `root`; a mutant takes the place of one of its files."""
    model = {"config.json": {"config": {"of": "qwen2"}}, "tokenizer.json": {"tokenizer": {}}}
    trees: dict[str, dict[str, Any]] = {
        "safetensors": {**model, "model.safetensors": {"safetensors": {"of": "qwen2"}}},
        "gguf": {"model.gguf": {"gguf": {}}},
        "index": {
            **model,
            "model.safetensors.index.json": {"json": building.index(total=2)},
            "model-00001-of-00002.safetensors": {"safetensors": {"of": "qwen2", "part": [1, 2]}},
            "model-00002-of-00002.safetensors": {"safetensors": {"of": "qwen2", "part": [2, 2]}},
        },
        "adapter": {
            "adapter_config.json": {"config": {"of": "adapter"}},
            "adapter_model.safetensors": {"safetensors": {"of": "adapter"}},
        },
    }
    return {kind: building.plant(root / kind, tree) for kind, tree in trees.items()}
