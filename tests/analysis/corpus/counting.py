"""Scorers whose marks tell what they were shown, and everything that a corpus says, to be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sage_edge.analysis.corpus import Corpus, Folder
from sage_edge.names import TRACKS, Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers import EARLIER_IDENTITY, EARLIER_TRAINING_STRICT
from sage_edge.scorers.base import Mark, Marks, Scorer


def _fold(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


def _look_back(told: Dialogue, earlier: Sequence[Dialogue]) -> Marks:
    """One number about the session and everything before it, with their words: other words, another number."""
    shown = [*earlier, told]
    return {
        "before": [Mark(0, len(earlier) / 10)],
        "words": [Mark(0, _fold(" ".join(one.reply for each in shown for one in each.exchanges)))],
    }


LOOKING_BACK = Scorer(
    id=Slug("looking-back"),
    version=1,
    tracks=TRACKS,
    quantities={"before": "whole", "words": "whole"},
    rules="{}",
    score=_look_back,
    context=2,
)
SCORERS = (EARLIER_IDENTITY, LOOKING_BACK, EARLIER_TRAINING_STRICT)


def seen(corpus: Corpus) -> dict[str, Any]:
    """Return everything that a corpus says, as values that compare."""
    series = [
        corpus.of(host).series(scorer.id, scorer.version, quantity, track)
        for host in corpus.hosts
        for scorer in corpus.scorers
        for quantity in scorer.quantities
        for track in scorer.tracks
    ]
    return {
        "dialogues": corpus.dialogues,
        "answers": list(corpus.answers()),
        "series": series,
        "refused": corpus.refused,
        "problems": corpus.problems,
    }


def look(folder: Path, cache: Path | None = None, scorers: Sequence[Scorer] = SCORERS, **more: Any) -> dict[str, Any]:
    """Open the corpus of a folder and return everything that it says."""
    with Corpus.open(Folder.at(folder), cache, scorers=scorers, **more) as corpus:
        return seen(corpus)
