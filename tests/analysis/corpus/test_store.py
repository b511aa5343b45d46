"""What a corpus says: series of those that count, and everything that is odd."""

from __future__ import annotations

import dataclasses
import functools
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge import records
from sage_edge.analysis.corpus import BACKWARDS, Corpus, Folder
from sage_edge.analysis.errors import SessionChanged
from sage_edge.errors import UsageError
from sage_edge.names import Slug
from sage_edge.records import dialogue
from sage_edge.records.dialogue import Dialogue
from sage_edge.records.transcript import Transcript
from sage_edge.records.trial import TrialPlace
from sage_edge.scorers import ALL, EARLIER_IDENTITY, TRUNCATION, Mark, Marks
from tests import corpora
from tests.analysis.corpus.counting import LOOKING_BACK, SCORERS, look
from tests.builders import START, WEIGHTS, seal, transcript


def write(folder: Path, *papers: Transcript) -> None:
    for paper in papers:
        corpora.write(folder, paper)


def test_a_series_has_the_marks_of_every_session_in_order(tmp_path: Path) -> None:
    papers = {number: corpora.session("primary", number) for number in (10, 2, 1, 1000)}
    write(tmp_path, *papers.values(), corpora.session("training", 1))
    with Corpus.open(Folder.at(tmp_path)) as corpus:
        series = corpus.series("identity", 1, "rate", "primary")
        assert [point.number for point in series.points] == [1, 2, 10, 1000]
        for point in series.points:
            told = dialogue.of(papers[point.number])
            assert point.marks == tuple(EARLIER_IDENTITY.score(told, ())["rate"])
            assert (point.seal, point.label, point.started) == (told.seal, told.label, told.started)
            assert (point.unit, point.intervention) == (told.unit, told.intervention)
        assert (series.scorer, series.version, series.kind) == ("identity", 1, "rate")
        assert series.definition == EARLIER_IDENTITY.definition
        assert [one.label for one in corpus.sessions("training")] == ["T001"]
        assert len(corpus.dialogues) == 5
        assert corpus.hosts == ("sprout",)
        assert (corpus.refused, corpus.problems) == ((), ())


def test_every_declared_scorer_measures_what_it_applies_to(tmp_path: Path) -> None:
    write(tmp_path, *corpora.sessions(9))
    with Corpus.open(Folder.at(tmp_path)) as corpus:
        assert corpus.scorers == ALL
        for scorer in ALL:
            for track in scorer.tracks:
                for quantity in scorer.quantities:
                    for point in corpus.series(scorer.id, scorer.version, quantity, track).points:
                        assert all(0 <= mark.value <= 1 for mark in point.marks)


def test_words_are_dropped_but_measured_and_can_be_read_again(tmp_path: Path) -> None:
    paper = transcript(replies=["I am here.", None, "One two three"], finish=["stop", "stop", "length"])
    write(tmp_path, paper)
    with Corpus.open(Folder.at(tmp_path)) as corpus:
        (told,) = corpus.dialogues
        assert (told.exchanges, told.system) == ((), "")
        ((_, answers),) = corpus.answers()
        measured = [(one.turn, one.outcome, one.words, one.stopped) for one in answers]
        assert measured == [(1, "ok", 3, True), (2, "failed", 0, False), (3, "ok", 3, False)]
        assert [one.finish_reason for one in answers] == ["stop", None, "length"]
        assert corpus.read(told.seal) == dialogue.of(paper)
        with pytest.raises(UsageError, match="no session here has the seal"):
            corpus.read("sha256:none")
        write(tmp_path, transcript(replies=["I was changed."]))
        with pytest.raises(SessionChanged):
            corpus.read(told.seal)


def test_links_are_looked_at_again_only_where_a_file_may_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = corpora.write(tmp_path, transcript())
    with Corpus.open(Folder.at(tmp_path)) as corpus:
        (session,) = corpus.dialogues
        faults = ["turn 1 does not follow what stands before it"]
        monkeypatch.setattr(records.transcript, "chain_faults", lambda paper: tuple(faults))
        assert corpus.read(session.seal) == dialogue.of(transcript())
        content = path.read_bytes().replace(b"I am calm.", b"I am evil.")  # the seal stays
        path.write_bytes(content)
        with pytest.raises(SessionChanged):
            corpus.read(session.seal)
        path.unlink()
        with pytest.raises(SessionChanged):
            corpus.read(session.seal)


def test_marks_of_many_sessions_are_those_of_each(tmp_path: Path) -> None:
    write(tmp_path, *corpora.sessions(5))
    with Corpus.open(Folder.at(tmp_path), scorers=SCORERS) as corpus:
        seals = [session.seal for session in corpus.dialogues]
        for seal, scorer, marks in corpus.marks_texts(seals):
            (expected,) = corpus.shelf.ask(lambda papers: papers.marks(scorer, [seal]))  # noqa: B023 - asked at once
            assert {name: [Mark(*one) for one in all_] for name, all_ in json.loads(marks).items()} == {
                name: list(all_) for name, all_ in expected.items()
            }
        assert [seal for seal, scorer, _ in corpus.marks_texts(seals) if scorer is LOOKING_BACK] == seals


