"""What a scorer is, and what it makes of a transcript: a rate that can be reproduced and doubted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sage_edge import files
from sage_edge.names import Digest, Slug, Track
from sage_edge.records.study import Measure
from sage_edge.records.transcript import Transcript
from sage_edge.scorers.interval import wilson


@dataclass(frozen=True)
class Scorer:
    """A rule that counts answers.

    tracks: whose transcripts it applies to. rules: the words and patterns it goes by, as canonical JSON.
    score: transcript → (hits, n), with 0 <= hits <= n; only answers count, never failed or interrupted turns.
    """

    id: Slug
    version: int
    tracks: tuple[Track, ...]
    rules: str
    score: Callable[[Transcript], tuple[int, int]]

    @property
    def definition(self) -> Digest:
        """SHA-256 over id, version and rules: two numbers are comparable only if it is the same."""
        return files.digest(f"{self.id} v{self.version} {self.rules}".encode())


def rules(content: Mapping[str, object]) -> str:
    """Return the rules of a scorer as canonical JSON."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def measure(scorer: Scorer, transcript: Transcript) -> Measure:
    """Return what a scorer counts in a transcript, with its 95 % interval; no value if nothing is to be counted."""
    hits, n = scorer.score(transcript)
    low, high = wilson(hits, n)
    return Measure(
        scorer=scorer.id,
        version=scorer.version,
        definition=scorer.definition,
        n=n,
        hits=hits,
        value=hits / n if n else None,
        low=low,
        high=high,
    )
