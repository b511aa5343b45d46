"""What must be true of a board, as a table: adding a check is adding a value in `verify/board`, and its twin in
tests/fleet.

Tests want its sound answer, too, in `FOUND` of tests/verify/hosts.py at the same place, and a broken one in `BAD` of
tests/verify/test_board_checks.py.

Each fact says where the answer lies in one probe by the board's helper (`invoke verify --quick`); what the helper does
not tell yet, host/probe.py adds. testinfra asks the same question by question and shares nothing with the helper
(tests/fleet), so the two are held against each other.
"""

from __future__ import annotations

from sage_edge.hints import invoke
from sage_edge.names import HostName
from sage_edge.verify import check
from sage_edge.verify.board import engine, gateway, models, places, release, state
from sage_edge.verify.board.facts import HELPER, BoardCase, BoardCheck
from sage_edge.verify.board_target import BoardTarget
from sage_edge.verify.check import CheckCase, CheckResult
from sage_edge.verify.wants import Is

CHECKS: tuple[BoardCheck, ...] = (
    *places.CHECKS,
    *engine.CHECKS,
    *release.CHECKS,
    *models.CHECKS,
    *gateway.CHECKS,
    *state.CHECKS,
)


def cases(at: BoardTarget) -> tuple[BoardCase, ...]:
    """Return everything that must be true of a board, in the order in which people read it."""
    return tuple(case for declared in CHECKS for case in declared.cases(at, at.name))


def examine(at: BoardTarget) -> tuple[CheckResult, ...]:
    """Return what comes of each check that one probe answers."""

    def unanswered(case: BoardCase) -> CheckResult | None:
        if at.probe.helper == at.helper:
            return None
        return case.unasked("its helper, another than ours, does not say", invoke("provision", host=at.name))

    return tuple(check.examine(CHECKS, at, at.name, unanswered))


def helper_case(host: HostName, helper: str) -> BoardCase:
    """Return the one check of a board whose helper says nothing that can be read. helper: ours, 12 hex digits."""
    return CheckCase("helper", HELPER, "", Is(helper), invoke("provision", host=host))
