"""The states of a deployment and the moves between them. Forward only; a state is journalled before its work.

planned ─► staged ─► waiting ─► armed ─► switched ─► started ─► gated ─► confirmed ─► committed
   │          │          │         │         │           │         │
   └──────────┴──────────┴─────────┴─────────┴─► reverting ◄───────┘      reverting ─► reverted | revert-failed
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Literal

DeploymentState = Literal[
    "planned",  # the board knows what is to come; nothing is done
    "staged",  # files, image and models are here and checked; nothing is switched
    "waiting",  # for the running session to end
    "armed",  # the revert timer runs
    "switched",  # `current` points at the new release
    "started",  # the new containers are asked to run
    "gated",  # they are healthy and generated a token; a new connection has to confirm
    "confirmed",  # somebody reached the board again: from here on, only forward
    "committed",  # over: the new release serves
    "reverting",  # going back; done again until it succeeds
    "reverted",  # over: the old release serves, or nothing was touched
    "revert-failed",  # over, and neither release is proven: the board tries again, and a new deployment leads out
]

_FORWARD: tuple[DeploymentState, ...] = (
    "planned", "staged", "waiting", "armed", "switched", "started", "gated", "confirmed", "committed",
)  # fmt: skip
UNDOABLE: tuple[DeploymentState, ...] = _FORWARD[:7]
"""States in which a deployment that nobody drives any more is taken back."""

TOUCHED: tuple[DeploymentState, ...] = ("switched", "started", "gated", "reverting")
"""States in which the containers may be those of the new release."""

OVER: tuple[DeploymentState, ...] = ("committed", "reverted", "revert-failed")

KEPT: tuple[DeploymentState, ...] = ("confirmed", "committed")
"""States from which a release is not taken back any more."""

MOVES: Mapping[DeploymentState, tuple[DeploymentState, ...]] = {
    **{state: (following, "reverting") for state, following in itertools.pairwise(_FORWARD)},
    "confirmed": ("committed",),
    "committed": (),
    "reverting": ("reverting", "reverted", "revert-failed"),
    "reverted": (),
    "revert-failed": ("reverting",),
}
