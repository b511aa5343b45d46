"""Tell how what runs on a board differs from what should serve there: the one word of status, plan and verify on it.

What runs is the agent's container, by its image, release and settings; what should serve is what the board's journal
came to. A link and a file's name are held against both, and prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sage_edge.names import shortened
from sage_edge.remote.board.probe import BoardContainer, BoardDeployment, BoardEngine, BoardProbe

OPEN = frozenset({"planned", "staged", "waiting", "armed", "switched", "started", "gated", "confirmed", "reverting"})
"""States of a deployment that is under way: until it is over, nobody can say what should serve."""

_MOST_FILES = 5
_AGENT = "sage-agent-1"


def drift(seen: BoardProbe) -> tuple[str, ...]:
    """Return the differences, a sentence each; nothing where what runs is what should, or nobody can say."""
    deployed = seen.deployed
    agent = seen.engine.agent() if seen.engine else None
    if deployed.journal_state in OPEN:
        return ()
    if deployed.retired:
        return tuple(_of_retired(deployed, agent))
    if deployed.damaged:
        return ()
    if deployed.should_serve is None:
        return tuple(_of_nothing(deployed, agent))
    if seen.engine is None:
        return tuple(_of_release(deployed))
    return (*_of_release(deployed), *_of_agent(deployed, agent), *_beside(seen.engine))


def foreign_rights(seen: BoardProbe) -> tuple[str, ...]:
    """Return the containers that no release started and that could change this board, each with what it may."""
    containers = seen.engine.containers if seen.engine else ()
    return tuple(f"{box.name}: {', '.join(box.rights)}" for box in containers if box.differs is None and box.rights)


def files_told(changed: Sequence[str]) -> str:
    """Return changed files in words: the first few by name."""
    more = len(changed) - _MOST_FILES
    return ", ".join(changed[:_MOST_FILES]) + (f" and {more} more" if more > 0 else "")


def _of_retired(deployed: BoardDeployment, agent: BoardContainer | None) -> Iterator[str]:
    yield f"it was retired at {deployed.retired}"
    if agent is not None:
        yield f"release {agent.release or 'none'} is there all the same"


def _of_nothing(deployed: BoardDeployment, agent: BoardContainer | None) -> Iterator[str]:
    yield from _failed_revert(deployed)
    if agent is not None:
        yield f"release {agent.release or 'none'} runs, though none should"
    if deployed.current is not None:
        yield f"`current` names {deployed.current}, though no release should serve"


def _of_release(deployed: BoardDeployment) -> Iterator[str]:
    yield from _failed_revert(deployed)
    if deployed.journal_state is None:
        yield f"its journal knows of no deployment, though `current` names {deployed.current}"
    if deployed.current != deployed.should_serve:
        yield f"`current` names {deployed.current or 'nothing'}, {deployed.should_serve} should serve"
    elif deployed.release_sha256 is not None and not deployed.release_sha256.startswith(deployed.current or ""):
        yield "release.json was changed"
    elif deployed.files_changed is None:
        yield "the files of its release were never listed"
    elif deployed.files_changed:
        yield f"files of its release were changed: {files_told(deployed.files_changed)}"


def _failed_revert(deployed: BoardDeployment) -> Iterator[str]:
    if deployed.journal_state == "revert-failed":
        yield f"the deployment of {deployed.journal_release} could not be taken back"


def _of_agent(deployed: BoardDeployment, agent: BoardContainer | None) -> Iterator[str]:
    if agent is None:
        yield "the agent's container is not there"
        return
    if agent.release != deployed.should_serve:
        yield f"release {agent.release or 'none'} runs, {deployed.should_serve} should serve"
    image = (deployed.release or {}).get("image")
    if image and deployed.current == deployed.should_serve and agent.image != image:
        yield f"the running image is {shortened(agent.image)}, not {shortened(str(image))}"
    if agent.status != "running":
        code = f" with {agent.exit_code}" if agent.status in ("exited", "restarting") and agent.exit_code else ""
        yield f"the agent's container is {agent.status}{code}"
    elif agent.health == "unhealthy":
        yield "the agent is unhealthy"
    yield from _of_settings(agent)


def _of_settings(agent: BoardContainer) -> Iterator[str]:
    if agent.differs is None:
        yield "how its agent was started is not recorded"
    for difference in agent.differs or ():
        yield f"its agent is not as it was started: {difference}"


def _beside(engine: BoardEngine) -> Iterator[str]:
    """The containers that the board started beside its agent, like the gateway to what it serves."""
    there = {box.name: box for box in engine.containers}
    for name in engine.started:
        box = there.get(name)
        if name == _AGENT:
            continue
        if box is None:
            yield f"the container {name} is not there"
            continue
        if box.status != "running":
            yield f"the container {name} is {box.status}"
        elif box.health == "unhealthy":
            yield f"the container {name} is unhealthy"
        yield from (f"the container {name} is not as it was started: {how}" for how in box.differs or ())
