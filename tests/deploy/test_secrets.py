"""A planted secret is found in nothing that deploying prints, plans, notes or leaves; the search itself is proven."""

from __future__ import annotations

import secrets

import pytest

from sage_edge.deploy import saved_plan
from sage_edge.image.built import BuiltImage
from sage_edge.workstation import deploy_service, log_service, rollout_service, status_service
from sage_edge.workstation.log_service import LogAsked
from sage_edge.workstation.rollout_service import RolloutAsked
from tests.deploy.ground import SPROUT, Ground
from tests.deploy.understudy import derived

pytestmark = pytest.mark.docker

PLACES = "/srv/sage/deploy /srv/sage/releases /etc/sage /var/log"


def test_a_planted_secret_goes_nowhere(
    ground: Ground, served: BuiltImage, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = f"sage-{secrets.token_hex(12)}"
    for name in ("HF_TOKEN", "SAGE_SECRET", "AWS_SECRET_ACCESS_KEY", "DOCKER_PASSWORD"):
        monkeypatch.setenv(name, planted)
    ground.boards.inside("sprout", f"echo {planted} > /srv/sage/keys/planted; chmod 400 /srv/sage/keys/planted")
    ground.pretend(derived(served, "RUN touch /secretly"))
    plan = ground.desk.root / "plan.json"
    saved_plan.write(plan, [deploy_service.planned(ground.desk, SPROUT)])
    asked = RolloutAsked("sprout", "", everyone=False, as_json=True, plan=str(plan))
    assert rollout_service.deploy(ground.desk, asked) == 0
    status_service.audit(ground.desk, "sprout", 100, as_json=True)
    log_service.logs(ground.desk, [SPROUT], LogAsked(1000, None, None))
    status_service.status(ground.desk, [SPROUT], as_json=True)
    shown = capfd.readouterr()
    assert planted not in shown.out + shown.err + plan.read_text("utf-8")
    assert ground.boards.inside("sprout", f"grep -rl {planted} {PLACES}").text == ""
    inspected = ground.boards.inside(
        "sprout",
        "docker inspect sage-agent-1; docker history --no-trunc $(docker inspect -f '{{.Image}}' sage-agent-1)",
    )
    assert planted not in inspected.text


def test_the_search_finds_it_where_it_is(ground: Ground) -> None:
    planted = f"sage-{secrets.token_hex(12)}"
    ground.boards.inside("sprout", f"echo {planted} > /etc/sage/planted")
    assert ground.boards.inside("sprout", f"grep -rl {planted} {PLACES}").text == "/etc/sage/planted"
    ground.boards.inside("sprout", "rm /etc/sage/planted /srv/sage/keys/planted")


def test_the_private_key_never_leaves_the_board(ground: Ground, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    deploy_service.provisioned(ground.desk, SPROUT, told.append)
    shown = capfd.readouterr()
    assert "PRIVATE KEY" not in shown.out + shown.err + "".join(told)
    assert ground.boards.inside("sprout", "cat /srv/sage/keys/exchange").text.startswith("-----BEGIN OPENSSH PRIVATE")
