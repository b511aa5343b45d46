from __future__ import annotations

from datetime import timedelta

from sage_edge import files
from sage_edge.agent.paper_summary import describe
from sage_edge.analysis.findings import examine
from sage_edge.names import HostName, Slug
from sage_edge.records.study import Finding, Prediction, Recommendation
from sage_edge.records.transcript import Transcript
from tests.builders import START, transcript


def told(one: Transcript) -> str:
    """What is said of a session's finding."""
    return describe(_of_two(examine(HostName("thor"), one, START)))


def _of_two(finding: Finding) -> Finding:
    """The same finding of two scorers only, whatever others there are by now."""
    two = tuple(measure for measure in finding.measures if measure.scorer in ("truncation", "training-strict"))
    return finding.model_copy(update={"measures": two})


def test_a_finding_is_told_by_the_first_number_of_each_scorer() -> None:
    assert told(transcript("T001", replies=["yes", "yes", "no", "yes"], finish="length")) == (
        "T001 of sprout: truncation cut 4/4 [0.51, 1.00]; training-strict 1/2 [0.09, 0.91]"
    )


def test_what_has_no_value_is_left_out() -> None:
    assert told(transcript(replies=[None, None])) == "P001 of sprout: nothing measurable"


def test_a_recommendation_names_the_quantity_that_it_predicts() -> None:
    prediction = Prediction(scorer=Slug("truncation"), version=1, comparison="at-most", value=0.5, minimum_n=5)
    paper = Recommendation.model_validate(
        {
            "author": "thor",
            "to": "sprout",
            "track": "primary",
            "first": "P002",
            "last": "P005",
            "intervention": "observe",
            "intervention_version": 1,
            "parameters": {},
            "prediction": prediction,
            "rule": "a-rule",
            "because": (),
            "based_on": (files.digest(b"x"),),
            "created": START,
            "valid_until": START + timedelta(days=1),
        }
    )
    assert describe(paper) == (
        "to sprout, exploratory: observe for P002-P005, predicting truncation at most 0.50 in P002"
    )
    cut = prediction.model_copy(update={"quantity": "cut"})
    assert "predicting truncation cut at most" in describe(paper.model_copy(update={"prediction": cut}))
