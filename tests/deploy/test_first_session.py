"""The real images on the boards: from nothing to a session in git, which the other board reads and measures."""

from __future__ import annotations

import pytest

from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.records.base import parse
from sage_edge.records.study import Finding
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.workstation import rollout_service
from sage_edge.workstation.rollout_service import RolloutAsked
from tests.deploy.ground import SPROUT, THOR, Ground
from tests.deploy.hub_papers import GIT, awaited, papers
from tests.images.building import built

pytestmark = pytest.mark.docker

PATIENT = RolloutTimeouts(session_s=120, health_s=180, revert_s=600)


@pytest.fixture(scope="module")
def both(ground: Ground) -> Ground:
    """Both boards run the image that was built for them."""
    for host in (SPROUT, THOR):
        ground.pretend(built(host))
    asked = RolloutAsked("sprout,thor", "", everyone=False, as_json=False)
    assert rollout_service.deploy(ground.desk, asked) == 0
    return ground


def test_a_session_from_inside_the_container_is_in_git(both: Ground) -> None:
    paper = parse(Transcript, awaited(both, SPROUT, "sessions/primary"))
    assert paper.head.session == "P001"
    assert chain_faults(paper) == ()
    assert paper.closing.ending == "complete"
    assert paper.head.release == both.facts().deployed.current
    assert paper.head.image == built("sprout").id
    assert paper.head.model.ref == "sage/seedling:q8_0"
    assert paper.head.model.digest.startswith("sha256:")
    assert both.running() == f"{built('sprout').id} running"


def test_the_other_board_reads_it_in_its_own_container(both: Ground) -> None:
    assert parse(Finding, awaited(both, THOR, "findings")).subject == SPROUT
    assert both.running(THOR) == f"{built('thor').id} running"
    assert papers(both, THOR, "sessions") == [], "it never conducts one"


def test_the_next_release_conducts_the_next_session(both: Ground) -> None:
    """What was published before stays as it was."""
    before = {name: _blob(both, name) for name in papers(both, SPROUT, "sessions")}
    path = both.desk.root / "compose" / "sprout.yaml"
    was = path.read_text("utf-8")
    path.write_text(f"{was}# another release, of the same image\n", "utf-8")
    try:
        done = both.deploy(options=PATIENT)
    finally:
        path.write_text(was, "utf-8")
    assert done.changed
    assert parse(Transcript, awaited(both, SPROUT, "sessions", done.release)).head.release == done.release
    assert {name: _blob(both, name) for name in before} == before


def _blob(ground: Ground, name: str) -> str:
    return ground.boards.inside("hub", f"{GIT} rev-parse host/sprout:{name}").text
