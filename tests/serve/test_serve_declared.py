"""What a host may declare to serve, and what `sage-edge serve` refuses before anything is started."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sage_edge.cli import main
from sage_edge.inventory import load

FLEET = Path(__file__).parents[2] / "fleet"
SEEDLING = "serve: {kind: llamacpp-server, model: 'sage/seedling:q8_0'}\n"


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the declarations in which Thor is any machine, and nothing is served."""
    monkeypatch.setenv("SAGE_FLEET", str(tmp_path / "fleet"))
    monkeypatch.setenv("SAGE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("SAGE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("SAGE_CARD", str(tmp_path / "card"))
    copy = shutil.copytree(FLEET, tmp_path / "fleet")
    (copy / "hosts/thor.yaml").write_text("format: 1\nname: thor\nrole: researcher\nboard: cpu\n")
    shutil.rmtree(copy / "overlays")
    return Path(copy)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def declare(fleet: Path, text: str, host: str = "thor") -> None:
    path = fleet / "hosts" / f"{host}.yaml"
    path.write_text(path.read_text() + text)


def test_what_is_left_out_is_careful(fleet: Path) -> None:
    declare(fleet, SEEDLING)
    serve = load.load(fleet).host("thor").serve
    assert serve is not None
    assert (serve.address, serve.is_local, serve.queue) == ("127.0.0.1", True, 16)
    assert run("fleet", "check").exit_code == 0


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("serve: {kind: llamacpp-server, model: 'a/b:c'}\n", "serve.model: no card in fleet/models declares a/b:c"),
        ("serve: {kind: vllm, model: 'sage/seedling:q8_0'}\n", "upstream is for the kind vllm"),
        (SEEDLING.replace("}", ", upstream: 'http://omni:8000'}"), "upstream is for the kind vllm"),
        (SEEDLING.replace("}", ", address: thor.local}"), "expected the IP address"),
        (SEEDLING.replace("}", ", port: 80}"), "serve.port"),
        (SEEDLING.replace("}", ", token: abc}"), "serve.token"),
        (
            "serve: {kind: vllm, model: 'qwen2.5-14b/instruct:bf16', upstream: 'http://vllm:8000'}\n",
            "its board cpu has 1.00 GB",
        ),
    ],
)
def test_what_cannot_be_served_is_a_fault(fleet: Path, text: str, fault: str) -> None:
    declare(fleet, text)
    done = run("fleet", "check")
    assert done.exit_code == 2
    assert fault in done.stderr
    assert "fleet/hosts/thor.yaml" in done.stderr


def test_everything_that_a_host_holds_is_added_up(fleet: Path) -> None:
    roles = fleet / "roles/practitioner.yaml"
    roles.write_text(roles.read_text().replace("abilities: [", "abilities: [answer, "))
    sprout = fleet / "hosts/sprout.yaml"
    sprout.write_text(sprout.read_text().replace("orin-nano", "cpu"))
    done = run("fleet", "check")
    assert done.exit_code == 0, done.stderr  # 810 MB of 1 GB
    declare(fleet, "serve: {kind: llamacpp-server, model: 'smollm2-135m/instruct:q4_1'}\n", "sprout")
    done = run("fleet", "check")
    assert "serve.model" in done.stderr
    assert "at once are" in done.stderr


def test_only_a_host_that_answers_serves(fleet: Path) -> None:
    declare(fleet, SEEDLING, "sprout")
    assert "serve: is only for a host that answers others; a practitioner does not" in run("fleet", "check").stderr


def test_each_thing_that_lacks_is_said(fleet: Path) -> None:
    refused = run("serve", "--as", "thor")
    assert (refused.exit_code, "thor is declared to serve nothing" in refused.stderr) == (2, True)
    declare(fleet, SEEDLING)
    refused = run("serve", "--as", "thor")
    assert (refused.exit_code, "sage-edge serve token" in refused.stderr) == (3, True)
    made = run("serve", "token")
    assert made.exit_code == 0
    assert (fleet.parent / "state/serve/token").read_text().strip() not in made.output
    for address, code, said in (
        ("0.0.0.0", 3, "nothing is served in the clear: for 0.0.0.0"),  # noqa: S104 - refused
        ("thor.local", 2, "--listen: expected the IP address of one of its own interfaces"),
    ):
        refused = run("serve", "--as", "thor", "--listen", address)
        assert (refused.exit_code, said in refused.stderr) == (code, True)
    thor = fleet / "hosts/thor.yaml"
    thor.write_text(thor.read_text().replace("}", ", address: '0.0.0.0'}"))
    refused = run("serve", "--as", "thor")
    assert (refused.exit_code, "nothing is served in the clear" in refused.stderr) == (3, True)
    for name in ("cert.pem", "key.pem"):
        (fleet.parent / "state/serve" / name).write_text("no certificate")
    refused = run("serve", "--as", "thor")
    assert (refused.exit_code, "cannot be used" in refused.stderr) == (3, True)


def test_a_host_whose_role_does_not_answer_is_refused(fleet: Path) -> None:
    assert run("serve", "--as", "sprout").exit_code == 3
