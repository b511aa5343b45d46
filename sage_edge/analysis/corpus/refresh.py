"""Update of a cache from its source: new files are read and measured, missing ones are left out.

    1. groups whose stamp differs are listed; entries whose stamp differs are new
    2. new files are read in the order of their names, and measured after the sessions that are known by then
    3. only then the groups' new stamps are kept

Each batch is kept as it is done, so a run that was cut off is continued by the next one. A session whose place among
the others is another one in the end is measured again when its marks are asked for (measured_papers).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from sage_edge.analysis.corpus.file_index import FileIndex, PaperFile, files_in, files_row, listing_of, listings_in
from sage_edge.analysis.corpus.score_cache import CachedRow, ScoreCache
from sage_edge.analysis.corpus.scoring import PER_BATCH, Scoring
from sage_edge.analysis.corpus.sources import Entry, Group, PaperSource, in_order

Progress = Callable[[int, int], None]
"""Hears how many files are done, and of how many."""


class Refresh:
    """One bringing up to date, by whoever holds the right to write."""

    def __init__(self, source: PaperSource, cache: ScoreCache, scoring: Scoring, progress: Progress | None) -> None:
        self.source, self.cache, self.scoring, self.progress = source, cache, scoring, progress
        self.known = {listing.group.key: listing for listing in listings_in(cache)}

    def run(self) -> FileIndex:
        """Return what every file of the source holds. Raises sqlite3.Error, Damaged, SageError."""
        finished = {key: listing.group for key, listing in self.known.items() if listing.is_finished}
        now = {group.key: group for group in self.source.groups(finished, self.cache.next_look())}
        same = {key for key, group in now.items() if key in finished and finished[key].stamp == group.stamp}
        index = FileIndex(self.cache, (self.known[key] for key in sorted(same)))
        changed = [group for key, group in now.items() if key not in same]
        updated = self._take(changed, index) if changed else []
        updated += [self.known[key]._replace(group=now[key]).row() for key in same if now[key] != finished[key]]
        gone = self.known.keys() - now.keys()
        if updated or gone:
            with self.cache.batch():
                self.cache.forget_listings(map(json.dumps, gone))
                self.cache.put(updated)
        return index

    def _take(self, changed: Sequence[Group], index: FileIndex) -> list[CachedRow]:
        """Read what is new in some groups; return the rows of their listings as they are now."""
        before = {file.entry: file for group in changed for file in self._files_before(group)}
        files: dict[str, list[PaperFile]] = {group.key: [] for group in changed}
        new: list[Entry] = []
        for entry in in_order(self.source.entries(changed)):
            if entry in before:
                files[entry.group].append(before[entry])
            else:
                new.append(entry)
        index.add(file for group in files.values() for file in group)
        for start in range(0, len(new), PER_BATCH):
            papers = list(self.scoring.read(new[start : start + PER_BATCH]))
            index.add(papers)
            for file in papers:
                files[file.entry.group].append(file)
            self._keep(papers, files, index)
            if self.progress is not None:
                self.progress(start + len(papers), len(new))
        return [row for group in changed for row in _rows(group, files[group.key])]

    def _files_before(self, group: Group) -> Sequence[PaperFile]:
        return files_in(self.cache, group.key) if group.key in self.known else ()

    def _keep(self, papers: Sequence[PaperFile], files: Mapping[str, Sequence[PaperFile]], index: FileIndex) -> None:
        """Keep the marks of a batch, and under the old stamps of their groups what was read by now."""
        keys = {file.entry.group for file in papers}
        groups = [self.known[key].group if key in self.known else Group(key, b"") for key in keys]
        with self.cache.batch():
            self.scoring.measure(papers, index)
            self.cache.put(row for group in groups for row in _rows(group, files[group.key]))


def _rows(group: Group, files: Sequence[PaperFile]) -> tuple[CachedRow, CachedRow]:
    return listing_of(group, files).row(), files_row(group.key, files)
