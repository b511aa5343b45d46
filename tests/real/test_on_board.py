"""Both images as they ship, with the real model, on stand-in boards: from deploy to a session that both say alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.models.resolve import ResolvedModel
from sage_edge.records.base import parse
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.workstation import deploy_service, verify_service
from tests import standins
from tests.deploy import ground as grounds
from tests.deploy.ground import SPROUT, THOR, Ground
from tests.deploy.hub_papers import awaited, replayed
from tests.images import building
from tests.real.prepared import DIGEST, REF, STORE

pytestmark = [pytest.mark.real, pytest.mark.docker]

PATIENT = RolloutTimeouts(session_s=120, health_s=180, revert_s=600)


@pytest.fixture(scope="module")
def deployed(model: ResolvedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Boards of their own that run the images."""
    root = tmp_path_factory.mktemp("real")
    with (
        standins.standing(root, apart="real", as_shipped=True) as boards,
        grounds.over(boards) as ground,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("SAGE_MODELS", str(STORE))
        for host, image in ((SPROUT, building.as_shipped(STORE)), (THOR, building.built("thor"))):
            ground.pretend(image)
            deploy_service.provisioned(ground.desk, host, lambda line: None)
            ground.deploy(host, PATIENT)
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


def test_it_is_served_by_the_other_board(deployed: Ground) -> None:
    """Its weights travelled there by themselves; a token is drawn by certificate and token."""
    release = deployed.facts(THOR).deployed.release or {}
    assert list(release["models"]) == [REF]
    for report in (verify_service.quick(deployed.desk, THOR), verify_service.full(deployed.desk, THOR)):
        told = {result.check: (result.holds, result.answer) for result in report.results}
        assert told["served model"] == (True, "answers")
        assert told[f"model {REF}"][0]


def test_a_session_is_the_same_on_the_other_board(deployed: Ground) -> None:
    awaited(deployed, SPROUT, "sessions/primary")
    turns = replayed(deployed, THOR, "P001", SPROUT)
    assert [turn["sameness"] for turn in turns] == ["same"] * len(turns)
    assert len(turns) >= 5
