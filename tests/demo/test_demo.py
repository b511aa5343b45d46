"""The demo with the shipped seedling: what its hub holds afterwards, and that it can be trusted and run again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge.demo import play, stage
from sage_edge.errors import UsageError
from sage_edge.models.resolve import resolve
from sage_edge.records.base import parse
from sage_edge.records.study import Check, Decision, Finding, Recommendation
from sage_edge.records.transcript import Transcript, chain_faults
from tests import replays

pytestmark = pytest.mark.slow  # what its tests look at takes seconds to come about

FLEET = Path(__file__).parents[2] / "fleet"
ROOT = FLEET.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("demo") / "here"
    played = subprocess.run(
        [sys.executable, "-m", "invoke", "demo", "--seedling", "--into", str(into)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert played.returncode == 0, played.stderr
    assert "P002 of sprout" in played.stdout
    assert "teacher" in played.stderr
    assert "\nraised: sage/seedling:q8_0, sha256:" in played.stdout
    return into


def _read(folder: Path, host: str, below: str) -> dict[str, bytes]:
    git = ("git", "--git-dir", str(folder / "hub.git"))
    listed = subprocess.run([*git, "ls-tree", "-r", "--name-only", f"host/{host}", f"{below}/"], capture_output=True)
    names = listed.stdout.decode().splitlines()
    return {n: subprocess.run([*git, "show", f"host/{host}:{n}"], capture_output=True).stdout for n in names}


def test_both_hosts_have_signed_all_that_they_wrote(folder: Path) -> None:
    git = ("git", f"--git-dir={folder / 'hub.git'}", "-c", f"gpg.ssh.allowedSignersFile={folder}/fleet/allowed_signers")
    for host in stage.HOSTS:
        listed = subprocess.run([*git, "log", "--format=%G? %GS", f"host/{host}"], capture_output=True, check=True)
        assert set(listed.stdout.decode().splitlines()) == {f"G {host}"}


def test_the_hub_holds_both_branches_with_what_was_promised(folder: Path) -> None:
    sessions = {n: parse(Transcript, c) for n, c in _read(folder, "sprout", "sessions").items()}
    assert sorted(t.session for t in sessions.values()) == ["P001", "P002", "T001"]
    assert all(not chain_faults(t) for t in sessions.values())
    assert all(t.closing.ending == "complete" for t in sessions.values())
    findings = [parse(Finding, c) for c in _read(folder, "thor", "findings").values()]
    assert {f.transcript for f in findings} == {t.seal for t in sessions.values()}
    (recommendation,) = (parse(Recommendation, c) for c in _read(folder, "thor", "recommendations").values())
    (decision,) = (parse(Decision, c) for c in _read(folder, "sprout", "decisions").values())
    (check,) = (parse(Check, c) for c in _read(folder, "thor", "checks").values())
    assert decision.recommendation == check.recommendation == recommendation.fingerprint()
    assert decision.verdict == "accepted"
    second = sessions["sessions/primary/000/P002.json"]
    assert second.head.intervention.recommendation == recommendation.fingerprint()
    assert (check.session, check.transcript) == ("P002", second.seal)
    assert (check.rule, check.measure.n) == ("interval", 7)  # whatever came of it, it was measured
    assert recommendation.created < second.head.started


def test_the_summary_counts_what_the_hub_holds(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    counts = {kind: summary[kind] for kind in summary if kind != "seconds"}
    assert counts == {"transcripts": 3, "findings": 3, "recommendations": 1, "decisions": 1, "predictions": 1}
    assert summary["seconds"] > 0


def test_every_transcript_names_the_weights_that_answered(folder: Path) -> None:
    card = (ROOT / "sage_edge" / "models" / "seedling" / "card.yaml").read_text()
    for content in _read(folder, "sprout", "sessions").values():
        head = parse(Transcript, content).head
        assert head.model.digest[7:] in card
        assert head.time_source == "set"


def test_a_session_can_be_replayed_from_its_own_record(folder: Path) -> None:
    """Promise 9: model digest, seed, prompt and parameters as recorded give the recorded words again."""
    content = _read(folder, "sprout", "sessions")["sessions/primary/000/P002.json"]
    transcript = parse(Transcript, content)
    engine = replays.engine(transcript)
    said = list(replays.replay(transcript, resolve(transcript.head.model.ref), engine))
    engine.close()
    assert [replays.differences(turn, again) for turn, again in said] == [()] * len(transcript.turns)


def test_a_demo_is_made_anew_and_nothing_else_is_touched(folder: Path, tmp_path: Path) -> None:
    stage.make(FLEET, folder.parent / "again")
    stage.make(FLEET, folder.parent / "again")
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(UsageError, match="not a demo"):
        play.play(FLEET, tmp_path, print)
    assert (tmp_path / "letters.txt").read_text() == "dear"


def test_what_was_recommended_is_listed_and_explained(folder: Path) -> None:
    def ask(*words: str) -> str:
        line = [sys.executable, "-m", "sage_edge", "recommendation", *words]
        ran = subprocess.run(line, env=stage.Stage(folder).environment("sprout"), capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    ((row),) = json.loads(ask("list", "--json"))["content"]
    assert (row["decision"], row["sessions"]) == ("accepted by policy", "P002-P005")
    assert row["outcome"] == "none yet"  # what was checked last comes with the next wake
    shown = ask("show", row["id"][:5])
    assert "by the rule identity-fades" in shown
    assert "exploratory: chance did not decide who gets it; it rests on 7 answers of one session" in shown
    assert len(shown.splitlines()) == 9
