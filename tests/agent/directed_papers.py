"""Directives and what they speak of, built from a few words."""

from __future__ import annotations

from datetime import datetime

from sage_edge.names import Digest, HostName
from sage_edge.records.directive import Directive, RecommendationAct, WithdrawalAct
from tests.fakes import MORNING

SPROUT, THOR, DESK = HostName("sprout"), HostName("thor"), HostName("desk")


def on(recommendation: Digest, kind: str = "accept", *, by: HostName = DESK, because: str = "it fits") -> Directive:
    """A directive to sprout to accept or decline something."""
    act = RecommendationAct.model_validate({"kind": kind, "recommendation": recommendation})
    return Directive(author=by, to=SPROUT, act=act, because=because, created=MORNING)


def until(directive: Directive, deadline: datetime) -> Directive:
    """The same directive with a deadline."""
    return directive.model_copy(update={"deadline": deadline})


def withdrawal(of: Directive, *, by: HostName = DESK) -> Directive:
    """A directive to sprout to forget another one."""
    act = WithdrawalAct(kind="withdraw", directive=of.fingerprint())
    return Directive(author=by, to=SPROUT, act=act, because="on second thoughts", created=MORNING)
