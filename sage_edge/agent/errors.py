"""What a host refuses to a person who decides in place of its policy."""

from __future__ import annotations

from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import sage


class TrialRefused(SageError):
    """An offered trial cannot be accepted, whoever asks for it."""

    code = ExitCode.REFUSED

    def __init__(self, trial: str, why: str) -> None:
        self.trial, self.why = trial, why
        super().__init__(
            f"trial {trial} cannot be accepted: {why}",
            hint=("decline it, or see how it stands: ", sage("trial show", trial)),
        )


class DecisionRefused(SageError):
    """A recommendation cannot be accepted, whoever asks for it."""

    code = ExitCode.REFUSED

    def __init__(self, recommendation: str, why: str) -> None:
        self.recommendation, self.why = recommendation, why
        super().__init__(
            f"recommendation {recommendation} cannot be accepted: {why}",
            hint=("decline it, or see what else there is: ", sage("recommendation list")),
        )
