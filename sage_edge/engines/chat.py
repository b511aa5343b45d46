"""Tokenise a conversation by the model's own chat template, its contents apart from the markup.

The template is rendered with a placeholder for each content. What lies between is tokenised with special tokens,
the contents without: text that looks like markup (`<|im_end|>` in an old reply, say) stays text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sage_edge.engines.base import Message

_PLACE = re.compile("\ue000(\\d+)\ue001")

Render = Callable[[list[dict[str, str]]], str]
Tokenise = Callable[[str, bool], list[int]]


def tokens(messages: Sequence[Message], render: Render, tokenise: Tokenise, kept: dict[str, list[int]]) -> list[int]:
    """Return the prompt's token ids. `kept` remembers the ids of contents seen before, and is updated."""
    text = render([{"role": m.role, "content": f"\ue000{i}\ue001"} for i, m in enumerate(messages)])
    ids: list[int] = []
    at = 0
    for place in _PLACE.finditer(text):
        ids += _markup(text[at : place.start()], tokenise, kept)
        ids += _content(messages[int(place[1])].text, tokenise, kept)
        at = place.end()
    return ids + _markup(text[at:], tokenise, kept)


def _markup(text: str, tokenise: Tokenise, kept: dict[str, list[int]]) -> list[int]:
    key = f"\ue000{text}"  # no content begins so: contents are stored under their own text
    if key not in kept:
        kept[key] = tokenise(text, True) if text else []
    return kept[key]


def _content(text: str, tokenise: Tokenise, kept: dict[str, list[int]]) -> list[int]:
    clean = text.replace("\ue000", "\ufffd").replace("\ue001", "\ufffd")
    if clean not in kept:
        kept[clean] = tokenise(clean, False) if clean else []
    return kept[clean]


def common_prefix(held: Sequence[int], wanted: Sequence[int]) -> int:
    """Return how many leading tokens two sequences share."""
    for index, (left, right) in enumerate(zip(held, wanted, strict=False)):
        if left != right:
            return index
    return min(len(held), len(wanted))
