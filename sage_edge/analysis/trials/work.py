"""What a study adds about trials: a look at each of its own that runs, and at most one proposal to each host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sage_edge.analysis import advice_record
from sage_edge.analysis.recommend import Case, Threshold
from sage_edge.analysis.trials.look import TrialGround, look
from sage_edge.analysis.trials.propose import TrialCase, propose
from sage_edge.curriculum import Curriculum
from sage_edge.inventory.roles import AgendaItem
from sage_edge.names import HostName, Slug
from sage_edge.records.trial import Trial, TrialLook
from sage_edge.trials import TrialCard, TrialPapers


@dataclass(frozen=True)
class TrialWork:
    """What a researcher knows of trials. agenda: of its role; cards: the declared trials; papers: of everybody."""

    agenda: Sequence[AgendaItem] = ()
    cards: Mapping[str, TrialCard] = field(default_factory=dict)
    papers: TrialPapers = field(default_factory=TrialPapers)


def looks(author: HostName, case: TrialCase, now: datetime, problems: list[str]) -> Iterator[TrialLook]:
    """Yield a new look at each trial of ours that runs at a host; what cannot be looked at goes to `problems`."""
    for digest, trial in case.papers.to(case.to).items():
        decision = case.papers.decisions.get(digest)
        if trial.author != author or decision is None or decision.first is None:
            continue
        ground = TrialGround(trial, decision.first, case.last.get(trial.design.track, 0), case.examined)
        try:
            new = look(author, ground, case.papers.last_look(digest), now)
        except ValueError as why:
            problems.append(f"trial {trial.design.name} of {case.to} is not looked at: {why}")
            continue
        if new is not None:
            yield new


def in_place_of_rules(case: Case, rules: Sequence[Threshold]) -> tuple[AgendaItem, ...]:
    """Return the trials of the rules that are retired for the mind of a host; they are due at once."""
    retired = [rule.trial for rule in rules if rule.trial and advice_record.is_retired(case, rule.name, rule.track)]
    return tuple(AgendaItem(trial=Slug(name), after=1) for name in dict.fromkeys(retired))


def proposal(
    author: HostName,
    case: TrialCase,
    agendas: Sequence[Sequence[AgendaItem]],
    cards: Mapping[str, TrialCard],
    curriculum: Curriculum,
    now: datetime,
    problems: list[str],
) -> Trial | None:
    """Return the trial that is proposed to a host now, or None; why a turn is lost goes to `problems`.

    agendas: the earlier one goes first, and one that is no good does not keep the next from its turn.
    """
    for agenda in agendas:
        try:
            trial = propose(author, case, agenda, cards, curriculum, now)
        except ValueError as why:
            problems.append(str(why))
            continue
        if trial is not None:
            return trial
    return None
