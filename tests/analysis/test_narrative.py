"""A model's words about findings: kept only where they say what a finding says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sage_edge.analysis.narrative import MOST, finding, narrate, objection
from sage_edge.analysis.report import narration, page
from sage_edge.analysis.report.blocks import Section, Table
from sage_edge.analysis.report.content import ReportContent
from sage_edge.analysis.report.sections import compose
from sage_edge.engines import Deadline, Reply, Settings, open_engine
from sage_edge.engines.errors import ContextOverflow, EngineError
from sage_edge.engines.scripted import Scripted
from sage_edge.models.errors import DigestMismatch
from sage_edge.models.resolve import resolve
from sage_edge.names import ModelRef
from sage_edge.records.claim import ClaimFinding
from tests.analysis.claims.shelf import Shelf, judge
from tests.fakes import weigh

SCORES = {number: [number / 20, (number % 7) / 20] for number in range(1, 20)}
TRUE = "The corrected correlation of edge scores over 19 sessions is 1.000."


@pytest.fixture(scope="module")
def claim() -> ClaimFinding:
    wanted = {"label": "all", "x": "edge/1 d5", "y": "edge/1 d9"}
    told = {"statement": "Trust and identity move together over sessions.", "as_stated": "correlation 0.95"}
    return judge(Shelf(edge__d5=SCORES, edge__d9=SCORES), test="coupling", replay=wanted, correct=wanted, **told)


def said(*texts: str, cites: str = "it") -> str:
    return json.dumps({"sentences": [{"cites": cites, "text": text} for text in texts]})


def test_a_true_sentence_is_kept_with_its_author(claim: ClaimFinding, tmp_path: Path) -> None:
    engine, model = Scripted(said("Trust and identity move together in 19 sessions.")), weigh(tmp_path, b"a model")
    found = narrate(engine, model, [claim], seed=1, deadline=Deadline(60))
    assert [(one.text, one.cites) for one in found.kept] == [("Trust and identity move together in 19 sessions.", "it")]
    assert (found.struck, found.failures) == ((), ())
    assert (found.model, found.digest, found.engine) == (str(model.ref), model.digest, "scripted 1")
    engine.close()


def test_the_model_is_shown_one_finding_as_json_and_held_to_a_schema(claim: ClaimFinding, tmp_path: Path) -> None:
    engine = Scripted(said("x"), said("x"))
    other = claim.model_copy(update={"claim": "other"})
    narrate(engine, weigh(tmp_path, b"a model"), [claim, other], seed=1, deadline=Deadline(60))
    shown = [json.loads(messages[1].text) for messages in engine.asked]
    assert shown == [finding(claim), finding(other)]
    enums = [
        json.loads(text or "")["properties"]["sentences"]["items"]["properties"]["cites"] for text in engine.schemas
    ]
    assert [one["enum"] for one in enums] == [["it"], ["other"]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Trust and identity move together with correlation 0.96.", "0.96 does not stand in it"),
        ("Trust and identity move together 0.95x faster.", ""),
        ("Trust and identity move together in eighteen sessions.", "18 does not stand in it"),
        ("Trust and identity move together in a hundred sessions.", "hundred does not stand in it"),
        ("Trust and identity move together by -0.95.", "-0.95 does not stand in it"),
        ("Trust and identity move together in 1,900 sessions.", "1900 does not stand in it"),
        ("Trust and identity move together since T024.", "24 does not stand in it"),
        ("Trust and identity move together. They always do.", "it is not one whole sentence"),
        ("trust and identity move together", "it is not one whole sentence"),
        ("That is enough for now.", "it does not speak of it"),
        ("", "it is not one whole sentence"),
        ("Trust and identity " + "move " * 60 + "together.", "it is longer than 240 characters"),
    ],
)
def test_what_a_finding_does_not_hold_is_struck(claim: ClaimFinding, text: str, why: str) -> None:
    assert objection(text, "it", finding(claim)) == why


def test_a_sentence_without_a_finding_is_struck(claim: ClaimFinding, tmp_path: Path) -> None:
    engine = Scripted(said("Trust and identity move together.", cites="nothing"))
    found = narrate(engine, weigh(tmp_path, b"a model"), [claim], seed=1, deadline=Deadline(60))
    assert [one.why for one in found.struck] == ["it cites no finding"]
    assert found.kept == ()


def test_the_same_sentence_counts_once_and_no_more_than_asked_for(claim: ClaimFinding, tmp_path: Path) -> None:
    text = "Trust and identity move together."
    found = narrate(
        Scripted(said(*[text] * (MOST + 3))), weigh(tmp_path, b"a model"), [claim], seed=1, deadline=Deadline(60)
    )
    assert len(found.kept) == 1
    assert [one.why for one in found.struck] == ["it was said before"] * (MOST - 1)


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        ("That is enough for now.", "it: the model did not answer as asked: no _reply: the file: Invalid JSON"),
        ('{"sentences": "none"}', "it: the model did not answer as asked: no _reply: sentences"),
        (Reply('{"sent', "length", 9, 0, 9, 0.1, 0.1, None), "it: the model did not come to an end (length)"),
        (EngineError("it broke", hint=""), "the model failed: it broke"),
        (ContextOverflow(900, 800), "the model failed: the conversation needs 900 tokens"),
    ],
)
def test_a_model_that_fails_or_babbles_leaves_its_failure(
    claim: ClaimFinding, tmp_path: Path, reply: str | Reply | EngineError, failure: str
) -> None:
    found = narrate(Scripted(reply), weigh(tmp_path, b"a model"), [claim], seed=1, deadline=Deadline(60))
    assert found.kept == ()
    (told,) = found.failures
    assert told.startswith(failure)


def test_a_model_with_other_bytes_is_no_failure_but_refused(claim: ClaimFinding, tmp_path: Path) -> None:
    model = weigh(tmp_path, b"a model")
    model.path.write_bytes(b"a modem")
    with pytest.raises(DigestMismatch):
        narrate(Scripted(), model, [claim], seed=1, deadline=Deadline(60))


def narrated(claim: ClaimFinding, tmp_path: Path, *replies: str) -> Section:
    found = narrate(Scripted(*replies), weigh(tmp_path, b"a model"), [claim], seed=1, deadline=Deadline(60))
    section = narration.section(found)
    assert section is not None
    return section


def test_the_section_names_the_author_and_shows_what_was_struck(claim: ClaimFinding, tmp_path: Path) -> None:
    section = narrated(claim, tmp_path, said("Trust and identity move together.", "It is 7 times <b>better</b>."))
    assert section.lead.startswith("Written by the model sage/seedling:q8_0 (sha256:")
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert [str(row[1]) for row in table.rows] == ["Trust and identity move together."]
    assert "It is 7 times <b>better</b>. (struck: 7 does not stand in it)" in repr(section.blocks[1])


def test_where_nothing_is_left_it_says_so(claim: ClaimFinding, tmp_path: Path) -> None:
    assert "Nothing that it wrote could be believed" in repr(narrated(claim, tmp_path, said("Hm.")).blocks[0])
    assert narration.section(None) is None


def test_a_report_holds_it_inert(claim: ClaimFinding, tmp_path: Path) -> None:
    evil = "Trust and identity <script>move</script> together."
    found = narrate(Scripted(said(evil)), weigh(tmp_path, b"a model"), [claim], seed=1, deadline=Deadline(60))
    made = compose(ReportContent("tests", claims=(claim,), narrative=found))
    assert "&lt;script&gt;move&lt;/script&gt;" in page.html(made)
    assert "\\<script>move\\</script>" in page.markdown(made)


def test_the_seedling_speaks_in_the_asked_shape_and_is_not_believed(claim: ClaimFinding) -> None:
    pytest.importorskip("llama_cpp")
    engine, model = open_engine("llamacpp", Settings(1024, 128, 1, 0)), resolve(ModelRef("sage/seedling:q8_0"))
    try:
        found = narrate(engine, model, [claim], seed=1, deadline=Deadline(120))
    finally:
        engine.close()
    assert (found.model, found.digest) == ("sage/seedling:q8_0", model.digest)
    assert found.engine.startswith("llamacpp ")
    assert found.kept == ()
    assert found.struck or found.failures
