"""A tiny study on the seedling, twice and through a kill: the same numbers, to the byte."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sage_edge import locks
from sage_edge.records.base import parse
from sage_edge.records.transcript import Transcript
from sage_edge.workstation.programs import ROOT
from tools.findings.series import turns_digest
from tools.findings.study import NUMBERS, PAGE

pytestmark = pytest.mark.slow  # an engine is opened for each session

SEEDLING = "sage/seedling:q8_0"
TOY = ("--overlay", "seedling")
OBSERVED, ANCHORED = "seedling-q8-0-observe", "seedling-q8-0-identity-anchored"


def words(into: Path, *more: str) -> list[str]:
    chosen = ("--into", str(into), "--out", str(into / "page"), "--sessions", "2", "--models", SEEDLING, *TOY)
    return [sys.executable, "-m", "tools.findings", *chosen, *more]


def conducted(into: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words(into, *more), cwd=ROOT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("study")
    done = conducted(into)
    assert done.returncode == 0, done.stderr
    assert f"{ANCHORED}: P002 of 2, complete" in done.stderr
    return into


def transcripts(into: Path, arm: str) -> list[Transcript]:
    folder = into / arm / "sprout" / "state" / "papers" / "sessions" / "primary" / "000"
    return [parse(Transcript, path.read_bytes()) for path in sorted(folder.glob("P*.json"))]


def turns(into: Path, arm: str) -> list[str]:
    return [turns_digest(paper) for paper in transcripts(into, arm)]


def bytes_of(into: Path) -> tuple[bytes, bytes]:
    return (into / "page" / NUMBERS).read_bytes(), (into / "page" / PAGE).read_bytes()


def test_another_run_has_the_same_bytes_and_a_second_one_conducts_nothing(first: Path, tmp_path: Path) -> None:
    done = conducted(tmp_path)
    assert done.returncode == 0, done.stderr
    assert bytes_of(tmp_path) == bytes_of(first)
    again = conducted(first)
    assert again.returncode == 0
    assert "P00" not in again.stderr
    assert bytes_of(first) == bytes_of(tmp_path)
    assert conducted(first, "--check").returncode == 0


def test_the_arms_ran_under_what_was_recommended(first: Path) -> None:
    papers = {arm: transcripts(first, arm) for arm in (OBSERVED, ANCHORED)}
    assert [paper.head.intervention.name for paper in papers[OBSERVED]] == ["observe"] * 2
    assert [paper.head.intervention.name for paper in papers[ANCHORED]] == ["identity-anchored"] * 2
    assert all(paper.head.intervention.recommendation for paper in papers[ANCHORED])
    assert "Your name is Sage." in papers[ANCHORED][0].head.lesson.system
    assert [paper.head.seed for paper in papers[OBSERVED]] == [paper.head.seed for paper in papers[ANCHORED]]
    assert all(paper.head.time_source == "set" for paper in papers[OBSERVED])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_in_a_session_it_begins_that_session_anew(first: Path, tmp_path: Path, number: signal.Signals) -> None:
    journal = tmp_path / ANCHORED / "sprout" / "state" / "journals" / "P002.jsonl"
    process = subprocess.Popen(words(tmp_path, "--arm", ANCHORED), cwd=ROOT, stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 120
        while not (journal.exists() and journal.read_bytes().count(b'{"turn"') >= 2):
            assert time.monotonic() < until
            assert process.poll() is None, "it was to be killed before its end"
            time.sleep(0.005)
        process.send_signal(number)
    finally:
        process.communicate()
    assert journal.exists()
    done = conducted(tmp_path, "--arm", ANCHORED)
    assert done.returncode == 0, done.stderr
    assert turns(tmp_path, ANCHORED) == turns(first, ANCHORED)


def test_sessions_of_another_curriculum_are_not_gone_on_with(first: Path) -> None:
    overlay = first / OBSERVED / "fleet" / "overlays" / "study.yaml"
    kept = overlay.read_bytes()
    try:
        overlay.write_bytes(kept.replace(b"threads: 1", b"threads: 2"))
        done = conducted(first, "--arm", OBSERVED)
    finally:
        overlay.write_bytes(kept)
    assert done.returncode == 2
    assert "holds sessions of another curriculum or another overlay" in done.stderr


def test_one_process_at_a_time_conducts_an_arm(first: Path) -> None:
    with locks.hold(first / OBSERVED / "sprout" / "state" / "locks" / "agent.lock", "somebody"):
        done = conducted(first, "--arm", OBSERVED)
    assert done.returncode == 5, done.stderr


@pytest.mark.parametrize("more", [("--models", "seedling"), ("--sessions", "1"), ("--sessions", "x")])
def test_what_cannot_be_meant_is_refused_before_anything_is_made(more: tuple[str, ...], tmp_path: Path) -> None:
    done = conducted(tmp_path / "here", *more)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "here").exists()


def test_a_study_that_lacks_sessions_has_no_page(first: Path, tmp_path: Path) -> None:
    done = conducted(tmp_path, "--arm", "seedling-q8-0-observed")
    assert done.returncode == 2
    assert "there is no arm" in done.stderr
    assert not list(tmp_path.iterdir())


def test_its_numbers_are_those_of_the_transcripts(first: Path) -> None:
    numbers = json.loads((first / "page" / NUMBERS).read_bytes())
    (arm,) = (arm for arm in numbers["arms"] if arm["name"] == ANCHORED)
    transcript = transcripts(first, ANCHORED)[0]
    replies = [turn.reply for _, turn in transcript.answers()]
    assert arm["sessions"][0]["words"] == [len(reply.split()) for reply in replies]
    assert arm["sessions"][0]["marks"]["naming"] == [float("Sage" in reply) for reply in replies]
    assert arm["weights"] == transcript.head.model.digest