def test_a_session_says_of_which_trial_it_is_part(tmp_path: Path) -> None:
    place = TrialPlace(trial=WEIGHTS, arm=Slug("off"), block=3, place=1, counted=True)
    for paper in (transcript("P001", trial=place), transcript("P002")):
        corpora.write(tmp_path / "papers", paper)
    for _ in ("measured", "remembered"):
        with Corpus.open(Folder.at(tmp_path / "papers"), tmp_path / "cache.sqlite") as corpus:
            assert [session.trial for session in corpus.dialogues] == [place, None]


def test_an_empty_corpus_has_empty_series(tmp_path: Path) -> None:
    with Corpus.open(Folder.at(tmp_path)) as corpus:
        assert (corpus.dialogues, corpus.hosts, corpus.problems) == ((), (), ())
        assert corpus.series("identity", 1, "rate", "primary").points == ()


def test_what_is_not_measured_cannot_be_asked_for(tmp_path: Path) -> None:
    with Corpus.open(Folder.at(tmp_path), scorers=(EARLIER_IDENTITY, TRUNCATION)) as corpus:
        for question, says in (
            (("identity", 2, "rate", "primary"), "no scorer identity/2"),
            (("identity", 1, "d9", "primary"), "no quantity d9"),
            (("identity", 1, "rate", "training"), "does not measure training"),
        ):
            with pytest.raises(UsageError, match=says):
                corpus.series(*question)


def test_one_series_speaks_of_one_host(tmp_path: Path) -> None:
    write(tmp_path, transcript("P001"))
    write(tmp_path / "sessions/other", transcript("P001", host="willow"), transcript("P002", host="willow"))
    with Corpus.open(Folder.at(tmp_path)) as corpus:
        assert corpus.hosts == ("sprout", "willow")
        with pytest.raises(UsageError, match="2 hosts have primary sessions here"):
            corpus.series("identity", 1, "rate", "primary")
        assert [one.number for one in corpus.of("willow").series("identity", 1, "rate", "primary").points] == [1, 2]
        assert [one.number for one in corpus.of("sprout").sessions("primary")] == [1]
        assert corpus.problems == ()


def test_a_number_that_two_papers_claim_counts_for_none(tmp_path: Path) -> None:
    write(tmp_path, transcript("P001"), transcript("P002"), transcript("P003"))
    rival = transcript("P002", replies=["Another talk."])
    (tmp_path / "sessions/primary/000/P002-again.json").write_bytes(rival.pretty())
    with Corpus.open(Folder.at(tmp_path), scorers=SCORERS) as corpus:
        assert [one.number for one in corpus.series("identity", 1, "rate", "primary").points] == [1, 3]
        (problem,) = corpus.problems
        assert problem.place == "P002 of sprout"
        assert problem.what.startswith("2 papers claim this number (")
        assert len(corpus.dialogues) == 4
        before = corpus.series("looking-back", 1, "before", "primary")
        assert [point.value for point in before.points] == [0, 0.1]  # P003 looks back at P001 alone


def test_the_same_paper_in_two_places_counts_once(tmp_path: Path) -> None:
    write(tmp_path, transcript("P001"))
    shutil.copytree(tmp_path / "sessions", tmp_path / "sessions/copy")
    with Corpus.open(Folder.at(tmp_path)) as corpus:
        assert len(corpus.series("identity", 1, "rate", "primary").points) == 1
        (problem,) = corpus.problems
        assert str(problem) == (
            "primary/000/P001.json: it is the same paper as copy/primary/000/P001.json, and counts once"
        )


def test_times_that_run_backwards_are_told(tmp_path: Path) -> None:
    first, second = transcript("P001", started=START + timedelta(days=9)), transcript("P002")
    head = transcript("P003").head.model_copy(update={"started": START + timedelta(days=30)})
    write(tmp_path, first, second, seal(head, transcript("P003").turns))
    with Corpus.open(Folder.at(tmp_path)) as corpus:
        told = {problem.place: problem.what for problem in corpus.problems}
        assert told == {
            "P002 of sprout": "it began before P001, which has the lower number",
            "P003 of sprout": "its times run backwards",
        }
        assert BACKWARDS in corpus.series("identity", 1, "rate", "primary").points[-1].remarks


def test_what_is_refused_is_in_no_number(tmp_path: Path) -> None:
    write(tmp_path, transcript("P001"), transcript("P002"))
    path = tmp_path / "sessions/primary/000/P002.json"
    broken = json.loads(path.read_bytes())
    broken["turns"][0]["reply"] = "I was never said. \x1b[31m"
    path.write_text(json.dumps(broken))
    found = look(tmp_path)
    assert [(one.place, one.reason) for one in found["refused"]] == [
        ("primary/000/P002.json", "turn 2 does not follow what stands before it")
    ]
    assert {point.number for series in found["series"] for point in series.points} == {1}


def test_a_mark_out_of_bounds_is_a_mistake_of_the_scorer(tmp_path: Path) -> None:
    write(tmp_path, transcript("P001"))
    for value in (1.5, -0.1, float("nan")):
        marks = {"words": [Mark(0, 0.5), Mark(1, value)]}
        wild = dataclasses.replace(LOOKING_BACK, score=functools.partial(_give, marks))
        with pytest.raises(ValueError, match="looking-back/1 of P001: words is not between 0 and 1"):
            look(tmp_path, scorers=(wild,))


def _give(marks: Marks, told: Dialogue, earlier: object) -> Marks:
    return marks
