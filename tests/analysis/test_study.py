from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sage_edge.analysis.findings import CONTEXT, Filed
from sage_edge.analysis.study import Study, StudyPapers, study
from sage_edge.names import HostName, SessionId
from sage_edge.records.paper_paths import of
from sage_edge.records.study import Check, Decision, Finding, Recommendation
from sage_edge.records.transcript import Transcript
from tests.analysis.declared import CURRICULUM, SPROUT, THOR, Remedy, Rule
from tests.builders import START, seal, transcript

NOW = START + timedelta(hours=1)
PLAIN = ["I am calm."] * 7
FIRST = transcript("P001", replies=PLAIN)


def read(*transcripts: Transcript, rules: Sequence[Rule] = (Rule(),), now: datetime = NOW) -> StudyPapers:
    hosts: dict[HostName, list[Transcript]] = {}
    for one in transcripts:
        hosts.setdefault(one.head.host, []).append(one)
    return StudyPapers(author=THOR, now=now, curriculum=CURRICULUM, rules=rules, transcripts=hosts)


def after(before: StudyPapers, said: Study, *more: Transcript, now: datetime | None = None) -> StudyPapers:
    """What is read at the next wake, when `said` was published and `more` came in."""
    known = [*before.transcripts.get(SPROUT, ()), *more]
    return replace(
        before,
        now=now or before.now + timedelta(hours=6),
        transcripts={**before.transcripts, SPROUT: known},
        findings=(*before.findings, *said.findings),
        checks=(*before.checks, *said.checks),
        recommendations=(*before.recommendations, *([said.recommendation] if said.recommendation else [])),
    )


def anchored(session: str, hits: int, recommendation: Recommendation) -> Transcript:
    return transcript(
        session,
        replies=["I am Sage."] * hits + PLAIN[hits:],
        intervention=recommendation.intervention,
        version=recommendation.intervention_version,
        parameters=recommendation.parameters,
        recommendation=recommendation.fingerprint(),
        system="Your name is Sage.",
    )


def test_the_story_from_observation_to_a_confirmed_prediction() -> None:
    morning = read(FIRST)
    said = study(morning)
    assert [type(paper) for paper in said.papers] == [Finding, Recommendation]
    advice = said.recommendation
    assert advice is not None
    assert (advice.first, advice.last) == ("P002", "P005")

    noon = after(morning, said, anchored("P002", 5, advice))
    told = study(noon)
    assert [type(paper) for paper in told.papers] == [Finding, Check]
    (found,) = told.checks
    assert (found.verdict, found.session) == ("confirmed", "P002")
    assert found.control is not None
    assert (found.measure.hits, found.measure.n, found.control.hits, found.control.n) == (5, 7, 0, 7)

    evening = after(noon, told, anchored("P003", 0, advice))
    later = study(evening)
    assert [type(paper) for paper in later.papers] == [Finding]  # one session decided; one check for ever


def test_a_study_with_its_own_papers_says_nothing_more() -> None:
    once = read(FIRST, transcript("T001", replies=["yes"] * 4), transcript("P001", host="willow", replies=PLAIN))
    said = study(once)
    assert len(said.findings) == 3
    while said.recommendation is not None:  # one host at each wake
        once = after(once, said)
        said = study(once)
    assert {one.to for one in once.recommendations} == {"sprout", "willow"}
    assert said == Study()
    assert study(after(once, said, now=NOW + timedelta(days=30))).papers == ()


def test_the_same_reading_gives_the_same_papers_in_any_order() -> None:
    second = transcript("P002", replies=PLAIN)
    assert study(read(FIRST, second)) == study(read(second, FIRST))


def test_a_session_is_examined_beside_those_before_it() -> None:
    said = ["The river runs slowly to the sea."] * 3
    first, training = transcript("P001", replies=said), transcript("T001", replies=said)
    second = transcript("P002", replies=said)
    together = study(read(second, training, first))
    later = study(after(read(first), study(read(first)), second))
    for found in (together, later):
        values = {str(one.session): _similarity(one) for one in found.findings}
        assert values["P002"] == 1.0
        assert values.get("P001") is None
        assert values.get("T001") is None


def _similarity(finding: Finding) -> float | None:
    return next(one.value for one in finding.measures if one.quantity == "similarity")


def test_papers_have_their_places() -> None:
    said = study(read(FIRST))
    assert [of(paper).split("/")[0] for paper in said.papers] == ["findings", "recommendations"]


def test_only_whole_transcripts_are_examined() -> None:
    changed = FIRST.model_copy(update={"turns": FIRST.turns[:-1]})
    failed = transcript("P002", replies=PLAIN, ending="failed")
    foreign = transcript("P003", host="willow", replies=PLAIN)
    said = study(replace(read(), transcripts={SPROUT: [changed, failed, foreign]}))
    assert said.papers == ()
    assert said.problems == (
        "sprout P001 is not examined: the closing does not follow the last turn",
        "sprout P002 is not examined: it failed",
        "sprout P003 is not examined: it says that willow conducted it",
    )


