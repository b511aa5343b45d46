"""Headers of weight files, read without loading anything and without trusting anything.

Small, bounded, pure Python: every count and every length is held against the file's size before it is used, and
against a ceiling of ours besides, because a sparse file may be as large as it likes. What cannot be right raises
HeaderBroken; nothing else is ever raised for what a file holds, and the work done is bounded by the header's bytes.
"""

from sage_edge.models.inspect.bounded import Header, Tensor
from sage_edge.models.inspect.gguf_header import read as read_gguf
from sage_edge.models.inspect.safetensors_header import read as read_safetensors

__all__ = ["Header", "Tensor", "read_gguf", "read_safetensors"]
