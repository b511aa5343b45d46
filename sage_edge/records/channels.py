"""A reply in channels, as gpt-oss writes it → what is said, and what is not meant for who asked.

    [<|start|>assistant]<|channel|>analysis<|message|>…<|end|>
    <|start|>assistant<|channel|>final<|message|>…<|return|>

Only `final` is said; `analysis` is thought, `commentary` goes to tools. A text that does not begin so has no channels:
a sentence about the marks is one. Source: OpenAI's description of the harmony format.
"""

from __future__ import annotations

import re

_ENDS = r"<\|(?:end|return|call)\|>"
_FRAME = re.compile(
    rf"(?:{_ENDS}\s*)?(?:<\|start\|>assistant[^<]*)?<\|channel\|>(?P<channel>\w+)[^<]*(?:<\|constrain\|>[^<]*)?"
    rf"<\|message\|>|{_ENDS}\s*\Z"
)
_ANSWER = "final"


def parted(text: str) -> tuple[str, list[str]] | None:
    """Return what is said in a reply, and each text of its other channels; None where it has no channels."""
    text = text.strip()
    first = _FRAME.match(text)
    if first is None or first["channel"] is None:
        return None
    answer, others = list[str](), list[str]()
    frames = list(_FRAME.finditer(text))
    for frame, following in zip(frames, [*frames[1:], None], strict=True):
        words = text[frame.end() : following.start() if following else None].strip()
        (answer if frame["channel"] == _ANSWER else others).append(words)
    return "\n\n".join(filter(None, answer)), others
