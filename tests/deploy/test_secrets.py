"""A planted secret is found in nothing that deploying prints, plans, notes or leaves; the search itself is proven."""

from __future__ import annotations

import secrets

import pytest

from sage_edge.deploy import saved_plan
from sage_edge.image.built import BuiltImage
from sage_edge.workstation import deploy_service, gateway_service, log_service, rollout_service, status_service
from sage_edge.workstation.log_service import LogAsked
from sage_edge.workstation.rollout_service import RolloutAsked
from tests.deploy.ground import SPROUT, THOR, Ground
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


def test_what_a_gateway_opens_by_never_leaves_the_board(ground: Ground, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    deploy_service.provisioned(ground.desk, THOR, told.append)
    gateway_service.renewed(ground.desk, THOR, told.append)
    token, key, certificate = (
        ground.boards.inside("thor", f"cat /srv/sage/keys/serve/{name}").text
        for name in ("token", "key.pem", "cert.pem")
    )
    assert len(token) == 64
    assert key.startswith("-----BEGIN PRIVATE KEY-----")
    kept = gateway_service.certificate(ground.desk, THOR)
    assert kept.read_text("ascii").strip() == certificate
    shown = capfd.readouterr()
    here = [path for path in ground.desk.root.rglob("*") if path.is_file() and path.stat().st_size < 1 << 20]
    texts = [shown.out, shown.err, *told, *(path.read_bytes().decode("latin-1") for path in here)]
    assert not any(token in text or key.splitlines()[1] in text for text in texts)
    listed = ground.boards.inside("thor", "runuser -u sage -- cat /srv/sage/keys/serve/token")
    assert listed.code != 0, "not even whoever logs in reads it"
