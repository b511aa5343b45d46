"""On a stand-in: damages done for real, each met by a command. What is said leads out, or a person decides.

Eight are drawn by commit; `--full` does every damage with every command.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from sage_edge.image.built import BuiltImage
from tests.deploy.board_damages import BY_HAND, LEFT_BEHIND, ON_BOARD, ONLY_FOR_REAL
from tests.deploy.breaks import HEALTHY
from tests.deploy.damages import DAMAGES
from tests.deploy.ground import Ground
from tests.deploy.judge import COMMANDS, leads_out, looked, named, spoken
from tests.deploy.understudy import derived
from tests.drawn import commit

SAMPLE = 8


def sample() -> list[tuple[str, str]]:
    """As many damages, each with a command."""
    drawn = random.Random(commit())
    return [(damage, drawn.choice(COMMANDS)) for damage in drawn.sample(sorted(ON_BOARD), SAMPLE)]


def test_what_is_done_for_real_is_what_the_matrix_has() -> None:
    assert set(ON_BOARD) - set(ONLY_FOR_REAL) < set(DAMAGES)
    assert set(BY_HAND) <= set(ON_BOARD)
    assert not set(ONLY_FOR_REAL) & set(DAMAGES)


@pytest.fixture
def sound(ground: Ground, sprout_image: BuiltImage) -> Iterator[Ground]:
    """Sprout runs what is declared, and has the release before it, too; other tests go on with this board."""
    ground.pretend(sprout_image)
    ready(ground)
    if "has served" not in ground.typed("rollback --list").out:
        ground.pretend(derived(sprout_image, "RUN touch /second"))
        ready(ground)
    yield ground
    ground.boards.inside("sprout", LEFT_BEHIND)


def ready(ground: Ground) -> None:
    """Deploy what counts as built, wherever a person, or a test that failed, has left the board."""
    ground.boards.inside("sprout", "systemctl start docker")
    done = ground.typed("deploy --unpin")
    assert done.code == 0, done
    ground.boards.inside("sprout", HEALTHY)


@pytest.mark.docker
@pytest.mark.parametrize(("damage", "command"), sample())
def test_a_sample_of_this_commit(sound: Ground, damage: str, command: str) -> None:
    judged(sound, damage, command)


@pytest.mark.full
@pytest.mark.docker
@pytest.mark.timeout(14400)
@pytest.mark.parametrize("damage", ON_BOARD)
def test_every_case(sound: Ground, damage: str) -> None:
    for command in COMMANDS:
        judged(sound, damage, command)
        ready(sound)


def judged(ground: Ground, damage: str, command: str) -> None:
    """Do it, and follow what is said; where a person has to decide, one does: in the end all is well."""

    def does(script: str) -> None:
        done = ground.boards.inside("sprout", f"set -e; {script}")
        assert done.code == 0, done.complaint

    look = leads_out(ground, damage, lambda: does(ON_BOARD[damage]), command)
    if not look.is_well and damage in BY_HAND:
        does(BY_HAND[damage])
        look = looked(ground)
    if not look.is_well:
        spoken(ground, named(look.words))
        look = looked(ground)
    assert look.is_well, (damage, command, look)
