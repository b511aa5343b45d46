"""What the helper says when it does not do what was asked: one message, one next step, one exit code."""

from __future__ import annotations

from collections.abc import Mapping

FAILED, USAGE, REFUSED, UNREACHABLE, LOCKED, ROLLED_BACK, ROLLBACK_FAILED = 1, 2, 3, 4, 5, 6, 7


class Refusal(Exception):
    """The one error of the helper. kind: a slug that programs compare; code: the exit status (design §6)."""

    def __init__(self, kind: str, message: str, hint: str, code: int = FAILED) -> None:
        self.kind, self.message, self.hint, self.code = kind, message, hint, code
        super().__init__(message)

    def as_json(self) -> Mapping[str, object]:
        """The error as it is printed."""
        return {"kind": self.kind, "message": self.message, "hint": self.hint, "code": self.code}
