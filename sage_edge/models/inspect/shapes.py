"""Which tensors a model must have and of which shape, held against what its weight files declare.

Families: qwen2 (Qwen2.5) and phi (Phi-2) as transformers write them, qwen2 and phi2 as llama.cpp writes them, and the
packed matrices of AWQ. Any other family gets None: not compared, and the report says so.

A plan maps a tensor's name to its shape as the format writes it: safetensors (rows, columns), GGUF (columns, rows).
Sources: transformers' modeling_qwen2.py and modeling_phi.py; llama.cpp's src/llama-arch.cpp and gguf-py's
tensor_mapping.py; AutoAWQ's WQLinear_GEMM (8 numbers of 4 bits in one I32, along the outputs).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sage_edge.models.inspect import Tensor
from sage_edge.models.inspect.dimensions import Dimensions

TensorShape = tuple[int, ...]
_MOST_NAMED = 3


@dataclass(frozen=True)
class ExpectedTensors:
    """Tensors that must be there, and those that may."""

    needed: Mapping[str, TensorShape]
    optional: Mapping[str, TensorShape]


@dataclass(frozen=True)
class Packing:
    """AWQ: `bits` a number, one scale for `group` inputs."""

    bits: int
    group: int


def _linear(name: str, rows: int, columns: int, *, bias: bool) -> dict[str, TensorShape]:
    return {f"{name}.weight": (rows, columns), **({f"{name}.bias": (rows,)} if bias else {})}


def _norm(name: str, size: int, *, bias: bool) -> dict[str, TensorShape]:
    return {f"{name}.weight": (size,), **({f"{name}.bias": (size,)} if bias else {})}


def _qwen2_layer(d: Dimensions, name: str) -> dict[str, TensorShape]:
    wide, narrow = d.heads * d.head_size, d.kv_heads * d.head_size
    return {
        **_norm(f"{name}.input_layernorm", d.hidden, bias=False),
        **_norm(f"{name}.post_attention_layernorm", d.hidden, bias=False),
        **_linear(f"{name}.self_attn.q_proj", wide, d.hidden, bias=True),
        **_linear(f"{name}.self_attn.k_proj", narrow, d.hidden, bias=True),
        **_linear(f"{name}.self_attn.v_proj", narrow, d.hidden, bias=True),
        **_linear(f"{name}.self_attn.o_proj", d.hidden, wide, bias=False),
        **_linear(f"{name}.mlp.gate_proj", d.intermediate, d.hidden, bias=False),
        **_linear(f"{name}.mlp.up_proj", d.intermediate, d.hidden, bias=False),
        **_linear(f"{name}.mlp.down_proj", d.hidden, d.intermediate, bias=False),
    }


def _qwen2(d: Dimensions) -> ExpectedTensors:
    head = {"lm_head.weight": (d.vocabulary, d.hidden)}
    needed: dict[str, TensorShape] = {
        "model.embed_tokens.weight": (d.vocabulary, d.hidden),
        "model.norm.weight": (d.hidden,),
        **({} if d.tied else head),
    }
    for layer in range(d.layers):
        needed |= _qwen2_layer(d, f"model.layers.{layer}")
    return ExpectedTensors(needed, head if d.tied else {})


def _phi_layer(d: Dimensions, name: str) -> dict[str, TensorShape]:
    wide, narrow = d.heads * d.head_size, d.kv_heads * d.head_size
    return {
        **_norm(f"{name}.input_layernorm", d.hidden, bias=True),
        **_linear(f"{name}.self_attn.q_proj", wide, d.hidden, bias=True),
        **_linear(f"{name}.self_attn.k_proj", narrow, d.hidden, bias=True),
        **_linear(f"{name}.self_attn.v_proj", narrow, d.hidden, bias=True),
        **_linear(f"{name}.self_attn.dense", d.hidden, wide, bias=True),
        **_linear(f"{name}.mlp.fc1", d.intermediate, d.hidden, bias=True),
        **_linear(f"{name}.mlp.fc2", d.hidden, d.intermediate, bias=True),
    }


def _phi(d: Dimensions) -> ExpectedTensors:
    needed: dict[str, TensorShape] = {
        "model.embed_tokens.weight": (d.vocabulary, d.hidden),
        **_norm("model.final_layernorm", d.hidden, bias=True),
        **_linear("lm_head", d.vocabulary, d.hidden, bias=True),
    }
    for layer in range(d.layers):
        needed |= _phi_layer(d, f"model.layers.{layer}")
    return ExpectedTensors(needed, {})


def _gguf_layer(d: Dimensions, name: str, *, biased: bool) -> dict[str, TensorShape]:
    """What both GGUF families share; `biased`: Phi's norms and all its matrices have one."""
    wide = d.heads * d.head_size
    return {
        **_norm(f"{name}.attn_norm", d.hidden, bias=biased),
        **_turned(f"{name}.attn_output", wide, d.hidden, bias=biased),
        **_turned(f"{name}.ffn_up", d.hidden, d.intermediate, bias=biased),
        **_turned(f"{name}.ffn_down", d.intermediate, d.hidden, bias=biased),
    }


