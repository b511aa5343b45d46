"""A board in a folder, whose helper is called in this process: the client's code and the helper's, without ssh."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sage_edge.host import command_table
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import Refusal
from sage_edge.host.helper_context import HelperContext
from sage_edge.host.machine import LocalEngine
from sage_edge.names import HostName
from sage_edge.remote.board import helper_call
from sage_edge.remote.board.client import BoardClient


class AgentEngine(LocalEngine):
    """An engine that knows of one container at most: the agent's."""

    def __init__(self) -> None:
        super().__init__("/nowhere")
        self.running: bool | None = None

    def get(self, place: str) -> Any:
        if "sage-agent-1" not in place or self.running is None:
            return None
        return {"Image": "sha256:1", "Config": {"Env": []}, "State": {"Running": self.running}}


class DirectBoard(BoardClient):
    """See above. heard: what its helper printed; at: called ahead of every verb, may raise."""

    def __init__(self, root: Path, host: str = "sprout") -> None:
        self.host, self.engine, self.heard = HostName(host), AgentEngine(), list[str]()
        self.places = Places(root)
        self.places.state.mkdir(parents=True, exist_ok=True)
        (self.places.base / "deploy").mkdir(exist_ok=True)
        self.asked: list[str] = []

    def _ask(self, verb: str, request: Mapping[str, Any], timeout_s: float) -> helper_call.HelperReply:
        self.asked.append(verb)
        context = HelperContext(self.places, self.engine, "x", self.heard.append)
        try:
            return dict(json.loads(json.dumps(command_table.answer(context, verb, json.loads(json.dumps(request))))))
        except Refusal as refused:
            raise helper_call._refusal(self.host, refused.as_json()) from None
