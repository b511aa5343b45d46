"""Folders and files of models for tests, byte by byte: whole ones, and ones that lie about themselves.

A tree is what a case file declares: name → what the file holds. See `content` for the kinds.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sage_edge.models.inspect import architectures, shapes
from sage_edge.models.inspect.dimensions import Dimensions, from_config
from sage_edge.models.inspect.ggml_types import KINDS

QWEN2: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 40,
    "max_position_embeddings": 128,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "tie_word_embeddings": True,
    "torch_dtype": "float16",
}
PHI: dict[str, Any] = {
    "model_type": "phi",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": None,
    "vocab_size": 40,
    "max_position_embeddings": 128,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "tie_word_embeddings": False,
}
ADAPTER: dict[str, Any] = {
    "peft_type": "LORA",
    "task_type": "CAUSAL_LM",
    "r": 2,
    "lora_alpha": 4,
    "target_modules": ["q_proj", "v_proj"],
    "base_model_name_or_path": "Qwen/Qwen2.5-0.5B-Instruct",
    "auto_mapping": None,
}
CONFIGS = {"qwen2": QWEN2, "phi": PHI, "adapter": ADAPTER}
_BYTES = {"F16": 2, "F32": 4, "I32": 4, "I8": 1, "U8": 1, "F8_E4M3": 1, "F8_E5M2": 1}


def tokenizer(changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A tokenizer.json of 40 words, the same as `gguf_metadata` has; three of them are markup.

    changes: further `words` (word → number), further `added` tokens, other `merges`; else keys of the file.
    """
    rest = dict(changes or {})
    markup = [{"id": number, "content": f"t{number}", "special": True} for number in range(3)]
    words = {**{f"t{number}": number for number in range(40)}, **rest.pop("words", {})}
    model = {"type": "BPE", "vocab": words, "merges": rest.pop("merges", ["a b"])}
    return {"added_tokens": markup + rest.pop("added", []), "model": model, **rest}


