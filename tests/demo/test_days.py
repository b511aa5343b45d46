"""Two weeks of the demo with the seedling: a trial from its offer to its verdict, and advice that does not nag."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from sage_edge.records.base import parse
from sage_edge.records.study import Check, Recommendation
from sage_edge.records.transcript import Transcript
from sage_edge.records.trial import Trial, TrialDecision, TrialLook
from sage_edge.trials import place_of

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]  # `.ci/run` names this file beside its boards

ROOT = Path(__file__).parents[2]
DAYS = 14


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of two weeks."""
    into = tmp_path_factory.mktemp("days") / "here"
    line = [sys.executable, "-m", "invoke", "demo", "--seedling", "--days", str(DAYS), "--into", str(into)]
    played = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert played.returncode == 0, played.stderr
    assert "trial name-anchoring accepted" in played.stdout
    return into


def published(lived: Path, host: str, folder: str) -> list[bytes]:
    """What the hub holds of a host below a folder, in the order of names."""
    git = ("git", "--git-dir", str(lived / "hub.git"))
    listed = subprocess.run(
        [*git, "ls-tree", "-r", "--name-only", f"host/{host}", f"{folder}/"], capture_output=True, check=True
    )
    names = sorted(listed.stdout.decode().splitlines())
    return [subprocess.run([*git, "show", f"host/{host}:{name}"], capture_output=True).stdout for name in names]


def test_a_trial_is_offered_accepted_given_looked_at_and_ended(lived: Path) -> None:
    (trial,) = (parse(Trial, content) for content in published(lived, "thor", "trials"))
    (decision,) = (parse(TrialDecision, content) for content in published(lived, "sprout", "trial-decisions"))
    looks = [parse(TrialLook, content) for content in published(lived, "thor", "trial-looks")]
    assert (decision.trial, decision.verdict) == (trial.fingerprint(), "accepted")
    assert decision.first is not None
    (last,) = (look for look in looks if look.state != "running")
    assert last.state in ("told", "exhausted")
    assert last.blocks == max(look.blocks for look in looks)
    assert [contrast.arm for contrast in last.contrasts] == ["named"]
    sessions = [parse(Transcript, content) for content in published(lived, "sprout", "sessions/primary")]
    assert len(sessions) == 4 * DAYS
    given = Counter(str(paper.head.trial.arm) for paper in sessions if paper.head.trial)
    assert given["named"] >= last.blocks
    for paper in sessions:
        place = place_of(trial, paper.session.number - decision.first.number)
        assert paper.head.trial in (place, None)
        if paper.head.trial is not None:
            assert paper.head.intervention.name == trial.design.arm(paper.head.trial.arm).intervention


def test_trial_show_explains_it_in_ten_lines_or_so(lived: Path) -> None:
    from sage_edge.demo.stage import Stage

    ran = subprocess.run(
        [sys.executable, "-m", "sage_edge", "trial", "show", "name-anchoring"],
        env=Stage(lived).environment("thor"),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert 10 <= len(lines) <= 14
    assert any(line.startswith("named ") and "identity/2 rate " in line for line in lines)
    print(ran.stdout)


def test_the_researcher_does_not_repeat_itself(lived: Path) -> None:
    """The predecessor of this rule advised the same four times in seven days, and was refuted three times."""
    advice = [parse(Recommendation, content) for content in published(lived, "thor", "recommendations")]
    checks = [parse(Check, content) for content in published(lived, "thor", "checks")]
    refuted = Counter(check.verdict for check in checks)["refuted"]
    assert len(advice) <= 3
    assert refuted <= 2


def test_the_summary_counts_what_the_hub_holds(lived: Path) -> None:
    summary = json.loads((lived / "summary.json").read_text())
    assert summary["transcripts"] == 8 * DAYS
    assert (summary["trials"], summary["trial decisions"]) == (1, 1)
