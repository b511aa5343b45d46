"""A stored answer → the mind's own words in it, without the marks by which a template ends and begins turns.

    I am here.<|im_end|>                                   I am here.
    I am here.</s><|im_start|>user\\nAnd you?             I am here.      what follows is somebody else's turn
    <|start_header_id|>assistant<|end_header_id|>\\nYes   Yes

A mark that more words follow is a word like others, unless it ends a turn right before another one begins, or begins
one at the start of a line. Source: the chat templates of ChatML, Llama 2 and 3, Gemma, Phi, Zephyr and DeepSeek.
"""

from __future__ import annotations

import re

_ENDS = (
    *("<|im_end|>", "<|eot_id|>", "<|end_of_text|>", "<|endoftext|>", "<end_of_turn>", "<|end|>", "<|eom_id|>"),
    *("</s>", "<eos>", "<|return|>", "<\uff5cend\u2581of\u2581sentence\uff5c>"),
)
_BEGINS = (
    *("<|im_start|>", "<|start_header_id|>", "<start_of_turn>", "<|user|>", "<|assistant|>", "<|system|>", "[INST]"),
    *("<\uff5cUser\uff5c>", "<\uff5cAssistant\uff5c>"),
)
_END, _BEGIN = ("|".join(map(re.escape, marks)) for marks in (_ENDS, _BEGINS))
_OWN = re.compile(
    r"\s*(?:<\|im_start\|>assistant\b|<start_of_turn>model\b|<\|start_header_id\|>assistant<\|end_header_id\|>"
    r"|<\|assistant\|>|<\uff5cAssistant\uff5c>|\[/INST\])\s*"
)
"""What begins the mind's own turn."""
_OVER = re.compile(rf"(?:{_END})\s*(?=(?:{_END}|{_BEGIN}|\Z))|^[^\S\n]*(?:{_BEGIN})", re.MULTILINE)


def without(text: str) -> str:
    """Return an answer up to where its turn is over, without marks and blanks around it; itself where it has none."""
    own = _OWN.match(text)
    begin = own.end() if own else 0
    over = _OVER.search(text, begin)
    return text if own is None and over is None else text[begin : over.start() if over else None].strip()
