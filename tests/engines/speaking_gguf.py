"""A tiny GGUF with any template, any special tokens, and a mind that says exactly the tokens that it is told to.

Its layer adds nothing, so the next token follows from the last one alone: the embedding of a token is its own row of
the identity, and the output row of its successor is that row. What it says begins with the successor of the prompt's
last token, and goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from gguf import GGUFWriter, LlamaFileType

from sage_edge import files
from sage_edge.bench import random_weights
from sage_edge.models.resolve import ResolvedModel
from sage_edge.names import ModelRef

CONTROL, PLAIN = 3, 4
"""Kinds of tokens in GGUF: a sign, and a piece of text that is found in plain text (`user defined`)."""

CONTEXT = 1024


def write(
    path: Path,
    template: str,
    specials: Mapping[str, int],
    says: Sequence[bytes | str] = (),
    after: str = "\n",
    name: str = "speaking",
) -> None:
    """Write a model. specials: text → kind. says: pieces, bytes or special texts, that follow the token `after`.

    No piece may come twice, for a token has one successor; `after` is a byte or a special text. What follows the last
    piece is the end of the turn, `<|im_end|>`.
    """
    tokens, kinds = random_weights.alphabet(), [1] * 256
    for text, kind in specials.items():
        tokens.append(text)
        kinds.append(kind)
    longer = [piece for piece in says if isinstance(piece, bytes) and len(piece) > 1]
    for piece in longer:
        tokens.append("".join(random_weights.alphabet()[byte] for byte in piece))
        kinds.append(1)
    tokens += [f"filler{number}" for number in range(-len(tokens) % 32)]
    kinds += [1] * (len(tokens) - len(kinds))
    written = random_weights.alphabet()
    ids = [tokens.index(piece if isinstance(piece, str) else "".join(written[b] for b in piece)) for piece in says]
    begin = tokens.index(after) if after in specials else tokens.index(written[ord(after)])
    _write(path, template, tokens, kinds, [begin, *ids, tokens.index("<|im_end|>")], name)


def _write(path: Path, template: str, tokens: list[str], kinds: list[int], chain: list[int], name: str) -> None:
    size = len(tokens)
    out = GGUFWriter(path, "llama")
    out.add_name(name)
    out.add_file_type(LlamaFileType.ALL_F32)
    out.add_context_length(CONTEXT)
    out.add_embedding_length(size)
    out.add_feed_forward_length(32)
    out.add_block_count(1)
    out.add_head_count(1)
    out.add_head_count_kv(1)
    out.add_rope_dimension_count(size)
    out.add_layer_norm_rms_eps(1e-6)
    out.add_vocab_size(size)
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("qwen2")
    out.add_token_list(tokens)
    out.add_token_types(kinds)
    out.add_token_merges([f"{tokens[0]} {tokens[1]}"])
    end = tokens.index("<|im_end|>")
    out.add_bos_token_id(end)
    out.add_eos_token_id(end)
    out.add_add_bos_token(False)
    out.add_chat_template(template)
    head = np.zeros((size, size), dtype=np.float32)
    for token, following in pairwise(chain):
        head[following, token] = 1.0
    out.add_tensor("token_embd.weight", np.eye(size, dtype=np.float32))
    out.add_tensor("output_norm.weight", np.ones(size, dtype=np.float32))
    out.add_tensor("output.weight", head)
    for part in ("attn_norm", "ffn_norm"):
        out.add_tensor(f"blk.0.{part}.weight", np.ones(size, dtype=np.float32))
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        out.add_tensor(f"blk.0.{part}.weight", np.zeros((size, size), dtype=np.float32))
    for part, shape in (("ffn_gate", (32, size)), ("ffn_up", (32, size)), ("ffn_down", (size, 32))):
        out.add_tensor(f"blk.0.{part}.weight", np.zeros(shape, dtype=np.float32))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def resolved(path: Path, template: str, like: ResolvedModel) -> ResolvedModel:
    """The file as a resolved model."""
    return replace(
        like,
        ref=ModelRef("bench/speaking:f32"),
        path=path,
        digest=files.digest_file(path),
        size_bytes=path.stat().st_size,
        context_tokens=CONTEXT,
        chat_template=files.digest(template.encode()),
    )
