"""Sprout's image as it ships, with the real model baked in, on a stand-in board: from deploy to a session in git."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.models.resolve import ResolvedModel
from sage_edge.records.base import parse
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.workstation import deploy_service
from tests import standins
from tests.deploy import ground as grounds
from tests.deploy.ground import SPROUT, Ground
from tests.deploy.hub_papers import awaited
from tests.images import building
from tests.real.prepared import DIGEST, REF, STORE

pytestmark = [pytest.mark.real, pytest.mark.docker]

PATIENT = RolloutTimeouts(session_s=120, health_s=180, revert_s=600)


@pytest.fixture(scope="module")
def deployed(model: ResolvedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A board of its own that runs the image."""
    root = tmp_path_factory.mktemp("real")
    with standins.standing(root, apart="real", as_shipped=True) as boards, grounds.over(boards) as ground:
        ground.pretend(building.as_shipped(STORE))
        deploy_service.provisioned(ground.desk, SPROUT, lambda line: None)
        ground.deploy(options=PATIENT)
        yield ground


def test_a_real_mind_is_raised_in_its_container(deployed: Ground) -> None:
    assert deployed.running() == f"{building.as_shipped(STORE).id} running"
    paper = parse(Transcript, awaited(deployed, SPROUT, "sessions/primary"))
    assert (paper.head.session, paper.head.image) == ("P001", building.as_shipped(STORE).id)
    assert (paper.head.model.ref, paper.head.model.digest) == (REF, DIGEST)
    assert paper.head.release == deployed.facts().deployed.current
    assert chain_faults(paper) == ()
    assert paper.closing.ending == "complete"
    assert {turn.finish_reason for turn in paper.turns} <= {"stop", "length"}
    assert all(turn.reply and "<|" not in turn.reply for turn in paper.turns)
