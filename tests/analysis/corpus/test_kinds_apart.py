"""Sessions of another kind, or of another mind on the same host, take no number from each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import JsonValue

from sage_edge.analysis.corpus import Corpus, Folder
from sage_edge.errors import UsageError
from sage_edge.legacy import import_folder
from tests.legacy.papers import TEXT, plant, session

COUNT = 20
MINDS = ("phi4:14b", "gemma3:4b", "tinyllama:latest")


def imported(folder: Path, files: dict[str, JsonValue | bytes]) -> Path:
    """Import some files of an older system; return the folder of papers."""
    out = folder / "papers"
    import_folder.write(import_folder.plan(plant(folder / "older", files)), out)
    return out


def numbered(number: int, words: str, **more: JsonValue) -> JsonValue:
    talk: list[JsonValue] = [{"speaker": "Claude", "text": "What now?"}, {"speaker": "SAGE", "text": words}]
    return session(number, conversation=talk, **more)


def test_probes_talks_and_experiments_take_no_number_of_a_primary_session(tmp_path: Path) -> None:
    raising = "sage/raising/sessions"
    files: dict[str, JsonValue | bytes] = {}
    for number in range(1, COUNT + 1):
        files[f"{TEXT}/session_{number:03d}.json"] = numbered(number, f"Rain {number}.")
        files[f"{raising}/latent_exploration/L{number:03d}_20260130-1203{number:02d}.json"] = numbered(number, "Wind.")
        files[f"{raising}/conversations/autonomous_s{number:03d}_20260127-030225.json"] = numbered(number, "Snow.")
        files[f"{raising}/r14b/R14B_{number:03d}.json"] = numbered(number, "Hail.")
    with Corpus.open(Folder.at(imported(tmp_path, files))) as corpus:
        counting = {track: len(corpus.sessions(track)) for track in corpus.tracks}
        assert counting == {"primary": COUNT, "training": 0, "conversation": COUNT, "experiment": 0, "probe": COUNT}
        assert [head.number for head in corpus.sessions("primary")] == list(range(1, COUNT + 1))
        assert len(corpus.series("edge", 1, "d9", "primary").points) == COUNT
        assert not [problem for problem in corpus.problems if "claim" in problem.what]
        assert len(corpus.dialogues) == 4 * COUNT


@pytest.mark.parametrize("folder", ["sessions", "sage/instances/legion", "x/sessions"])
def test_each_mind_of_a_host_has_a_series_of_its_own(folder: str, tmp_path: Path) -> None:
    files: dict[str, JsonValue | bytes] = {
        f"{folder}/{mind[:3]}/session_{number:03d}.json": numbered(number, mind, machine="legion", model=mind)
        for mind in MINDS
        for number in range(1, 6)
    }
    with Corpus.open(Folder.at(imported(tmp_path, files))) as corpus:
        assert corpus.hosts == ("legion",)
        assert corpus.minds == (("legion", "gemma3-4b"), ("legion", "phi4-14b"), ("legion", "tinyllama-latest"))
        assert corpus.problems == ()
        for owner in corpus.minds:
            assert [head.number for head in corpus.of(*owner).sessions("primary")] == [1, 2, 3, 4, 5]
        with pytest.raises(UsageError, match="3 minds of legion have primary sessions") as refused:
            corpus.of("legion").series("edge", 1, "d9", "primary")
        assert refused.value.hint == "name the mind: --mind gemma3-4b"
        assert corpus.owners("legion", "phi4-14b") == (("legion", "phi4-14b"),)
        with pytest.raises(UsageError, match="no session here is of the mind 'phi5'"):
            corpus.owners("legion", "phi5")


def test_an_instance_is_one_mind_whether_its_folder_or_its_model_says_it(tmp_path: Path) -> None:
    here = {"machine": "legion", "model": "phi4:14b"}
    files: dict[str, JsonValue | bytes] = {
        "sage/instances/legion-phi4-14b/sessions/session_001.json": numbered(1, "One.", machine="legion"),
        "elsewhere/sessions/session_002.json": numbered(2, "Two.", **here),
        "sage/instances/legion-old/sessions/session_001.json": numbered(1, "Other.", **here),
    }
    with Corpus.open(Folder.at(imported(tmp_path, files))) as corpus:
        assert corpus.minds == (("legion", "old-phi4-14b"), ("legion", "phi4-14b"))
        assert len(corpus.of("legion", "phi4-14b").sessions("primary")) == 2
        assert corpus.problems == ()
