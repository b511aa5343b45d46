"""A GGUF of an exact shape with random Q8_0 weights, made on the spot: speed does not depend on values.

It can say nothing. The row of the end-of-turn token is zero, so its logit is 0 and it is never among the likeliest of a
large vocabulary: a reply always runs to its token limit, without any switch in the engine. Layers share their numbers,
which nothing that computes can tell; the file holds each of them.

    Q8_0, a block of 32 numbers: float16 scale | 32 signed bytes     8.5 bits a number (gguf-py's quants.py)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sage_edge import files
from sage_edge.models.inspect import architectures, shapes
from sage_edge.models.inspect.architectures import Architecture
from sage_edge.models.inspect.dimensions import Dimensions

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
BLOCK, BLOCK_BYTES = 32, 34
"""Numbers and bytes of a block."""

_SPREAD = 0.02
"""Standard deviation of the weights; 73.6 is that of a signed byte drawn evenly."""
_SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_KEYS: Mapping[str, Callable[[Any, Dimensions], None]] = {
    "attention.layer_norm_rms_epsilon": lambda out, _: out.add_layer_norm_rms_eps(1e-6),
    "attention.layer_norm_epsilon": lambda out, _: out.add_layer_norm_eps(1e-5),
    "rope.freq_base": lambda out, _: out.add_rope_freq_base(1e6),
    "rope.dimension_count": lambda out, shape: out.add_rope_dimension_count(shape.rotary or shape.head_size),
}


def weights_bytes(shape: Dimensions) -> int:
    """Return how many bytes the tensors of a shape have; in its file a vocabulary of a few megabytes stands beside."""
    return sum(math.prod(size) * BLOCK_BYTES // BLOCK if size[1:] else 4 * size[0] for _, size in _tensors(shape))


def token_bytes(shape: Dimensions) -> int:
    """Return how many bytes of weights a token reads: all, but of an embedding that is no output matrix one row."""
    embedding = 0 if shape.tied else shape.vocabulary * shape.hidden * BLOCK_BYTES // BLOCK
    return weights_bytes(shape) - embedding


def write(path: Path, shape: Dimensions, seed: int = 1, template: str = TEMPLATE) -> None:
    """Write the model. Raises ValueError for an architecture that is unknown, or rows that are no whole blocks."""
    import numpy as np
    from gguf import GGUFWriter

    dice = np.random.default_rng(seed)
    drawn: dict[tuple[int, ...], npt.NDArray[np.uint8]] = {}
    architecture = _architecture(shape)
    out = GGUFWriter(path, architecture.gguf)
    _describe(out, shape, architecture)
    out.add_chat_template(template)
    for name, size in _tensors(shape):
        if len(size) == 1:
            out.add_tensor(name, (np.zeros if name.endswith(".bias") else np.ones)(size, dtype=np.float32))
            continue
        if size not in drawn:
            drawn[size] = _blocks(dice, *size)
        _add(out, name, _without_end(drawn[size]) if size[1] == shape.vocabulary else drawn[size])
    with files.storing(path):
        out.write_header_to_file()
        out.write_kv_data_to_file()
        out.write_tensors_to_file()
    out.close()


def _architecture(shape: Dimensions) -> Architecture:
    architecture = architectures.in_config(shape.family)
    if architecture is None:
        raise ValueError(architectures.unknown(shape.family))
    return architecture


def _tensors(shape: Dimensions) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Each tensor's name and size, (columns, rows) as GGUF writes it; the output matrix where it is no embedding."""
    wanted = shapes.plan(shape, "gguf")
    if wanted is None:
        raise ValueError(architectures.unknown(shape.family))
    yield from wanted.needed.items()
    head = f"{_architecture(shape).head.gguf}.weight"
    if not shape.tied and head not in wanted.needed:
        yield head, wanted.optional[head]


def _blocks(dice: np.random.Generator, columns: int, rows: int) -> npt.NDArray[np.uint8]:
    import numpy as np

    if columns % BLOCK:
        raise ValueError(f"a row of {columns} numbers is no whole number of blocks of {BLOCK}")
    blocks = np.empty((rows, columns // BLOCK, BLOCK_BYTES), dtype=np.uint8)
    blocks[:, :, :2] = np.frombuffer(np.float16(_SPREAD / 73.6).tobytes(), dtype=np.uint8)
    blocks[:, :, 2:] = dice.integers(0, 256, size=(rows, columns // BLOCK, BLOCK), dtype=np.uint8)
    matrix: npt.NDArray[np.uint8] = blocks.reshape(rows, columns // BLOCK * BLOCK_BYTES)
    return matrix


def _without_end(matrix: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    lame: npt.NDArray[np.uint8] = matrix.copy()
    lame[-1, :] = 0
    return lame


def _add(out: Any, name: str, data: npt.NDArray[np.uint8]) -> None:
    from gguf import GGMLQuantizationType

    out.add_tensor(name, data, raw_dtype=GGMLQuantizationType.Q8_0)


def _describe(out: Any, shape: Dimensions, architecture: Architecture) -> None:
    from gguf import LlamaFileType

    tokens, merges = vocabulary(shape.vocabulary)
    out.add_name("random weights")
    out.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    out.add_context_length(shape.context)
    out.add_embedding_length(shape.hidden)
    out.add_feed_forward_length(shape.intermediate)
    out.add_block_count(shape.layers)
    out.add_head_count(shape.heads)
    out.add_head_count_kv(shape.kv_heads)
    if architecture.says_head_size:
        out.add_key_length(shape.head_size)
        out.add_value_length(shape.head_size)
    for key in architecture.gguf_keys:
        _KEYS[key](out, shape)
    last = shape.vocabulary - 1
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("qwen2")
    out.add_token_list(tokens)
    out.add_token_types([1] * (shape.vocabulary - len(_SPECIALS)) + [3] * len(_SPECIALS))
    out.add_token_merges(merges)
    out.add_bos_token_id(last - 2)
    out.add_eos_token_id(last)
    out.add_add_bos_token(False)


def alphabet() -> list[str]:
    """Return GPT-2's printable alphabet: one character for each byte."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def vocabulary(size: int) -> tuple[list[str], list[str]]:
    """Return tokens and merges: 256 bytes, then pairs of earlier ones over lower-case letters, then three specials."""
    tokens, merges = alphabet(), list[str]()
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    level, most = letters, size - len(_SPECIALS)
    while len(tokens) < most:
        pairs = [(left, right) for left in level for right in letters][: most - len(tokens)]
        merges += [f"{left} {right}" for left, right in pairs]
        level = [left + right for left, right in pairs]
        tokens += level
    return [*tokens, *_SPECIALS], merges