def _turned(name: str, columns: int, rows: int, *, bias: bool) -> dict[str, TensorShape]:
    return {f"{name}.weight": (columns, rows), **({f"{name}.bias": (rows,)} if bias else {})}


def _gguf_qwen2(d: Dimensions) -> ExpectedTensors:
    wide, narrow = d.heads * d.head_size, d.kv_heads * d.head_size
    needed: dict[str, TensorShape] = {"token_embd.weight": (d.hidden, d.vocabulary), "output_norm.weight": (d.hidden,)}
    for name in (f"blk.{layer}" for layer in range(d.layers)):
        needed |= _gguf_layer(d, name, biased=False)
        needed |= _norm(f"{name}.ffn_norm", d.hidden, bias=False)
        needed |= _turned(f"{name}.ffn_gate", d.hidden, d.intermediate, bias=False)
        for part, rows in (("attn_q", wide), ("attn_k", narrow), ("attn_v", narrow)):
            needed |= _turned(f"{name}.{part}", d.hidden, rows, bias=True)
    return ExpectedTensors(needed, {"output.weight": (d.hidden, d.vocabulary)})


def _gguf_phi2(d: Dimensions, *, fused: bool = False) -> ExpectedTensors:
    """Old converters wrote one matrix for query, key and value, today's write three; llama.cpp reads both."""
    wide, narrow = d.heads * d.head_size, d.kv_heads * d.head_size
    needed: dict[str, TensorShape] = {
        "token_embd.weight": (d.hidden, d.vocabulary),
        **_norm("output_norm", d.hidden, bias=True),
        **_turned("output", d.hidden, d.vocabulary, bias=True),
    }
    for name in (f"blk.{layer}" for layer in range(d.layers)):
        needed |= _gguf_layer(d, name, biased=True)
        parts = {"qkv": wide + 2 * narrow} if fused else {"q": wide, "k": narrow, "v": narrow}
        for part, rows in parts.items():
            needed |= _turned(f"{name}.attn_{part}", d.hidden, rows, bias=True)
    return ExpectedTensors(needed, {})


_SAFETENSORS: Mapping[str, Callable[[Dimensions], ExpectedTensors]] = {"qwen2": _qwen2, "phi": _phi}
_GGUF: Mapping[str, Callable[[Dimensions], ExpectedTensors]] = {"qwen2": _gguf_qwen2, "phi2": _gguf_phi2}
FAMILIES = frozenset((*_SAFETENSORS, *_GGUF))
"""The families that a plan can be made for."""


def plan(
    dimensions: Dimensions, container: str, packing: Packing | None = None, *, fused: bool = False
) -> ExpectedTensors | None:
    """Return what a model of these dimensions must hold; None for a family that no table here describes.

    fused: whether a phi2 GGUF holds query, key and value in one matrix.
    """
    if fused and (container, dimensions.family) == ("gguf", "phi2"):
        return _gguf_phi2(dimensions, fused=True)
    families = _GGUF if container == "gguf" else _SAFETENSORS
    if dimensions.family not in families:
        return None
    wanted = families[dimensions.family](dimensions)
    return wanted if packing is None else ExpectedTensors(_packed(wanted.needed, packing), wanted.optional)


def parameters(dimensions: Dimensions) -> int | None:
    """Return how many numbers a model of these dimensions has, however they are packed; None for an unknown family."""
    family = {"phi2": "phi"}.get(dimensions.family, dimensions.family)
    wanted = plan(replace(dimensions, family=family), "safetensors")
    return None if wanted is None else sum(math.prod(shape) for shape in wanted.needed.values())


def _packed(needed: Mapping[str, TensorShape], packing: Packing) -> dict[str, TensorShape]:
    """AWQ's tensors in the place of each matrix of a layer; embeddings, norms and the head stay."""
    shapes: dict[str, TensorShape] = {}
    for name, shape in needed.items():
        if ".layers." not in name or len(shape) != 2:
            shapes[name] = shape
            continue
        (rows, columns), stem = shape, name.removesuffix(".weight")
        words = rows * packing.bits // 32
        shapes |= {
            f"{stem}.qweight": (columns, words),
            f"{stem}.qzeros": (columns // packing.group, words),
            f"{stem}.scales": (columns // packing.group, rows),
        }
    return shapes


def disagreements(wanted: ExpectedTensors, tensors: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Say where the tensors are not those of the plan, in at most three sentences of each kind."""
    known = {**wanted.optional, **wanted.needed}
    wrong = [
        f"{name} has the shape {list(tensor.shape)}, its config says {list(known[name])}"
        for name, tensor in tensors.items()
        if name in known and tensor.shape != known[name]
    ]
    absent = [f"the tensor {name} is missing" for name in wanted.needed if name not in tensors]
    foreign = [f"the tensor {name[:80]} does not belong to this family" for name in tensors if name not in known]
    return (*_some(wrong), *_some(absent), *_some(foreign))


def _some(sentences: list[str]) -> list[str]:
    more = len(sentences) - _MOST_NAMED
    return sentences[:_MOST_NAMED] + ([f"… and {more} more such tensors"] if more > 0 else [])
