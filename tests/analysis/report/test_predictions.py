"""Predictions in a report: read from the branches of an exchange, judged by the record, counted per researcher."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sage_edge import files
from sage_edge.analysis.calibration import AnsweredPrediction
from sage_edge.analysis.report.blocks import Badge, Table
from sage_edge.analysis.report.branch_papers import BranchPapers
from sage_edge.analysis.report.predictions import measured, predicted, section
from sage_edge.names import HostName, SessionId, Slug
from sage_edge.records import dialogue, paper_paths
from sage_edge.records.base import Record
from sage_edge.records.study import Check, Decision, Measure, Prediction, Recommendation
from sage_edge.scorers import EARLIER_IDENTITY, wilson
from tests.builders import START, transcript
from tests.trials import made

SEAL = files.digest(b"a transcript")


def measure(hits: int, n: int) -> Measure:
    low, high = wilson(hits, n)
    value = hits / n if n else None
    return Measure(
        scorer=EARLIER_IDENTITY.id,
        version=1,
        definition=EARLIER_IDENTITY.definition,
        n=n,
        hits=hits,
        value=value,
        low=low,
        high=high,
    )


def recommendation(first: str = "P002", author: str = "thor", to: str = "sprout") -> Recommendation:
    said = Prediction(scorer=Slug("identity"), version=1, comparison="at-least", value=0.5, minimum_n=3)
    return Recommendation(
        author=HostName(author),
        to=HostName(to),
        track="primary",
        first=SessionId(first),
        last=SessionId("P009"),
        intervention=Slug("observe"),
        intervention_version=1,
        parameters={},
        prediction=said,
        rule=Slug("low"),
        because=(),
        based_on=(),
        created=START,
        valid_until=START + timedelta(days=1),
    )


def decision(of: Recommendation, author: str = "sprout", *, declined: bool = False) -> Decision:
    return Decision(
        author=HostName(author),
        recommendation=of.fingerprint(),
        verdict="declined" if declined else "accepted",
        reason="so",
        decided_by="person",
        created=START,
    )


def check(
    of: Recommendation, hits: int = 3, author: str = "thor", verdict: str = "confirmed", rule: str = "interval"
) -> Check:
    return Check.model_validate(
        {
            "author": author,
            "recommendation": of.fingerprint(),
            "prediction": of.prediction,
            "session": of.first,
            "transcript": SEAL,
            "measure": measure(hits, 4),
            "control": measure(0, 4),
            "verdict": verdict,
            "rule": rule,
            "reason": "so",
            "created": START,
        }
    )


def tables(*told: AnsweredPrediction) -> list[Table]:
    found = section(told)
    assert found is not None
    return [block for block in found.blocks if isinstance(block, Table)]


def test_what_was_written_after_its_session_is_said_on_top() -> None:
    session = dialogue.of(transcript(started=START - timedelta(seconds=1)))
    found = section([AnsweredPrediction(recommendation(), None, check(recommendation()), (session,))])
    assert found is not None
    assert found.lead == "1 prediction, 1 of them written too late."
    calibration, table = [block for block in found.blocks if isinstance(block, Table)]
    assert str(calibration.rows[0][-1]).startswith("none (needs n >= 1)")
    assert table.rows[0][-1] == Badge("late", "bad")


def test_each_researcher_is_counted() -> None:
    right = [recommendation(first) for first in ("P002", "P003", "P004")]
    wrong = recommendation("P005")
    other = recommendation("P006", author="desk")
    told = [AnsweredPrediction(one, None, check(one)) for one in right]
    told += [AnsweredPrediction(wrong, None, check(wrong, 0, verdict="refuted")), AnsweredPrediction(other)]
    calibration, _ = tables(*told)
    rows = [[str(cell).replace("\u00a0", " ") for cell in row] for row in calibration.rows]
    assert rows == [
        ["desk", "1", "0", "0", "0", "0", "0", "0", "1", "none (needs n >= 1), n = 0"],
        ["thor", "4", "3", "1", "0", "0", "0", "0", "0", "0.75 (0.30 to 0.95), n = 4"],
    ]


def test_a_row_tells_what_was_predicted_seen_and_registered() -> None:
    paper = recommendation()
    (row,) = tables(AnsweredPrediction(paper, None, check(paper)))[1].rows
    assert row[0] == f"{paper.fingerprint().short}, {START:%Y-%m-%d %H:%M}"
    assert row[3] == "identity/1 rate at least 0.50, from 3 answers or more in 1 session"
    assert row[4] == "0.75 (0.30 to 0.95), n = 4; identity/1 rate"
    assert row[5] == "0.00 (0.00 to 0.49), n = 4; identity/1 rate"
    assert row[6] == Badge("confirmed", "good")


def test_what_was_published_by_the_earlier_rule_stands_beside_what_it_is_today() -> None:
    paper = recommendation()
    (row,) = tables(AnsweredPrediction(paper, None, check(paper, rule="value")))[1].rows
    assert str(row[4]).endswith("; by the rule of its day, which saw the value alone: confirmed")
    assert row[6] == Badge("cannot tell", "open")


def test_numbers_that_do_not_exist_are_named() -> None:
    assert measured(measure(0, 0)) == "none, n = 0; identity/1 rate"
    whole = measure(1, 1).model_copy(update={"low": None, "high": None})
    assert measured(whole) == "1.00 (no interval), n = 1; identity/1 rate"
    assert predicted(recommendation().prediction).endswith("from 3 answers or more in 1 session")
    assert section([]) is None


def hub(folder: Path, **branches: tuple[Record, ...]) -> Path:
    """Return a repository with a branch for each host, and these papers in their places."""
    repository = folder / "hub.git"
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t"]
    subprocess.run([*git, "init", "-q", "--bare", repository], check=True)
    for host, papers in branches.items():
        work = folder / host
        for paper in papers:
            path = work / paper_paths.of(paper)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(paper.pretty())
        for words in (["init", "-q", "-b", f"host/{host}"], ["add", "."], ["commit", "-q", "-m", "papers"]):
            subprocess.run([*git, "-C", work, *words], check=True, capture_output=True)
        subprocess.run([*git, "-C", work, "push", "-q", repository, f"host/{host}"], check=True, capture_output=True)
    return repository


def test_predictions_are_read_with_their_answers_from_the_branches(tmp_path: Path) -> None:
    session = replace(dialogue.of(transcript("P002")), seal=SEAL)
    one, other, foreign = recommendation("P002"), recommendation("P003"), recommendation("P004", to="desk")
    repository = hub(tmp_path, thor=(one, other, foreign, check(one)), sprout=(decision(one), decision(other)))
    read = BranchPapers(repository)
    told = read.forecasts("sprout", {SEAL: session})
    assert [item.sessions for item in told] == [(session,), ()]
    assert {item.recommendation.first: (item.decision is not None, item.check is not None) for item in told} == {
        "P002": (True, True),
        "P003": (True, False),
    }
    assert read.problems == []


def test_trials_are_read_with_their_answers_and_looks_each_of_its_own_hand(tmp_path: Path) -> None:
    trial = made.trial()
    look = made.looked_at(trial, state="running", contrasts=(), harm=())
    foreign = made.looked_at(trial, state="told", contrasts=(), harm=())
    repository = hub(tmp_path, thor=(trial, look), sprout=(made.accepted(trial), foreign))
    read = BranchPapers(repository).trials("sprout")
    assert list(read.trials.values()) == [trial]
    assert list(read.decisions.values()) == [made.accepted(trial)]
    assert read.last_look(trial.fingerprint()) == look
    assert BranchPapers(repository).trials("thor").trials == {}


def test_only_the_author_speaks_for_itself(tmp_path: Path) -> None:
    one = recommendation("P002")
    forged = recommendation("P003", author="sprout")
    repository = hub(
        tmp_path,
        thor=(one, forged, decision(one, declined=True)),
        sprout=(check(one), decision(one, author="thor", declined=True)),
    )
    (told,) = BranchPapers(repository).forecasts("sprout", {})
    assert (told.recommendation, told.decision, told.check) == (one, None, None)


def test_a_paper_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "thor" / "recommendations").mkdir(parents=True)
    (tmp_path / "thor" / "recommendations" / "evil\x1b[2J.json").write_text("{")
    read = BranchPapers(hub(tmp_path, thor=()))
    assert read.forecasts("sprout", {}) == ()
    assert [str(one).split(":")[0] for one in read.problems] == ["host/thor/recommendations/evil\\x1b[2J.json"]