def safetensors(tensors: Mapping[str, tuple[str, Sequence[int]]], metadata: Mapping[str, str] | None = None) -> bytes:
    """A safetensors file of zeros."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name, (kind, shape) in tensors.items():
        begin, end = end, end + math.prod(shape) * _BYTES[kind]
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [begin, end]}
    return framed(json.dumps(header).encode()) + bytes(end)


def framed(header: bytes) -> bytes:
    """A header with its length in front."""
    return struct.pack("<Q", len(header)) + header


def tensors_of(config: Mapping[str, Any]) -> dict[str, tuple[str, Sequence[int]]]:
    """The tensors that a config asks for, in F16."""
    if config.get("peft_type"):
        made: dict[str, tuple[str, Sequence[int]]] = {}
        for part, rows in (("q_proj", 32), ("v_proj", 16)):
            stem = f"base_model.model.model.layers.0.self_attn.{part}"
            made[f"{stem}.lora_A.weight"] = ("F32", (config["r"], 32))
            made[f"{stem}.lora_B.weight"] = ("F32", (rows, config["r"]))
        return made
    architecture = architectures.in_config(config["model_type"])
    assert architecture is not None
    plan = shapes.plan(from_config(config, architecture), "safetensors")
    assert plan is not None
    return {name: ("F16", shape) for name, shape in plan.needed.items()}


def text(value: str) -> bytes:
    """A GGUF text."""
    return struct.pack("<Q", len(value.encode())) + value.encode()


def pair(key: str, value: object) -> bytes:
    """A GGUF metadata pair; a list is an array (of texts, i32 or f32), ("raw", bytes) is taken as it is."""
    head = text(key)
    if isinstance(value, tuple):
        return head + bytes(value[1])
    if isinstance(value, bool):
        return head + struct.pack("<IB", 7, value)
    if isinstance(value, int):
        return head + struct.pack("<II", 4, value)
    if isinstance(value, float):
        return head + struct.pack("<If", 6, value)
    if isinstance(value, list) and value and isinstance(value[0], int | float):
        kind, form = (5, "i") if isinstance(value[0], int) else (6, "f")
        return head + struct.pack(f"<IIQ{len(value)}{form}", 9, kind, len(value), *value)
    if isinstance(value, list):
        return head + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
    return head + struct.pack("<I", 8) + text(str(value))


def gguf(
    metadata: Mapping[str, object],
    tensors: Mapping[str, Sequence[int]],
    *,
    count: int | None = None,
    align: int = 32,
    matrices: str = "F32",
    kinds: Mapping[str, str] | None = None,
) -> bytes:
    """A GGUF file of zeros. count: how many tensors it claims to have. matrices: what tensors of two dimensions hold.

    kinds: tensor → what it holds, where that is something else.
    """
    infos, offset = b"", 0
    numbers = {name: (number, block, size) for number, (name, block, size) in KINDS.items()}
    for name, shape in tensors.items():
        number, block, size = numbers[(kinds or {}).get(name, matrices if len(shape) == 2 else "F32")]
        infos += text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape) + struct.pack("<IQ", number, offset)
        offset += -(-(math.prod(shape) // block * size) // align) * align
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors) if count is None else count, len(metadata))
    head += b"".join(pair(key, value) for key, value in metadata.items()) + infos
    return head + bytes(-len(head) % align) + bytes(offset)


def gguf_metadata(family: str = "qwen2", **changes: object) -> dict[str, object]:
    """The metadata of a tiny model of a family; a change to None removes a key, `__` in its name is a dot."""
    made: dict[str, object] = {
        "general.architecture": family,
        "general.file_type": 0,
        f"{family}.context_length": 128,
        f"{family}.embedding_length": 32,
        f"{family}.block_count": 2,
        f"{family}.feed_forward_length": 64,
        f"{family}.attention.head_count": 4,
        f"{family}.attention.head_count_kv": 4 if family == "phi2" else 2,
        f"{family}.attention.key_length": 8,
        f"{family}.attention.layer_norm_rms_epsilon": 1e-6,
        f"{family}.attention.layer_norm_epsilon": 1e-5,
        f"{family}.rope.freq_base": 1e6,
        f"{family}.rope.dimension_count": 8,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": [f"t{n}" for n in range(40)],
        "tokenizer.ggml.token_type": [3] * 3 + [1] * 37,
        "tokenizer.ggml.merges": ["a b"],
        "tokenizer.ggml.bos_token_id": 0,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.padding_token_id": 0,
        "tokenizer.chat_template": "{{ messages }}",
    }
    for key, value in changes.items():
        made[key.replace("__", ".")] = value
    return {key: value for key, value in made.items() if value is not None}


def gguf_tensors(family: str = "qwen2") -> dict[str, Sequence[int]]:
    """The tensors of that tiny model."""
    if (architecture := architectures.in_gguf(family)) is None:
        return {"token_embd.weight": (32, 40)}
    kv = 4 if family == "phi2" else 2
    plan = shapes.plan(Dimensions(architecture.name, 32, 64, 2, 4, kv, 8, 40, 128), "gguf")
    assert plan is not None
    return dict(plan.needed)


def content(kind: Any) -> bytes:
    """The bytes that a case declares.

    text · json · config {of, …changes} · tokenizer {…changes} · pointer: bytes it stands for · hex
    framed {header: JSON, data: bytes behind it, claims: how long it says its header is}
    safetensors {of, change: {config}, renamed: {part of a name: other}, shapes: {tensor: shape}, without: [tensor],
                kinds: {tensor: kind},
    part: [i, n], also: [tensor that another part holds], cut, more}
    gguf {family, set: {key: value}, items: {key: elements as `changed_list` changes them}, shapes, without, count, cut,
    more, matrices: kind, kinds: {tensor: kind}, part, also}
    joined [content, …]
    """
    (name, value), *_ = kind.items()
    if name == "text":
        return str(value).encode()
    if name == "hex":
        return bytes.fromhex(value)
    if name == "json":
        return json.dumps(value).encode()
    if name == "tokenizer":
        return json.dumps(tokenizer(value)).encode()
    if name == "config":
        return json.dumps(config(value)).encode()
    if name == "framed":
        raw = json.dumps(value["header"]).encode()
        return struct.pack("<Q", value.get("claims", len(raw))) + raw + bytes(value.get("data", 0))
    if name == "pointer":
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize {value}\n".encode()
    if name == "joined":
        return b"".join(map(content, value))
    data = _safetensors(value) if name == "safetensors" else _gguf(value)
    return data[: len(data) - value.get("cut", 0)] + bytes(value.get("more", 0))


def config(value: Mapping[str, Any]) -> dict[str, Any]:
    """A config of a family with changes."""
    return {**CONFIGS[value["of"]], **{key: changed for key, changed in value.items() if key != "of"}}


def _safetensors(value: Mapping[str, Any]) -> bytes:
    tensors = tensors_of(config({"of": value["of"], **value.get("change", {})}))
    tensors = {_renamed(name, value.get("renamed", {})): tensor for name, tensor in tensors.items()}
    tensors |= {name: ("F16", shape) for name, shape in value.get("shapes", {}).items()}
    tensors |= {name: (kind, tensors[name][1]) for name, kind in value.get("kinds", {}).items()}
    number, total = value.get("part", (1, 1))
    names = [name for name in tensors if name not in value.get("without", ())]
    held = (*names[number - 1 :: total], *value.get("also", ()))
    return safetensors({name: tensors[name] for name in held}, {"format": "pt"})


def _renamed(name: str, parts: Mapping[str, str]) -> str:
    for old, new in parts.items():
        name = name.replace(old, new)
    return name


def index(of: str = "qwen2", total: int = 3, stem: str = "model") -> dict[str, Any]:
    """The index of a model in `total` shards, dealt out as `safetensors {part: [i, n]}` does."""
    names = list(tensors_of(CONFIGS[of]))
    places = {name: f"{stem}-{at % total + 1:05d}-of-{total:05d}.safetensors" for at, name in enumerate(names)}
    size = sum(2 * math.prod(shape) for _, shape in tensors_of(CONFIGS[of]).values())
    return {"metadata": {"total_size": size}, "weight_map": places}


def _gguf(value: Mapping[str, Any]) -> bytes:
    family = value.get("family", "qwen2")
    number, total = value.get("part", (1, 1))
    metadata = gguf_metadata(family) if number == 1 else {}
    if total > 1:
        metadata |= {"split.no": number - 1, "split.count": total, "split.tensors.count": len(gguf_tensors(family))}
    for key, changed in value.get("set", {}).items():
        metadata[key] = changed
    for key, changes in value.get("items", {}).items():
        metadata[key] = changed_list(metadata[key], changes)
    tensors = {**gguf_tensors(family), **value.get("shapes", {})}
    names = [name for name in tensors if name not in value.get("without", ())]
    tensors = {name: tensors[name] for name in (*names[number - 1 :: total], *value.get("also", ()))}
    kept = {key: changed for key, changed in metadata.items() if changed is not None}
    return gguf(
        kept, tensors, count=value.get("count"), matrices=value.get("matrices", "F32"), kinds=value.get("kinds")
    )


def changed_list(values: Any, changes: Any) -> list[Any]:
    """A list with some elements changed ({number: value}), or with its last ones left out (how many)."""
    if isinstance(changes, int):
        return list(values)[:-changes]
    return [changes.get(number, value) for number, value in enumerate(values)]


def plant(folder: Path, tree: Mapping[str, Any], links: Mapping[str, str] | None = None) -> Path:
    """Make a folder that holds a tree and some links; returns it."""
    for name, kind in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(kind))
    for name, target in (links or {}).items():
        (folder / name).symlink_to(target)
    return folder
