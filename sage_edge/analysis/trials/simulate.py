"""What a design would do: how often it is fooled, how often it finds an effect, and how many sessions that takes.

Every made trial is looked at after every block and stops as a real one does. Its allocation is drawn anew, so the
figures are about the design, not about one seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sage_edge.analysis.statistics import sequence
from sage_edge.analysis.statistics.estimate import LEVEL, Floats
from sage_edge.analysis.trials import made_sessions
from sage_edge.analysis.trials.made_sessions import NULLS, MadeTrials
from sage_edge.records.trial import TrialDesign, TrialOdds
from sage_edge.trials.declarations import HopedEffect, TrialCard

TRIALS = 10_000
_SEED = 20260117
_AT_ONCE = 2_000
_MARGIN = 2.0
"""Standard errors by which a share may exceed the level before a design is refused for it."""


@dataclass(frozen=True)
class Played:
    """Shares of made trials by how they ended, of those with an effect of a size or under a null.

    supported: for at least one arm. blocks: the mean number until all was told or the trial was over.
    """

    name: str
    supported: float
    not_supported: float
    cannot_tell: float
    blocks: float
    sessions: float


@dataclass(frozen=True)
class Simulation:
    """All that is known of a design beforehand."""

    trials: int
    nulls: tuple[Played, ...]
    effects: tuple[Played, ...]
    hoped: Played

    @property
    def worst(self) -> Played:
        """The null under which the design is fooled most often."""
        return max(self.nulls, key=lambda played: played.supported)

    @property
    def tolerated(self) -> float:
        """The share of fooled trials above which a design is refused: the level, and what chance adds to it."""
        return float(LEVEL + _MARGIN * np.sqrt(LEVEL * (1 - LEVEL) / self.trials))

    def odds(self, hoped: HopedEffect) -> TrialOdds:
        """Return the figures that a proposal holds."""
        return TrialOdds.model_validate(
            {
                "trials": self.trials,
                "error": self.worst.supported,
                "worst": self.worst.name,
                "effect": hoped.effect,
                "power": self.hoped.supported,
                "sessions": self.hoped.sessions,
            }
        )


def simulate(card: TrialCard, trials: int = TRIALS, seed: int = _SEED) -> Simulation:
    """Return what a declared trial would do. Raises ValueError where its parts do not hold together."""
    design, hoped = card.design(), card.hoped
    sizes = sorted({0.0, design.outcome.smallest, min(1.0, 2 * design.outcome.smallest)})
    nulls = tuple(_play(design, hoped, trials, seed, name, None) for name in NULLS)
    effects = tuple(_play(design, hoped, trials, seed, f"{size:.2f}", size) for size in sizes)
    return Simulation(trials, nulls, effects, _play(design, hoped, trials, seed, f"{hoped.effect:.2f}", hoped.effect))


def faults(simulation: Simulation, hoped: HopedEffect) -> list[str]:
    """Return why a design is not to be proposed: it is fooled too often, or it cannot find what it is to find."""
    wrong = [
        f"it is fooled in {played.supported:.1%} of trials under '{played.name}', and {LEVEL:.0%} are allowed"
        for played in simulation.nulls
        if played.supported > simulation.tolerated
    ]
    slack = _MARGIN * np.sqrt(max(hoped.power * (1 - hoped.power), 1e-9) / simulation.trials)
    if simulation.hoped.supported < hoped.power - slack:
        reached = simulation.hoped.supported
        wrong.append(
            f"an effect of {hoped.effect:.2f} is found in {reached:.1%} of trials, it states {hoped.power:.0%}"
        )
    return wrong


def _play(design: TrialDesign, hoped: HopedEffect, trials: int, seed: int, name: str, size: float | None) -> Played:
    chance = np.random.default_rng([seed, *name.encode()])
    parts = [_some(design, hoped, min(_AT_ONCE, trials - at), chance, name, size) for at in range(0, trials, _AT_ONCE)]
    up, down, blocks = (np.concatenate(column) for column in zip(*parts, strict=True))
    supported, against = float(up.any(axis=1).mean()), float(down.all(axis=1).mean())
    return Played(
        name,
        supported,
        against,
        float(1 - (up.any(axis=1) | down.all(axis=1)).mean()),
        float(blocks.mean()),
        float(blocks.mean() * design.block_sessions),
    )


def _some(
    design: TrialDesign, hoped: HopedEffect, trials: int, chance: np.random.Generator, name: str, size: float | None
) -> tuple[np.ndarray, np.ndarray, Floats]:
    """Per trial and arm whether it ended as supported and as not supported, and how many blocks it took."""
    order = np.argsort(chance.random((trials, design.blocks, len(design.arms))), axis=2)
    each = design.wash_out + 1
    arms = np.repeat(order.reshape(trials, -1), each, axis=1)
    lower = design.outcome.direction == "lower"
    of = MadeTrials(arms, 1 - hoped.rate if lower else hoped.rate, hoped.answers, hoped.alike)
    rates = NULLS[name](of, chance) if size is None else made_sessions.effect(of, size)
    shares = of.drawn(chance, rates)[:, each - 1 :: each].reshape(order.shape)
    by_arm = np.take_along_axis(shares, np.argsort(order, axis=2), axis=2)
    differences = by_arm[:, :, 1:] - by_arm[:, :, :1]
    return _ended(differences, design.outcome.smallest)


def _ended(differences: Floats, smallest: float) -> tuple[np.ndarray, np.ndarray, Floats]:
    """differences: trial by block by arm. The first bet that is won decides an arm; the last arm ends the trial."""
    level = LEVEL / differences.shape[2]
    up, down = sequence.capital(np.moveaxis(differences, 1, 0), smallest, level)
    at_up, at_down = _first(up >= 1 / level), _first(down >= 1 / level)
    won, lost = at_up < at_down, at_down < at_up
    ends = np.minimum(at_up, at_down).max(axis=1) + 1
    return won, lost, np.minimum(ends, differences.shape[1]).astype(np.float64)


def _first(won: np.ndarray) -> np.ndarray:
    """The first block at which each is won, trial by arm; far beyond the last where none is."""
    return np.where(won.any(axis=0), won.argmax(axis=0), np.iinfo(np.int32).max)
