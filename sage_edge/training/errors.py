"""Every way in which training is refused.

SageError
└── TrainingError                    1   nothing was written
    ├── UnfitConversation(number)    1   a dialogue from which nothing can be learnt, or not as it is
    └── TrainingDiverged(step)       1   the loss is no number any more
"""

from __future__ import annotations

from sage_edge.errors import SageError


class TrainingError(SageError):
    """Training that cannot begin or go on; nothing was written."""


class UnfitConversation(TrainingError):
    """A dialogue from which nothing can be learnt, or not as it is."""

    def __init__(self, number: int, why: str) -> None:
        self.number = number
        super().__init__(f"dialogue {number} {why}", hint="mend or leave out that dialogue; nothing was written")


class TrainingDiverged(TrainingError):
    """The loss is no number any more."""

    def __init__(self, step: int) -> None:
        self.step = step
        super().__init__(f"the loss is no number at step {step}", hint="lower the learning rate in the recipe")
