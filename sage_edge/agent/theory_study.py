"""The researcher's theories at the end of a study that found something: which get a new version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sage_edge.agent.build import Agent
from sage_edge.analysis.study import Study
from sage_edge.analysis.theories import declarations, in_words, papers, versions
from sage_edge.errors import SageError
from sage_edge.inventory import guard
from sage_edge.records.theory import Theory, TheoryEvidence
from sage_edge.records.trial import TrialLook
from sage_edge.trials import TrialPapers


def with_theories(agent: Agent, study: Study, trials: TrialPapers, examined: int) -> Study:
    """Return a study with the theories that have a new version; one that found nothing new is left as it is.

    examined: how many sessions have a finding of ours from before. What stands in the way goes to the problems.
    """
    if not study.papers:
        return study
    problems: list[str] = []
    theories = tuple(_theories(agent, study, trials, examined + len(study.findings), problems))
    return replace(study, theories=theories, problems=(*study.problems, *problems))


def write_overview(agent: Agent) -> None:
    """Replace LATEST_STATUS.md by how the theories of this host stand now."""
    me = agent.me.host.name
    guard.allow(agent.me.fleet, me, "analyse")
    agent.post.set_overview(in_words.page(versions.newest(papers.of(agent.post, me)).values(), me))


def _theories(agent: Agent, study: Study, trials: TrialPapers, sessions: int, problems: list[str]) -> Iterator[Theory]:
    me = agent.me.host.name
    try:
        cards = declarations.load(agent.paths.fleet)
    except SageError as wrong:  # a theory that is declared wrongly stops no study
        problems.append(f"no theory is looked at: {wrong.message}")
        return
    own = tuple(papers.of(agent.post, me)) if cards else ()
    evidence = list(versions.of_trials(me, cards, _looked_at(trials, study.looks)))
    tested = _of_claims(agent, own, sessions, problems) if cards else None
    yield from versions.update(
        me, cards, own, [*evidence, *(tested or ())], agent.watch.look().at, None if tested is None else sessions
    )


def _of_claims(
    agent: Agent, own: Sequence[Theory], sessions: int, problems: list[str]
) -> tuple[TheoryEvidence, ...] | None:
    """What the claims say now; None where they are not due, or cannot be tested here."""
    try:
        from sage_edge.analysis.theories import tested_claims  # numpy is for who tests, not for every wake
    except ImportError:  # a researcher without the extra `analysis` has the trials alone
        return None
    if not tested_claims.is_due(sessions, max((paper.sessions for paper in own), default=0)):
        return None
    fleet, repository = agent.paths.fleet, agent.paths.exchange
    try:
        return tuple(tested_claims.evidence(fleet, repository, declarations.load(fleet)))
    except SageError as wrong:
        problems.append(f"no claim is tested: {wrong.message}")
        return None


def _looked_at(trials: TrialPapers, looks: Sequence[TrialLook]) -> TrialPapers:
    """The trials with what was seen of them just now."""
    known = dict(trials.looks)
    for look in looks:
        known[look.trial] = (*known.get(look.trial, ()), look)
    return replace(trials, looks=known)
