"""Neighbours of a session are found in the few groups that hold them, as if all groups were open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from sage_edge.analysis.corpus.file_index import FileIndex, PaperFile, files_in, files_row, listing_of, listings_in
from sage_edge.analysis.corpus.score_cache import ScoreCache
from sage_edge.analysis.corpus.sources import Entry, Group
from sage_edge.records.dialogue import Standing

STANDINGS: tuple[Standing, ...] = ("session", "session", "session", "dry-run")
PAPER = st.tuples(
    st.sampled_from("abcd"), st.integers(1, 12), st.sampled_from(STANDINGS), st.booleans(), st.sampled_from("MN")
)


def paper(place: int, group: str, number: int, standing: Standing, *, other_host: bool, mind: str = "M") -> PaperFile:
    entry = Entry(group, f"{place}.json", "1")
    host = "willow" if other_host else "sprout"
    return PaperFile(entry, None, f"sha256:{place:064x}", host, "primary", number, standing, mind)


def kept(files: Sequence[PaperFile]) -> ScoreCache:
    cache = ScoreCache(None)
    for key in sorted({file.entry.group for file in files}):
        of_group = [file for file in files if file.entry.group == key]
        cache.put([listing_of(Group(key, b"1"), of_group).row(), files_row(key, of_group)])
    return cache


def neighbours(file: PaperFile, files: Sequence[PaperFile], span: int) -> tuple[str | None, ...]:
    """By looking at every file."""
    sessions = [
        each for each in files if each.standing == "session" and (each.host, each.mind) == (file.host, file.mind)
    ]
    claims = Counter(each.number for each in sessions)
    before = [each for each in sessions if claims[each.number] == 1 and (each.number or 0) < (file.number or 0)]
    return tuple(each.seal for each in sorted(before, key=lambda each: each.number or 0)[-span:])


@given(drawn=st.lists(PAPER, min_size=1, max_size=30), span=st.integers(1, 4), which=st.integers(0, 29))
def test_neighbours_are_those_of_all_files(
    drawn: list[tuple[str, int, Standing, bool, str]], span: int, which: int
) -> None:
    files = [
        paper(place, group, number, standing, other_host=other, mind=mind)
        for place, (group, number, standing, other, mind) in enumerate(drawn)
    ]
    cache = kept(files)
    index = FileIndex(cache, listings_in(cache))
    file = files[which % len(files)]
    assert index.before(file, span) == neighbours(file, files, span)
    cache.close()


def test_only_the_groups_of_the_neighbours_are_opened() -> None:
    files = [paper(number, f"{number // 10:03d}", number, "session", other_host=False) for number in range(1, 100)]
    cache = kept(files)
    index = FileIndex(cache, listings_in(cache))
    last = paper(100, "010", 100, "session", other_host=False)
    assert index.before(last, 3) == tuple(file.seal for file in files[-3:])
    cache.forget_listings(f'"{shard:03d}"' for shard in range(9))  # none of these was needed, nor is for the next one
    assert index.before(files[-5], 3) == tuple(file.seal for file in files[-8:-5])
    assert files_in(cache, "009") == files[89:]
    cache.close()
