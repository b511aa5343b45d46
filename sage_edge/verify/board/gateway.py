"""What a board serves to others, where it is declared to: its gateway runs as it was started, and the model answers."""

from __future__ import annotations

from collections.abc import Callable

from sage_edge.hints import invoke, ssh
from sage_edge.remote.board.probe import BoardContainer
from sage_edge.verify.board.facts import DEPLOY, BoardCheck, BoardFact, as_set
from sage_edge.verify.board_target import BoardTarget
from sage_edge.verify.check import Fact, HostCheck, once
from sage_edge.verify.wants import FactValue, Is, Nothing

_LOGS = ssh("HOST", "docker logs --tail 50 sage-serve-1")


def _of_server(kind: str, read: Callable[[BoardContainer], FactValue]) -> BoardFact:
    """Return a question about the container of the gateway; None where there is none."""
    return Fact(kind, lambda at, _: read(at.server) if at.server else None)


def _is_serving(at: BoardTarget) -> bool:
    return at.current is not None and at.host.serve is not None


CHECKS: tuple[BoardCheck, ...] = (
    HostCheck(
        "server",
        _of_server("server-status", lambda server: server.status),
        once(lambda at: Is("running") if _is_serving(at) else None),
        DEPLOY,
    ),
    HostCheck(
        "health of the server",
        _of_server("server-health", lambda server: server.health),
        once(lambda at: Is("healthy") if _is_serving(at) else None),
        ("see: ", _LOGS, "; then ", DEPLOY),
    ),
    HostCheck(
        "server as it was started",
        _of_server("server-differences", lambda server: as_set(server.differs)),
        once(lambda at: Nothing("as compose made it") if _is_serving(at) else None),
        DEPLOY,
    ),
    HostCheck(
        "served model",
        Fact("served", lambda at, _: at.served),
        once(lambda at: Is("answers") if _is_serving(at) else None),
        ("see: ", _LOGS, "; a new token and certificate: ", invoke("key.serving", host="HOST")),
    ),
)
