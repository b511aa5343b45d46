"""A GGUF of an exact Qwen2 shape with random Q8_0 weights, made on the spot: speed does not depend on values.

It says nothing about quality. The end-of-turn token's embedding is zero, so its logit is 0 and it is never among
the 20 likeliest of 151,936: a reply always runs to its token limit, without any switch in the engine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType

from sage_edge import files

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@dataclass(frozen=True)
class Shape:
    """Dimensions of a Qwen2 model with tied embeddings."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int
    context: int

    @property
    def parameters(self) -> int:
        """How many numbers it holds."""
        narrow = self.hidden // self.heads * self.kv_heads
        attention = 2 * self.hidden * (self.hidden + narrow) + self.hidden + 2 * narrow
        layer = attention + 3 * self.hidden * self.intermediate + 2 * self.hidden
        return self.vocabulary * self.hidden + self.layers * layer + self.hidden


QWEN_HALF_BILLION = Shape(896, 4864, 24, 14, 2, 151_936, 32_768)
"""Qwen2.5-0.5B, facts §3.1: 494,032,768 parameters."""


def _bytes_to_unicode() -> list[str]:
    """GPT-2's printable alphabet: one character for each byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {byte: chr(byte) for byte in plain}
    extra = 256
    for byte in range(256):
        if byte not in table:
            table[byte], extra = chr(extra), extra + 1
    return [table[byte] for byte in range(256)]


def _vocabulary(size: int) -> tuple[list[str], list[str]]:
    """Tokens and merges: 256 bytes, then pairs of earlier ones over lower-case letters, then three specials."""
    tokens = _bytes_to_unicode()
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    merges: list[str] = []
    level = letters
    while len(tokens) < size - 3:
        grown: list[str] = []
        for left in level:
            for right in letters:
                if len(tokens) == size - 3:
                    break
                merges.append(f"{left} {right}")
                tokens.append(left + right)
                grown.append(left + right)
        level = grown
    return [*tokens, "<|endoftext|>", "<|im_start|>", "<|im_end|>"], merges


def _q8_0(rng: np.random.Generator, rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """Random Q8_0 blocks: a float16 scale, then 32 signed bytes; standard deviation 0.02."""
    blocks = np.empty((rows, columns // 32, 34), dtype=np.uint8)
    blocks[:, :, :2] = np.frombuffer(np.float16(0.02 / 73.6).tobytes(), dtype=np.uint8)
    blocks[:, :, 2:] = rng.integers(0, 256, size=(rows, columns // 32, 32), dtype=np.uint8)
    return blocks.reshape(rows, columns // 32 * 34)


def write(path: Path, shape: Shape, seed: int = 1) -> None:
    """Write the model; about 8.5 bits per parameter."""
    rng = np.random.default_rng(seed)
    out = GGUFWriter(path, "qwen2")
    _metadata(out, shape)
    embedding = _q8_0(rng, shape.vocabulary, shape.hidden)
    embedding[-1, :] = 0
    _add(out, "token_embd.weight", embedding)
    out.add_tensor("output_norm.weight", np.ones(shape.hidden, dtype=np.float32))
    narrow = shape.hidden // shape.heads * shape.kv_heads
    for layer in range(shape.layers):
        _layer(out, f"blk.{layer}", shape, narrow, rng)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def _layer(out: GGUFWriter, name: str, shape: Shape, narrow: int, rng: np.random.Generator) -> None:
    for norm in ("attn_norm", "ffn_norm"):
        out.add_tensor(f"{name}.{norm}.weight", np.ones(shape.hidden, dtype=np.float32))
    for part, rows in (("attn_q", shape.hidden), ("attn_k", narrow), ("attn_v", narrow)):
        _add(out, f"{name}.{part}.weight", _q8_0(rng, rows, shape.hidden))
        out.add_tensor(f"{name}.{part}.bias", np.zeros(rows, dtype=np.float32))
    _add(out, f"{name}.attn_output.weight", _q8_0(rng, shape.hidden, shape.hidden))
    _add(out, f"{name}.ffn_gate.weight", _q8_0(rng, shape.intermediate, shape.hidden))
    _add(out, f"{name}.ffn_up.weight", _q8_0(rng, shape.intermediate, shape.hidden))
    _add(out, f"{name}.ffn_down.weight", _q8_0(rng, shape.hidden, shape.intermediate))


def _add(out: GGUFWriter, name: str, data: npt.NDArray[np.uint8]) -> None:
    out.add_tensor(name, data, raw_dtype=GGMLQuantizationType.Q8_0)


def _metadata(out: GGUFWriter, shape: Shape) -> None:
    tokens, merges = _vocabulary(shape.vocabulary)
    last = shape.vocabulary - 1
    out.add_name("random weights")
    out.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    out.add_context_length(shape.context)
    out.add_embedding_length(shape.hidden)
    out.add_feed_forward_length(shape.intermediate)
    out.add_block_count(shape.layers)
    out.add_head_count(shape.heads)
    out.add_head_count_kv(shape.kv_heads)
    out.add_layer_norm_rms_eps(1e-6)
    out.add_rope_freq_base(1e6)
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("qwen2")
    out.add_token_list(tokens)
    out.add_token_types([1] * (shape.vocabulary - 3) + [3] * 3)
    out.add_token_merges(merges)
    out.add_bos_token_id(last - 2)
    out.add_eos_token_id(last)
    out.add_add_bos_token(False)
    out.add_chat_template(TEMPLATE)


def shelf(folder: Path, shape: Shape = QWEN_HALF_BILLION) -> Path:
    """Make a shelf that holds one such model under `bench/random:q8_0`, and return it."""
    home = folder / "random"
    home.mkdir(parents=True, exist_ok=True)
    file = home / "random.gguf"
    if not file.exists():
        write(file, shape)
    digest = files.digest_file(file)[7:]
    (home / "card.yaml").write_text(
        "format: 1\nref: bench/random:q8_0\nfile: random.gguf\n"
        f"sha256: '{digest}'\nsize_bytes: {file.stat().st_size}\nparameters: 494032768\n"
        f"architecture: qwen2\ncontext_length: {shape.context}\n"
        f"chat_template_sha256: '{hashlib.sha256(TEMPLATE.encode()).hexdigest()}'\n"
        f"minimum_memory_bytes: 800000000\nlicence: none\n"
        "what_it_is: random weights of an exact shape, for speed\nwhat_it_is_not: able to say anything\n"
    )
    return folder
