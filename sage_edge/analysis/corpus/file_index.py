"""Index of the files of a corpus: which paper each holds, and which numbers the sessions have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from sage_edge.analysis.corpus.headers import UNKNOWN
from sage_edge.analysis.corpus.score_cache import CachedRow, Damaged, ScoreCache
from sage_edge.analysis.corpus.session_order import Chain, SessionOrder
from sage_edge.analysis.corpus.sources import Entry, Group, Refused
from sage_edge.names import Track
from sage_edge.records.dialogue import Dialogue, Standing


class PaperFile(NamedTuple):
    """One file that was read: the paper in it, or why it is refused (then seal and all that follows are None)."""

    entry: Entry
    reason: str | None
    seal: str | None = None
    host: str | None = None
    track: Track | None = None
    number: int | None = None
    standing: Standing | None = None
    mind: str | None = None

    @property
    def chain(self) -> Chain | None:
        """Host, mind and track, where the paper has a place among the sessions there."""
        if self.host is None or self.mind is None or self.track is None or self.number is None:
            return None
        return self.host, self.mind, self.track


def of_content(entry: Entry, content: Dialogue | Refused) -> PaperFile:
    """Return what is remembered of a file's content."""
    if isinstance(content, Refused):
        return PaperFile(entry, content.reason)
    host = content.host or UNKNOWN
    numbered = content.track, content.number, content.standing
    return PaperFile(entry, None, content.seal, host, *numbered, content.individual)


class GroupListing(NamedTuple):
    """One group of files as it was at the last look, without the files.

    chains: the lowest and the highest number that papers in it have in each chain, so that only those groups need to
    be opened where a session's neighbours are.
    """

    group: Group
    chains: Mapping[Chain, tuple[int, int]]

    @property
    def is_finished(self) -> bool:
        """False while a first look at this group was cut off."""
        return bool(self.group.stamp)

    def row(self) -> CachedRow:
        """Return the listing as the cache keeps it."""
        chains = [(*chain, *numbers) for chain, numbers in self.chains.items()]
        content = json.dumps([self.group.stamp.hex(), self.group.hint.hex(), chains])
        return CachedRow("", "listing", json.dumps(self.group.key), content)


def listing_of(group: Group, files: Iterable[PaperFile]) -> GroupListing:
    """Return the listing of a group that holds these files."""
    chains: dict[Chain, tuple[int, int]] = {}
    for file in files:
        if file.chain is not None and file.number is not None:
            lowest, highest = chains.get(file.chain, (file.number, file.number))
            chains[file.chain] = min(lowest, file.number), max(highest, file.number)
    return GroupListing(group, chains)


def listings_in(cache: ScoreCache) -> Iterator[GroupListing]:
    """Yield the listings that a cache holds. Raises Damaged, and ValueError, TypeError for what is none."""
    for key, content in cache.listings():
        stamp, hint, chains = json.loads(content)
        group = Group(json.loads(key), bytes.fromhex(stamp), bytes.fromhex(hint))
        yield GroupListing(group, {(host, mind, track): (low, high) for host, mind, track, low, high in chains})


def files_row(key: str, files: Iterable[PaperFile]) -> CachedRow:
    """Return the files of a group as the cache keeps them."""
    content = [(file.entry.name, file.entry.stamp, *file[1:]) for file in files]
    return CachedRow("", "files", json.dumps(key), json.dumps(content))


def files_in(cache: ScoreCache, key: str) -> list[PaperFile]:
    """Return the files of a group that a cache holds. Raises Damaged."""
    content = cache.get("", "files", json.dumps(key))
    if content is None:
        raise Damaged(key)
    return [PaperFile(Entry(key, name, stamp), *more) for name, stamp, *more in json.loads(content)]


class FileIndex:
    """Every file of a corpus, and the order of the sessions in them; a group is opened once it is needed."""

    def __init__(self, cache: ScoreCache, listings: Iterable[GroupListing]) -> None:
        self._cache = cache
        self._closed = {listing.group.key: listing for listing in listings}
        self._order = SessionOrder()
        self._files: list[PaperFile] = []
        self._by_seal: dict[str, PaperFile] = {}

    def add(self, files: Iterable[PaperFile]) -> None:
        """Add files that were read."""
        for file in files:
            self._files.append(file)
            if file.seal is None:
                continue
            self._by_seal.setdefault(file.seal, file)
            if file.standing == "session" and file.chain is not None and file.number is not None:
                self._order.add(file.chain, file.number, file.seal)

    def open(self) -> None:
        """Open every group, so that the index does not need the cache any more. Raises Damaged."""
        for key in list(self._closed):
            self._open(key)

    def _open(self, key: str) -> None:
        self.add(files_in(self._cache, key))
        del self._closed[key]

    def papers(self) -> Iterable[PaperFile]:
        """Return one file for each paper."""
        self.open()
        return self._by_seal.values()

    def of(self, seal: str) -> PaperFile | None:
        """Return a file that holds this paper, or None."""
        if seal not in self._by_seal:
            self.open()
        return self._by_seal.get(seal)

    def before(self, file: PaperFile, span: int) -> tuple[str, ...]:
        """Return the seals of the last `span` sessions before a paper, oldest first."""
        chain, number = file.chain, file.number
        if chain is None or number is None:
            return ()
        while True:
            before = self._order.before(chain, number, span)
            oldest = before[0][0] if len(before) == span and before else -1
            if (key := self._nearest(chain, oldest, number)) is None:
                return tuple(seal for _, seal in before)
            self._open(key)

    def _nearest(self, chain: Chain, lowest: int, number: int) -> str | None:
        """Of the closed groups with sessions from `lowest` on and below a number, the one that goes up highest."""
        highest = {
            key: listing.chains[chain][1]
            for key, listing in self._closed.items()
            if chain in listing.chains and listing.chains[chain][0] < number and listing.chains[chain][1] >= lowest
        }
        return max(highest, key=highest.__getitem__, default=None)

    def counts(self, file: PaperFile) -> bool:
        """Return whether a paper is a session with a number of its own."""
        if file.chain is None or file.number is None or file.seal is None:
            return False
        return self._order.counts(file.chain, file.number, file.seal)

    def refused(self) -> Iterator[Refused]:
        """Yield the files that hold no paper, by name."""
        for file in self._sorted():
            if file.seal is None:
                yield Refused(file.entry.place, file.reason or "")

    def doubled(self) -> Iterator[tuple[PaperFile, PaperFile]]:
        """Yield files, by name, that hold the same paper as another one, with the first one that does."""
        first: dict[str, PaperFile] = {}
        for file in self._sorted():
            if file.seal is None:
                continue
            if file.seal in first:
                yield file, first[file.seal]
            first.setdefault(file.seal, file)

    def _sorted(self) -> list[PaperFile]:
        self.open()
        return sorted(self._files, key=lambda file: file.entry[:2])
