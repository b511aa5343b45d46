"""The engine: Docker, Compose, the runtime, and who else could change the board with it."""

from __future__ import annotations

from sage_edge.hints import invoke
from sage_edge.remote.board.drift import foreign_rights
from sage_edge.verify.board.facts import BoardCheck, of_engine, of_probe
from sage_edge.verify.check import HostCheck, always, once
from sage_edge.verify.wants import Holds, NoneTold, NotOlder, Something

CHECKS: tuple[BoardCheck, ...] = (
    HostCheck(
        "docker",
        of_engine("engine", lambda engine: engine.version),
        once(lambda at: NotOlder(at.oldest_engine)),
        (
            "on the board: sudo systemctl start docker; not installed: ",
            invoke("provision", host="HOST"),
        ),
    ),
    HostCheck(
        "docker compose",
        of_engine("compose", lambda engine: "there" if engine.compose else None),
        always(Something("there")),
        (
            invoke("provision", host="HOST"),
            "; where that has no package for it, install docker compose by hand",
        ),
    ),
    HostCheck(
        "runtime",
        of_engine("runtimes", lambda engine: frozenset(engine.runtimes)),
        once(lambda at: Holds(frozenset({"nvidia" if at.has_gpu else "runc"}))),
        ("on the board: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker"),
    ),
    HostCheck(
        "containers that are not ours",
        of_probe("foreigners", lambda seen: frozenset(foreign_rights(seen))),
        always(NoneTold("none that could change the board")),
        "is it yours? if not, on the board: docker rm --force NAME",
    ),
)