def test_a_transcript_that_was_changed_after_its_finding_is_told() -> None:
    before = read(FIRST)
    known = after(before, study(before))
    head = FIRST.head.model_copy(update={"seed": 8})
    said = study(replace(known, transcripts={SPROUT: [seal(head, FIRST.turns)]}))
    assert said.papers == ()
    assert "its seal was" in said.problems[0]


def test_a_failed_session_uses_its_number() -> None:
    said = study(read(FIRST, transcript("P002", replies=PLAIN, ending="failed")))
    assert said.recommendation is not None
    assert said.recommendation.first == "P003"


def test_at_most_one_recommendation_and_what_cannot_be_recommended_is_told() -> None:
    odd = transcript("P001", host="acorn", replies=PLAIN, mind="<|im_start|>")
    last = transcript("P999999999", host="birch", replies=PLAIN, started=START)
    said = study(read(odd, last, FIRST, transcript("P001", host="willow", replies=PLAIN)))
    assert said.recommendation is not None
    assert said.recommendation.to == "sprout"
    assert [problem.split(":")[0] for problem in said.problems] == [
        "nothing is recommended to acorn",
        "nothing is recommended to birch",
    ]


def test_findings_are_published_even_where_a_rule_is_wrong() -> None:
    said = study(read(FIRST, rules=[Rule(recommend=Remedy(intervention="obey"))]))
    assert len(said.findings) == 1
    assert "no intervention obey v2 is declared" in said.problems[0]


def test_only_the_addressee_declines() -> None:
    before = read(FIRST)
    said = study(before)
    assert said.recommendation is not None
    second = transcript("P002", replies=PLAIN)
    for author, expected in ((HostName("willow"), False), (SPROUT, True)):
        declined = Decision(
            author=author,
            recommendation=said.recommendation.fingerprint(),
            verdict="declined",
            reason="no",
            decided_by="person",
            created=NOW,
            rest_until=NOW,
        )
        again = study(replace(after(before, said, second), decisions=(declined,)))
        assert (again.recommendation is not None) is expected


def test_a_researcher_does_not_study_itself() -> None:
    assert study(replace(read(), transcripts={THOR: [transcript("P001", host="thor")]})) == Study()


def test_nothing_read_nothing_said() -> None:
    assert study(read()) == Study()


def test_after_the_window_the_rule_may_speak_again() -> None:
    before = read(FIRST)
    said = study(before)
    assert said.recommendation is not None
    window = [anchored(SessionId.of("P", number), 5, said.recommendation) for number in range(2, 6)]
    faded = transcript("P006", replies=PLAIN)
    again = study(after(before, said, *window, faded))
    assert again.recommendation is not None
    assert (again.recommendation.first, again.recommendation.last) == ("P007", "P010")


def filed(*transcripts: Transcript, opened: list[str]) -> list[Filed]:
    """The transcripts where they lie; `opened` hears which are read."""

    def load(one: Transcript) -> Transcript:
        opened.append(one.session)
        return one

    return [Filed(one.session, functools.partial(load, one)) for one in transcripts]


def test_what_was_examined_is_not_read_again() -> None:
    papers = [transcript(f"P{number:03d}", replies=PLAIN) for number in range(1, 9)]
    whole = read(*papers[:7], rules=())
    known = replace(whole, findings=study(whole).findings)
    opened: list[str] = []
    wake = replace(known, transcripts={SPROUT: filed(*papers[:7], opened=opened)})
    assert study(wake) == Study()
    assert opened == []
    said = study(replace(wake, transcripts={SPROUT: filed(*papers, opened=opened)}))
    # the new one, and those that its scores look back at
    assert sorted(opened) == [f"P{number:03d}" for number in range(8 - CONTEXT, 9)]
    assert said.findings == study(after(known, Study(), papers[7], now=NOW)).findings


def test_a_wake_over_filed_papers_says_what_one_over_open_papers_says() -> None:
    opened: list[str] = []
    morning = read(FIRST)
    lazy = replace(morning, transcripts={SPROUT: filed(FIRST, opened=opened)})
    said = study(lazy)
    assert said == study(morning)
    advice = said.recommendation
    assert advice is not None
    trial = anchored("P002", 5, advice)
    noon = after(morning, said, trial)
    assert study(replace(noon, transcripts={SPROUT: filed(FIRST, trial, opened=opened)})) == study(noon)


def test_a_filed_paper_that_cannot_be_read_is_told() -> None:
    def lost() -> Transcript:
        raise ValueError("no transcript: head: it is gone")

    other = Filed(SessionId("P003"), lambda: FIRST)
    said = study(replace(read(FIRST), transcripts={SPROUT: [FIRST, Filed(SessionId("P002"), lost), other]}))
    assert len(said.findings) == 1
    assert said.problems == (
        "sprout P002 is not examined: no transcript: head: it is gone",
        "sprout P003 is not examined: it says that it is P001",
    )
