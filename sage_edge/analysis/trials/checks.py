"""What a declared trial needs of the curriculum and of the scorers, checked before anybody is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pydantic import JsonValue

from sage_edge import scorers
from sage_edge.analysis.recommend import Threshold
from sage_edge.curriculum import Curriculum, check_parameters
from sage_edge.errors import SageError
from sage_edge.names import Track
from sage_edge.trials.declarations import ArmCard, OutcomeCard, TrialCard

_WORDS_OF_THE_MIND = {"identity", "edge", "semantic", "raising", "self-reference"}
"""Scorers of how a mind speaks of itself: an arm that tells it its name, or its own sentences, hands them the words."""


def faults(card: TrialCard, curriculum: Curriculum, kinds: Collection[Track]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a declared trial, as key path and message. kinds: the declared kinds of sessions."""
    if card.track not in kinds:
        yield "track", f"no kind of session named '{card.track}'; there are: {', '.join(sorted(kinds))}"
        return
    for key, outcome in (("outcome", card.outcome), ("decoupled", card.decoupled), ("harm", card.harm)):
        if outcome is not None:
            yield from ((f"{key}.{part}", message) for part, message in _of_outcome(outcome, card.track))
    for number, arm in enumerate(card.arms):
        yield from ((f"arms[{number}]{part}", message) for part, message in _of_arm(arm, curriculum))
    yield from _of_insertion(card, curriculum)


def of_rule(rule: Threshold, cards: Mapping[str, TrialCard], curriculum: Curriculum) -> Iterator[str]:
    """Yield what is wrong with the trial that a rule names: it has to be about what the rule recommends."""
    if rule.trial is None:
        return
    card, wanted = cards.get(rule.trial), rule.recommend
    if card is None:
        yield f"no trial named '{rule.trial}'; there are: {', '.join(sorted(cards)) or 'none'}"
        return
    if card.track != rule.track:
        yield f"trial {card.name} is about {card.track} sessions, not {rule.track}"
    advice = _settled(wanted.intervention, wanted.version, wanted.parameters, curriculum)
    arms = [_settled(arm.intervention, arm.version, arm.parameters, curriculum) for arm in card.arms[1:]]
    if advice is not None and advice not in arms:
        yield f"trial {card.name} has no arm besides its control that is what the rule recommends"


def _settled(name: str, version: int, given: Mapping[str, JsonValue], curriculum: Curriculum) -> object:
    """What an intervention comes to with all its parameters; None where it is faulty, which is said elsewhere."""
    try:
        return name, version, check_parameters(curriculum.intervention(name, version), given)
    except SageError:
        return None


def _of_outcome(outcome: OutcomeCard, track: Track) -> Iterator[tuple[str, str]]:
    scorer = scorers.find(outcome.scorer, outcome.version)
    if scorer is None:
        yield "scorer", f"no scorer {outcome.scorer}/{outcome.version}"
    elif track not in scorer.tracks:
        yield "scorer", f"{outcome.scorer}/{outcome.version} does not apply to {track} sessions"
    elif outcome.quantity not in scorer.quantities:
        known = ", ".join(scorer.quantities)
        yield "quantity", f"{outcome.scorer}/{outcome.version} has no quantity '{outcome.quantity}', only {known}"


def _of_arm(arm: ArmCard, curriculum: Curriculum) -> Iterator[tuple[str, str]]:
    try:
        check_parameters(curriculum.intervention(arm.intervention, arm.version), arm.parameters)
    except SageError as refused:
        yield "", refused.message


def _of_insertion(card: TrialCard, curriculum: Curriculum) -> Iterator[tuple[str, str]]:
    """An arm that hands the outcome its words says so, and is paired with an outcome that it cannot hand them."""
    inserting = [number for number, arm in enumerate(card.arms) if _hands_words(card.outcome, arm, curriculum)]
    for number in inserting:
        if not card.arms[number].inserts:
            arm, scorer = card.arms[number].name, card.outcome.scorer
            yield f"arms[{number}].inserts", f"{arm} puts words into prompts that {scorer} counts: it has to say so"
    if any(arm.inserts for arm in card.arms) and card.decoupled is None:
        yield "decoupled", "is missing: an arm inserts what the outcome counts"
    beside = card.decoupled
    if beside is not None and beside.scorer in _WORDS_OF_THE_MIND:
        yield "decoupled.scorer", f"{beside.scorer} counts words that an arm inserts"


def _hands_words(outcome: OutcomeCard, arm: ArmCard, curriculum: Curriculum) -> bool:
    if outcome.scorer not in _WORDS_OF_THE_MIND:
        return False
    try:
        intervention = curriculum.intervention(arm.intervention, arm.version)
    except SageError:
        return False
    return "name" in intervention.parameters or intervention.exemplar_line is not None
