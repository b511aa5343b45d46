"""Looks at a trial: whole blocks alone, as allocated, honest at every block, and ended by what it declared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from sage_edge.analysis.findings import Examined, examine
from sage_edge.analysis.trials.look import TrialGround, look
from sage_edge.names import SessionId
from sage_edge.records.base import parse
from sage_edge.records.transcript import FinishReason, Transcript
from sage_edge.records.trial import Trial, TrialLook
from sage_edge.trials.allocation import places
from tests.analysis.declared import THOR
from tests.builders import START, transcript
from tests.trials import made

NOW = START + timedelta(days=30)
Conduct = Callable[[str, str], Transcript | None]
"""Session id and arm to what was conducted; None: it failed."""


def conducted(trial: Trial, session: str, arm: str, hits: int, *, mind: str = "Sage", cut: int = 0) -> Transcript:
    """A session of an arm, as a practitioner conducts it: `hits` of seven answers give the name."""
    of = trial.design.arm(arm)
    index = int(session[1:]) - 1
    finish: list[FinishReason] = ["stop"] * 7
    finish[:cut] = ["length"] * cut
    return transcript(
        session,
        mind=mind,
        replies=["I am Sage."] * hits + ["I am calm."] * (7 - hits),
        intervention=of.intervention,
        version=of.version,
        parameters=of.parameters,
        finish=finish,
        trial=list(places(trial))[index],
    )


def lived(trial: Trial, conduct: Conduct, sessions: int | None = None) -> TrialGround:
    """What is known after some sessions from P001 on; None: after all."""
    held = list(places(trial))[: sessions if sessions is not None else trial.design.sessions]
    papers = [conduct(f"P{number:03d}", place.arm) for number, place in enumerate(held, start=1)]
    examined = [Examined(paper, examine(THOR, paper, NOW)) for paper in papers if paper is not None]
    return TrialGround(trial, SessionId("P001"), len(held), examined)


def seen(ground: TrialGround, before: TrialLook | None = None) -> TrialLook:
    result = look(THOR, ground, before, NOW)
    assert result is not None
    assert parse(TrialLook, result.pretty()) == result
    return result


def named_speaks(trial: Trial) -> Conduct:
    return lambda session, arm: conducted(trial, session, arm, 6 if arm == "named" else 0)


def alike(trial: Trial) -> Conduct:
    return lambda session, _: conducted(trial, session, _, int(session[1:]) % 2)


def test_nothing_is_said_before_a_block_is_over() -> None:
    trial = made.trial()
    assert look(THOR, lived(trial, named_speaks(trial), 1), None, NOW) is None
    assert look(THOR, TrialGround(trial, SessionId("P001"), 0, ()), None, NOW) is None


def test_one_block_is_one_difference() -> None:
    trial = made.trial()
    first = seen(lived(trial, named_speaks(trial), 3))
    (contrast,) = first.contrasts
    assert (first.blocks, first.state, len(first.used)) == (1, "running", 2)
    assert (contrast.arm, contrast.n, round(contrast.mean or 0, 6)) == ("named", 1, round(6 / 7, 6))
    assert contrast.verdict == "cannot-tell"


def test_a_look_is_taken_once_a_block() -> None:
    trial = made.trial()
    ground = lived(trial, named_speaks(trial), 4)
    assert look(THOR, ground, seen(ground), NOW) is None


def test_a_strong_effect_ends_it_before_its_sessions_are_used_up() -> None:
    trial, before, ended = made.trial(), None, 0
    for sessions in range(2, trial.design.sessions + 1, 2):
        before = seen(lived(trial, named_speaks(trial), sessions), before)
        if before.state != "running":
            ended = sessions
            break
    assert before is not None
    assert before.state == "told"
    assert ended < trial.design.sessions
    assert before.contrasts[0].verdict == "supported"
    assert before.contrasts[0].low >= trial.design.outcome.smallest
    assert look(THOR, lived(trial, named_speaks(trial)), before, NOW) is None


def test_no_effect_ends_without_a_claim() -> None:
    trial = made.trial()
    last = seen(lived(trial, alike(trial)))
    assert last.state == "exhausted"
    assert last.contrasts[0].verdict in ("cannot-tell", "not-supported")


def test_harm_stops_it() -> None:
    trial = made.trial()

    def conduct(session: str, arm: str) -> Transcript:
        return conducted(trial, session, arm, 3, cut=7 if arm == "named" else 0)

    last = seen(lived(trial, conduct))
    assert last.state == "harm"
    assert last.harm[0].verdict == "supported"


def test_a_block_with_a_failed_session_is_left_out_whole_and_said() -> None:
    trial = made.trial()

    def conduct(session: str, arm: str) -> Transcript | None:
        return None if session == "P003" else named_speaks(trial)(session, arm)

    after = seen(lived(trial, conduct, 6))
    assert after.blocks == 3
    assert after.contrasts[0].n == 2
    assert after.left_out == ("block 2: P003 failed or has no finding",)


def test_sessions_of_which_all_fail_tell_nothing() -> None:
    trial = made.trial()
    after = seen(lived(trial, lambda _session, _arm: None))
    assert (after.state, after.contrasts[0].n, after.contrasts[0].mean) == ("exhausted", 0, None)
    assert (after.contrasts[0].low, after.contrasts[0].high) == (-1, 1)
    assert len(after.left_out) == trial.design.blocks


def test_what_was_not_as_allocated_is_analysed_as_allocated_and_said() -> None:
    trial = made.trial()
    control = trial.design.control.name

    def conduct(session: str, arm: str) -> Transcript:
        return conducted(trial, session, arm if session != "P002" else control, 0)

    second = list(places(trial))[1].arm
    after = seen(lived(trial, conduct, 4))
    assert after.contrasts[0].n == 2
    if second == control:
        assert after.deviations == ()
    else:
        assert after.deviations == ("P002 ran under observe v2, not as named",)


def test_a_session_that_names_no_trial_or_another_mind_is_said() -> None:
    trial = made.trial()

    def conduct(session: str, arm: str) -> Transcript:
        of = trial.design.arm(arm)
        own = {"intervention": of.intervention, "version": of.version, "parameters": of.parameters}
        if session == "P001":
            return transcript(session, replies=["I am calm."] * 7, **own)  # type: ignore[arg-type]
        return conducted(trial, session, arm, 0, mind="Willow" if session == "P002" else "Sage")

    assert seen(lived(trial, conduct, 4)).deviations == (
        "P001 does not say that it is part of this trial",
        "P002 is of another mind",
    )


def test_the_trial_keeps_the_version_of_its_scorer() -> None:
    """Findings go by the newest version; an earlier one is computed from the transcripts, and nothing else is taken."""
    earlier = made.trial(settled=made.design(outcome={**made.CARD["outcome"], "version": 1}))
    after = seen(lived(earlier, named_speaks(earlier), 4))
    assert after.contrasts[0].n == 2
    assert after.left_out == ()


def test_three_arms_share_the_level() -> None:
    arms = [*made.CARD["arms"], {**made.CARD["arms"][1], "name": "named-again"}]
    three = made.trial(settled=made.design(arms=arms, sessions=75))

    def conduct(session: str, arm: str) -> Transcript:
        return conducted(three, session, arm, 0 if arm == "plain" else 6)

    both: Sequence[float] = [contrast.low for contrast in seen(lived(three, conduct, 30)).contrasts]
    two = made.trial()
    (single,) = seen(lived(two, named_speaks(two), 20)).contrasts
    assert len(both) == 2
    assert max(both) <= single.low  # as many blocks, a wider interval each
