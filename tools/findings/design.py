"""What the study compares, and by which numbers: all of it declared before the first session."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from sage_edge import scorers
from sage_edge.errors import UsageError
from sage_edge.hints import invoke
from sage_edge.names import HostName, ModelRef, Slug
from sage_edge.scorers import Scorer

TRACK = "primary"
HOST, RESEARCHER = HostName("sprout"), HostName("thor")
OVERLAY = "cpu"
OBSERVE, ANCHORED = Slug("observe"), Slug("identity-anchored")
SEED = 20261129
"""Bootstrap, permutations and deals start from it; sessions have seeds of their own (sessions/brief.py)."""

WORTH = 0.1
"""The smallest change that we would call one: one answer in ten, as in fleet/claims.yaml."""

STATES_CLAIM = Slug("bistable-identity")
SEEDS_MEASURE = ("edge", "d9")
"""By what the seeds looked at identity."""


@dataclass(frozen=True)
class Outcome:
    """A quantity of a scorer, under the word that the study calls it by. means: what 1 would be, in plain words."""

    name: Slug
    scorer: str
    quantity: str
    means: str


OUTCOMES = (
    Outcome(Slug("naming"), "identity", "rate", "the mind gives its own name as the one who speaks"),
    Outcome(Slug("grounding"), "grounding", "rate", "the answer takes up what the teacher really said"),
    Outcome(
        Slug("invention"),
        "confabulation",
        "rate",
        "the answer tells of persons, places, numbers or a past that never were",
    ),
    Outcome(Slug("repetition"), "repetition", "within", "how far the answer is one of the same session over again"),
)
"""Every outcome of the study. Their newest scorer is taken, and the kept data say which version that was."""


@dataclass(frozen=True)
class Arm:
    """One life: a model, and the intervention under which all its sessions run."""

    model: ModelRef
    intervention: Slug

    @property
    def name(self) -> str:
        """`instruct-q4-1-observe`: a folder's name, and an arm's on the page."""
        variant = self.model.rpartition("/")[2].replace(":", "-").replace("_", "-").replace(".", "-")
        return f"{variant}-{self.intervention}"


@dataclass(frozen=True)
class Design:
    """models: the first one is the base that the others are held against. sessions: of each arm, P001 onwards."""

    models: tuple[ModelRef, ...] = (
        ModelRef("smollm2-135m/instruct:q4_1"),
        ModelRef("smollm2-135m/introspective:q8_0"),
    )
    sessions: int = 40
    overlay: str = OVERLAY

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Every model under every intervention, model by model."""
        return tuple(Arm(*pair) for pair in itertools.product(self.models, (OBSERVE, ANCHORED)))

    def arm(self, name: str) -> Arm:
        """Return the arm of a name. Raises UsageError."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        known = ", ".join(arm.name for arm in self.arms)
        raise UsageError(f"there is no arm {name!r}; there are: {known}", hint=invoke("findings"))


DESIGN = Design()
"""The study that the page tells of."""


def newest(scorer: str, known: Sequence[Scorer] = scorers.ALL) -> Scorer:
    """Return the newest version of a scorer. Raises LookupError when there is none."""
    versions = [candidate for candidate in known if candidate.id == scorer]
    if not versions:
        raise LookupError(f"no scorer {scorer}")
    return max(versions, key=lambda candidate: candidate.version)
