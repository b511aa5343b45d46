"""Why a measurement does not stand.

BenchError                      exit code 1
├── BeyondRoofline              more than memory can give, so something was counted wrongly
├── NothingDrawn(model)         too few tokens came to measure them
└── Unextrapolated(size)        time did not grow with the layers
"""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge import sizes
from sage_edge.errors import SageError
from sage_edge.hints import sage
from sage_edge.names import ModelRef


class BenchError(SageError):
    """A measurement that does not stand."""


class BeyondRoofline(BenchError):
    """Tokens came faster than memory can be read. rate: tokens a second; bandwidth: bytes a second."""

    def __init__(self, share: float, rate: float, token_bytes: int, bandwidth: float) -> None:
        self.share = share
        super().__init__(
            f"{rate:.1f} tokens a second of {sizes.text(token_bytes)} each are {share:.0%} of what memory was measured "
            f"to give, {sizes.text(bandwidth)} a second",
            hint="measure again while nothing else runs on this machine",
        )


class Unextrapolated(BenchError):
    """A size of which some layers were measured, and more of them took no longer: the machine was busy elsewhere."""

    def __init__(self, size: str, seconds: Sequence[float]) -> None:
        told_s = ", ".join(f"{took:.3f}" for took in seconds)
        super().__init__(
            f"{size}: a token took {told_s} s with more layers each time, which no number of layers explains",
            hint="measure again while nothing else runs on this machine",
        )


class NothingDrawn(BenchError):
    """A model ended its answers before two tokens came."""

    def __init__(self, model: ModelRef) -> None:
        super().__init__(
            f"{model} ended every answer before its second token", hint=sage("model verify", str(model), deep=True)
        )
