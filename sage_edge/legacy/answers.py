"""What the mind said: thinking is set apart and kept, others' turns are cut off, a failure stored as an answer is none.

The writers of the older system stored their own failures as text of the mind, four kinds of them (legacy §4):
`[GENERATION FAILED …`, `[Daemon unreachable …`, `(no response …` and nothing at all. An answer that is one line in
brackets and speaks of a failure is taken for one as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sage_edge.legacy import turn_marks
from sage_edge.records import thoughts
from sage_edge.records.transcript import Outcome

_FAILURE = re.compile(r"\s*(?:\[generation failed|\[daemon unreachable)", re.IGNORECASE)
_NO_RESPONSE = re.compile(r"\((?:no|empty) response\b(?:[^()]|\([^()]*\))*\)?", re.IGNORECASE)
"""All of the answer: one that begins so, and goes on behind the bracket, is one."""
_NOTICE = re.compile(
    r"\[[^\]\n]*\b(?:error|failed|failure|unreachable|time-?out|timed out|no response|unavailable)\b[^\]\n]*\]?",
    re.IGNORECASE,
)
_LONGEST_NOTICE = 400


@dataclass(frozen=True)
class Answer:
    """One answer, as `records.legacy.LegacyWords` holds it."""

    reply: str
    outcome: Outcome = "ok"
    error: str | None = None
    thought: str | None = None
    verbatim: str | None = None


def judge(text: str | None, error: str | None = None) -> Answer:
    """Return what an answer comes to. text: as the file holds it, None for null. error: what it says went wrong."""
    if error is not None:
        return Answer("", "failed", error, verbatim=text)
    if text is None:
        return Answer("", "failed", "null is stored as the answer")
    if not text.strip():
        return Answer("", "failed", "an empty text is stored as the answer", verbatim=text)
    if _is_failure(text):
        return Answer("", "failed", text.strip(), verbatim=text)
    parted, thought = thoughts.parted(text)
    reply = turn_marks.without(parted)
    if thought is None and reply == text.strip():
        return Answer(text)
    if thought is None and parted == text.strip():
        if not reply or _is_failure(reply):
            return Answer("", "failed", reply or "nothing stands before the end of the turn", verbatim=text)
        return Answer(reply, verbatim=text)
    thought = thought or ""  # a block in which nothing is thought
    if not reply:
        return Answer("", "failed", "the text ends within its thinking; no answer follows", thought, text)
    if _is_failure(reply):
        return Answer("", "failed", reply, thought, text)
    return Answer(reply, thought=thought, verbatim=text)


def _is_failure(text: str) -> bool:
    notice = text.strip()
    kinds = (_NOTICE, _NO_RESPONSE) if len(notice) <= _LONGEST_NOTICE else ()
    return any(kind.fullmatch(notice) for kind in kinds) or _FAILURE.match(text) is not None
