"""Earlier words of a mind from its transcripts: how its sessions closed, and sentences that name itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from sage_edge.names import SessionId
from sage_edge.records.transcript import Transcript

_SAID = ("stop", "length", "turn-marker")  # an answer that the deadline or a person cut off is nothing to build on
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_NAMING = r"\b(?:i am|i['’ʼ]m|my name is|this is) {name}(?![\w'’ʼ-])|^{name} here\b"
"""How a sentence must name the mind to serve as an exemplar.

Deliberately narrower than the identity scorer: an exemplar that is copied must be beyond doubt.
"""


def last_closing(transcripts: Iterable[Transcript]) -> str | None:
    """Return the answer to the closing of the newest session that has one, or None.

    transcripts: of one host and one kind of session, in any order. Passed over are failed sessions, answers that were
    cut off by the deadline (one that reached its token limit counts), and a closing that says word for word what an
    earlier answer of its session said: a mind that runs in a circle keeps nothing, and telling it again holds it there.
    """
    return next((words for _, words in _closings(transcripts)), None)


def summaries(transcripts: Iterable[Transcript], count: int) -> tuple[tuple[SessionId, str], ...]:
    """Return up to `count` sessions before that of the last closing with their closing answers, the oldest first.

    transcripts: as of `last_closing`, and what it passes over is passed over here.
    """
    return tuple(islice(_closings(transcripts), 1, 1 + count))[::-1]


def _closings(transcripts: Iterable[Transcript]) -> Iterator[tuple[SessionId, str]]:
    """Yield what each session closed with, if anything, the newest first."""
    for transcript in sorted(_unfailed(transcripts), key=lambda paper: paper.session.number, reverse=True):
        before: set[str] = set()
        for step, turn in transcript.answers():
            words = turn.reply.strip()
            if step.kind == "closing" and turn.finish_reason in _SAID and words and words not in before:
                yield transcript.session, words
                break
            before.add(words)


def exemplars(transcripts: Iterable[Transcript], name: str, count: int) -> tuple[str, ...]:
    """Return up to `count` different sentences in which the mind gave its name, from the newest session on.

    transcripts: of one host, in any order. Only whole sentences of answers in sessions that did not fail.
    """
    if count < 1 or not name:
        return ()
    pattern = re.compile(_NAMING.format(name=re.escape(name)), re.IGNORECASE)
    sentences: dict[str, str] = {}
    for sentence in _sentences(transcripts):
        if pattern.search(sentence):
            sentences.setdefault(sentence.casefold(), sentence)
        if len(sentences) == count:
            break
    return tuple(sentences.values())


def _unfailed(transcripts: Iterable[Transcript]) -> Iterator[Transcript]:
    return (transcript for transcript in transcripts if transcript.closing.ending != "failed")


def _sentences(transcripts: Iterable[Transcript]) -> Iterator[str]:
    by_time = sorted(_unfailed(transcripts), key=lambda paper: (paper.head.started, paper.session), reverse=True)
    for transcript in by_time:
        for _, turn in transcript.answers():
            if turn.finish_reason in _SAID:
                sentences = map(str.strip, _SENTENCE_END.split(turn.reply))
                yield from (sentence for sentence in sentences if sentence.endswith((".", "!", "?")))
