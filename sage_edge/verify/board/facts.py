"""Questions about a board, where one probe answers them, and remedies that several checks share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sage_edge.hints import Hint, invoke
from sage_edge.remote.board.probe import BoardContainer, BoardEngine, BoardProbe
from sage_edge.verify.board_target import BoardTarget
from sage_edge.verify.check import CheckCase, Fact, HostCheck
from sage_edge.verify.wants import FactValue

BoardFact = Fact[BoardTarget, FactValue]
BoardCheck = HostCheck[BoardTarget, FactValue]
BoardCase = CheckCase[BoardTarget, FactValue]

PROVISION, DEPLOY = invoke("provision", host="HOST"), invoke("deploy", host="HOST")
LOGS: Hint = ("see: ", invoke("logs", host="HOST"))


def of_probe(kind: str, read: Callable[[BoardProbe], FactValue]) -> BoardFact:
    """Return a question that the probe answers once."""
    return Fact(kind, lambda at, _: read(at.probe))


def of_each(kind: str, read: Callable[[BoardProbe, str], FactValue]) -> BoardFact:
    """Return a question that the probe answers for each of several things."""
    return Fact(kind, lambda at, of: read(at.probe, of))


def of_engine(kind: str, read: Callable[[BoardEngine], FactValue]) -> BoardFact:
    """Return a question about the Docker engine; None where none answers."""
    return Fact(kind, lambda at, _: read(at.engine) if at.engine else None)


def of_agent(kind: str, read: Callable[[BoardContainer, str], FactValue]) -> BoardFact:
    """Return a question about the agent's container; None where there is none."""
    return Fact(kind, lambda at, of: read(at.agent, of) if at.agent else None)


def mapping(seen: BoardProbe, key: str) -> Mapping[str, Any]:
    """A mapping that the helper tells; an older one tells less, and is still worth reading."""
    return dict(seen.answer.get(key) or {})


def sha256(digits: str | None) -> FactValue:
    """A digest in full, from its hex digits."""
    return f"sha256:{digits}" if digits else None


def as_set(values: Sequence[str] | None) -> FactValue:
    """Texts without order; None: nobody tells them."""
    return None if values is None else frozenset(values)


HELPER = of_probe("helper", lambda seen: seen.helper)
JOURNAL = of_probe("journal", lambda seen: seen.deployed.journal_state)
LABEL = of_agent("label", lambda agent, name: agent.labels.get(name))
