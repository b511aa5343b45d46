"""A question in the words of an OpenAI-compatible server. All of the sampling is said: no default of its own counts.

                  llamacpp (llama.cpp's and llama-cpp-python's)       vllm
top_k, min_p      top_k, min_p                                        top_k, min_p
repeat_penalty    repeat_penalty                                      repetition_penalty
logprobs          not asked for: with them llama-cpp-python's drops   of each token
                  each character that takes two tokens
schema            response_format {type: json_object, schema}         {type: json_schema, json_schema: {schema}}
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from pydantic import JsonValue

from sage_edge.engines.base import Draw, Message

_PENALTY = {"llamacpp": "repeat_penalty", "vllm": "repetition_penalty"}


def body(model: str, messages: Sequence[Message], draw: Draw, dialect: Literal["llamacpp", "vllm"]) -> bytes:
    """Return the JSON of a question for one streamed reply."""
    sampling = draw.sampling
    question: dict[str, JsonValue] = {
        "model": model,
        "messages": [{"role": message.role, "content": message.text} for message in messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "seed": draw.seed,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        _PENALTY[dialect]: sampling.repeat_penalty,
    }
    if dialect != "llamacpp":
        question |= {"logprobs": True, "top_logprobs": 1}
    if draw.schema is not None:
        question["response_format"] = _response_format(json.loads(draw.schema), dialect)
    return json.dumps(question, ensure_ascii=False).encode()


def _response_format(schema: JsonValue, dialect: str) -> JsonValue:
    if dialect == "llamacpp":
        return {"type": "json_object", "schema": schema}
    return {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": schema}}
