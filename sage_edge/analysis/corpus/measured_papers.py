"""The papers of a corpus with everything that was computed about them; what is still missing is computed when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sage_edge.analysis.corpus.file_index import FileIndex
from sage_edge.analysis.corpus.headers import MeasuredAnswer, answers_from, header_from
from sage_edge.analysis.corpus.refresh import Progress
from sage_edge.analysis.corpus.score_cache import CacheLog, Damaged, ScoreCache, writing
from sage_edge.analysis.corpus.scoring import PER_BATCH, Scoring, marks_from
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Marks, Scorer

Key = tuple[str, str, str]
"""Seal, rule and context of a row."""


@dataclass
class MeasuredPapers:
    """What the files of a corpus held when it was opened. Every method raises sqlite3.Error, Damaged, SageError."""

    cache: ScoreCache
    index: FileIndex
    scoring: Scoring
    log: CacheLog
    progress: Progress | None = None
    _latest: tuple[Scorer | None, dict[str, Marks]] = field(default=(None, {}), init=False)

    def headers(self) -> list[tuple[Dialogue, bool]]:
        """Return every session without its words, and whether it counts among the sessions; in no order."""
        papers = [(seal, paper) for paper in self.index.papers() if (seal := paper.seal)]
        kept = self._contents([(seal, "header", "") for seal, _ in papers])
        return [
            (header_from(header), self.index.counts(paper)) for header, (_, paper) in zip(kept, papers, strict=True)
        ]

    def answers(self, seal: str) -> tuple[MeasuredAnswer, ...]:
        """Return the measures of a session's answers."""
        (kept,) = self._contents([(seal, "answers", "")])
        return answers_from(kept)

    def marks(self, scorer: Scorer, seals: Sequence[str]) -> list[Marks]:
        """Return the marks of some sessions by a scorer, each where it stands among the others."""
        asked, known = self._latest  # a scorer's quantities are asked for one after the other
        if asked is not scorer:
            self._latest = asked, known = scorer, {}
        new = [seal for seal in seals if seal not in known]
        kept = self._contents([self._key(scorer, seal) for seal in new])
        known.update(zip(new, map(marks_from, kept), strict=True))
        return [known[seal] for seal in seals]

    def marks_texts(self, seals: Sequence[str]) -> list[tuple[str, Scorer, bytes]]:
        """Return what every scorer that applies marked in some papers, as JSON: quantity → [[turn, value], …].

        Many papers at once, a few hundred at most; session by session, in the order of the seals.
        """
        keys = [(scorer, self._key(scorer, seal)) for seal in seals for scorer in self._applying(seal)]
        kept = dict(self.cache.marks(seals))
        if lost := [key for _, key in keys if key not in kept]:
            kept.update(zip(lost, map(str.encode, self._contents(lost)), strict=True))
        return [(key[0], scorer, kept[key]) for scorer, key in keys]

    def _applying(self, seal: str) -> list[Scorer]:
        paper = self.index.of(seal)
        return [scorer for scorer in self.scoring.scorers if paper is not None and paper.track in scorer.tracks]

    def _key(self, scorer: Scorer, seal: str) -> Key:
        paper = self.index.of(seal)
        if paper is None:
            raise Damaged(seal)
        before = self.index.before(paper, scorer.context) if scorer.context else ()
        return (seal, *self.scoring.key(scorer, before))

    def _contents(self, keys: Sequence[Key]) -> list[str]:
        kept = [self.cache.get(*key) for key in keys]
        if lost := [seal for (seal, _, _), content in zip(keys, kept, strict=True) if content is None]:
            self._measure(lost)
            kept = [self.cache.get(*key) for key in keys]
        contents = [content for content in kept if content is not None]
        if len(contents) < len(keys):
            raise Damaged(*lost)
        return contents

    def _measure(self, seals: Sequence[str]) -> None:
        """Measure papers that came before a session they follow, before a scorer, or whose marks were lost."""
        self.index.open()  # all of it as it was, for now the cache moves on
        self.cache.thaw()
        with writing(self.cache.path, self.log):
            for start in range(0, len(seals), PER_BATCH):
                papers = [self.index.of(seal) for seal in seals[start : start + PER_BATCH]]
                with self.cache.batch():
                    self.scoring.measure(filter(None, papers), self.index)
                if self.progress is not None:
                    self.progress(start + len(papers), len(seals))
