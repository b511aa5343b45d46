"""The release: what should serve is whole, was committed, and is what runs, by its container, image and settings.

The release on the board is what counts, not the one that would be deployed now: after a rollback it is as sound. A
board that was only provisioned is sound, one whose journal knows of a lost release is not.
"""

from __future__ import annotations

from sage_edge.hints import Hint, invoke
from sage_edge.remote.board.drift import OPEN, drift
from sage_edge.remote.board.probe import BoardDeployment, BoardProbe
from sage_edge.verify.board.facts import DEPLOY, JOURNAL, BoardCheck, as_set, of_agent, of_probe, sha256
from sage_edge.verify.check import HostCheck, always, once
from sage_edge.verify.wants import Among, FactValue, Is, NamedBy, Nothing

AGENT_USER = "10001:10001"

WHOLE: Hint = (DEPLOY, "; or take another one that is whole: ", invoke("rollback", host="HOST", list=True))


def _settled(deployed: BoardDeployment) -> FactValue:
    """The release that serves, by what the newest deployment came to; None while it is under way."""
    ended = {"committed": deployed.journal_release, "reverted": deployed.journal_previous}
    return ended.get(deployed.journal_state or "")


def _adrift(seen: BoardProbe) -> FactValue:
    """Why a board of which `current` names no release is none that waits for its first one."""
    deployed = seen.deployed
    is_open = [f"{deployed.journal_release} is {deployed.journal_state}"] if deployed.journal_state in OPEN else []
    return frozenset((*is_open, *drift(seen)))


CHECKS: tuple[BoardCheck, ...] = (
    HostCheck(
        "in service",
        of_probe("retired", lambda seen: frozenset(filter(None, [seen.deployed.retired]))),
        always(Nothing("not retired")),
        DEPLOY,
    ),
    HostCheck(
        "release",
        of_probe("adrift", _adrift),
        once(lambda at: None if at.current else Nothing("one that serves, or none yet")),
        DEPLOY,
    ),
    HostCheck(
        "release",
        of_probe("release", lambda seen: sha256(seen.deployed.release_sha256)),
        once(lambda at: NamedBy(at.current) if at.current else None),
        WHOLE,
    ),
    HostCheck(
        "files of the release",
        of_probe("files", lambda seen: as_set(seen.deployed.files_changed)),
        once(lambda at: Nothing("all as they were staged") if at.current else None),
        DEPLOY,
    ),
    HostCheck(
        "deploy lock",
        of_probe("lock", lambda seen: as_set([damage] if (damage := seen.deployed.lock_damaged) else [])),
        always(Nothing("free, or held by somebody")),
        ("once nobody deploys: ", invoke("lock.release", host="HOST", yes=True)),
    ),
    HostCheck(
        "newest deployment",
        JOURNAL,
        once(lambda at: Among(frozenset({"committed", "reverted"})) if at.current else None),
        ("see: ", invoke("audit", host="HOST"), "; then ", DEPLOY),
    ),
    HostCheck(
        "release by the journal",
        of_probe("settled", lambda seen: _settled(seen.deployed)),
        once(lambda at: Is(at.current) if at.current and at.probe.deployed.journal_state not in OPEN else None),
        WHOLE,
    ),
    HostCheck(
        "agent",
        of_agent("status", lambda agent, _: agent.status),
        once(lambda at: Is("running") if at.current else None),
        DEPLOY,
    ),
    HostCheck(
        "health of the agent",
        of_agent("health", lambda agent, _: agent.health),
        once(lambda at: Is("healthy") if at.current else None),
        ("see: ", invoke("logs", host="HOST"), "; then ", DEPLOY),
    ),
    HostCheck(
        "agent's user",
        of_agent("runs-as", lambda agent, _: agent.user),
        once(lambda at: Is(AGENT_USER) if at.current else None),
        DEPLOY,
    ),
    HostCheck(
        "agent's release",
        of_agent("serves", lambda agent, _: agent.release),
        once(lambda at: Is(at.current) if at.current else None),
        DEPLOY,
    ),
    HostCheck(
        "agent as it was started",
        of_agent("differences", lambda agent, _: as_set(agent.differs)),
        once(lambda at: Nothing("as compose made it") if at.current else None),
        DEPLOY,
    ),
    HostCheck(
        "image",
        of_agent("image", lambda agent, _: agent.image),
        once(lambda at: Is(at.release.image) if at.release else None),
        DEPLOY,
    ),
)
