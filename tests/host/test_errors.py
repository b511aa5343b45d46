"""What the helper refuses: its exit codes are those of every program of ours, its next steps are values."""

from __future__ import annotations

import json

from sage_edge import errors
from sage_edge.host.errors import HOST, ExitStatus, Refusal, invoke


def test_exit_codes_are_those_of_every_program() -> None:
    assert {code.name: code.value for code in ExitStatus} == {
        code.name: errors.ExitCode[code.name] for code in ExitStatus
    }


def test_a_refusal_is_json() -> None:
    refusal = Refusal("busy", "it works", "wait, then: ", invoke("status", host=HOST, all=True), code=ExitStatus.LOCKED)
    assert json.loads(json.dumps(refusal.as_json())) == {
        "kind": "busy",
        "message": "it works",
        "hint": ["wait, then: ", {"program": "invoke", "words": ["status"], "options": {"host": None, "all": True}}],
        "code": 5,
    }
